"""The client: what may be asked, patience, pages, and words without secrets."""

from __future__ import annotations

import gzip
import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.auth import Auth, Basic, ClientCredentials
from collectors.client import Client
from collectors.connections import Connection
from collectors.declare import Endpoint, Fault, Layer, Setting, Since, Vendor
from collectors.errors import CollectError, OutOfTime, Refused, Unavailable
from collectors.facts.accounts import Account
from collectors.pagination import AfterId, OnePage
from collectors.patience import Patience
from tests.collectors.told import Reply, Told

pytestmark = pytest.mark.django_db

BASIC = Basic(user="{user}", password="{password}")
MACHINE = ClientCredentials(token="{address}/token", scope="read")
SECRETS = {
    "user": "someone",
    "password": "pa55-word-of-ours",
    "client_id": "ident-1",
    "client_secret": "hush-hush-hush",
}
ROWS = Endpoint(name="rows", path="/rows", into=Account, fields={"external_id": "id", "name": "name"})
IMPATIENT = Patience(silence=0.5, request=0.4, tries=3)


def vendor(*endpoints: Endpoint, auth: Auth = BASIC, **more: Any) -> Vendor:
    address = Setting(name="address", label="Address")
    told: dict[str, Any] = {"base_url": "{address}", "test": "/rows?pageSize=1", "settings": (address,)}
    told |= {"paginate": OnePage(), "pace": 1e6, **more}
    return Vendor(slug="told", label="Told", layer=Layer.PSA, auth=auth, endpoints=endpoints or (ROWS,), **told)


def client(told: Told, of: Vendor | None = None, **more: Any) -> Client:
    connection = Connection(vendor="told", label="Told", settings={"address": told.address})
    connection.secrets = SECRETS
    connection.save()
    return Client(connection, of or vendor(), **{"patience": IMPATIENT, "sleep": lambda seconds: None, **more})


def rows(of: Client, endpoint: Endpoint = ROWS, **more: Any) -> list[Any]:
    return [record for page in of.pages(endpoint, **more) for record in page.records]


# What may be asked


def test_it_reads_what_the_vendor_file_declares(told: Told) -> None:
    told.tell("/rows", Reply([{"id": 1}, {"id": 2}]))
    assert rows(client(told)) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/other"),
        ("POST", "/rows"),
        ("DELETE", "/rows"),
        ("GET", "/rows/1"),
        ("GET", "/rows/../other"),
        ("GET", "/ROWS"),
    ],
)
def test_it_asks_for_nothing_else_on_the_vendors_host(told: Told, method: str, path: str) -> None:
    reader = client(told)
    with pytest.raises(Refused, match="does not declare"):
        reader._session.request(method, told.address + path, timeout=1)
    assert told.asked == []


@pytest.mark.parametrize("host", ["http://localhost", "http://127.0.0.2", "https://vendor.example"])
def test_it_asks_no_other_host(told: Told, host: str) -> None:
    reader = client(told)
    with pytest.raises(Refused, match="does not declare"):
        reader._session.get(f"{host}:{told.server_address[1]}/rows", timeout=1)
    assert told.asked == []


@pytest.mark.parametrize("there", ["/rows", "/other", "http://localhost:1/rows"])
def test_it_follows_no_redirect(told: Told, there: str) -> None:
    told.tell("/rows", Reply(status=302, headers={"Location": there}))
    with pytest.raises(Refused, match="another address"):
        rows(client(told))
    assert told.paths() == ["/rows"]


def test_it_wants_https_beyond_this_machine() -> None:
    connection = Connection(vendor="told", label="Told", settings={"address": "http://vendor.example"})
    with pytest.raises(Refused, match="must begin with https://"):
        Client(connection, vendor())


def test_a_parents_field_fills_one_step_of_the_path_and_never_more(told: Told) -> None:
    child = Endpoint(name="lines", path="/rows/{id}/lines", into=Account, fields={}, each="rows")
    reader = client(told, vendor(ROWS, child))
    told.tell("/rows/7/lines", Reply([{"id": 70}]))
    assert rows(reader, child, parent={"id": 7}) == [{"id": 70, "each": {"id": 7}}]
    for odd in ("../../other", "..", "", None):
        with pytest.raises(Unavailable, match="fits an address"):
            rows(reader, child, parent={"id": odd})
    assert told.paths() == ["/rows/7/lines"]


def test_a_parent_that_is_gone_has_no_children(told: Told) -> None:
    child = Endpoint(name="lines", path="/rows/{id}/lines", into=Account, fields={}, each="rows")
    assert rows(client(told, vendor(ROWS, child)), child, parent={"id": 8}) == []


def test_a_setting_that_is_missing_is_named_in_the_persons_words(told: Told) -> None:
    with pytest.raises(Refused, match="lacks its “Address”"):
        Client(Connection(vendor="told", label="Told"), vendor())


def test_keys_that_cannot_be_opened_are_asked_for_again(told: Told) -> None:
    reader = client(told)
    reader.connection.secrets_sealed = b"sealed with a key that is gone"
    with pytest.raises(Refused, match="Enter them again"):
        rows(reader)


def test_a_netrc_of_the_machine_never_replaces_our_key(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login intruder password of-the-machine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    told.tell("/rows", Reply())
    rows(client(told))
    assert told.asked[0].headers["Authorization"] == "Basic c29tZW9uZTpwYTU1LXdvcmQtb2Ytb3Vycw=="


# Patience


@pytest.mark.parametrize(
    "bad",
    [
        Reply(status=429),
        Reply(status=500),
        Reply(b"<html>", status=503),
        Reply(reset=True),
        Reply(b'[{"id": 1}', length=500),
        Reply(b'[{"id": 1}'),
        Reply(b"<html>We are down</html>", headers={"Content-Type": "text/html"}),
        Reply(b""),
        Reply(b"[NaN]"),
        Reply([{"id": 1}] * 9, drip=0.05),
    ],
    ids=["429", "500", "503", "reset", "wrong length", "cut JSON", "HTML", "empty", "NaN", "drip"],
)
class TestASetback:
    def test_it_is_asked_again(self, told: Told, bad: Reply) -> None:
        told.tell("/rows", bad, Reply([{"id": 5}]))
        assert rows(client(told)) == [{"id": 5}]

    def test_it_is_given_up_in_the_end_with_a_reason(self, told: Told, bad: Reply) -> None:
        told.tell("/rows", bad)
        with pytest.raises(Unavailable, match=r"^Told .* at /rows\.$"):
            rows(client(told))
        assert len(told.asked) == IMPATIENT.tries


def test_a_server_that_says_nothing_is_not_waited_for(told: Told) -> None:
    told.tell("/rows", Reply(b"[]", length=2, drip=2))
    with pytest.raises(Unavailable):
        rows(client(told, patience=Patience(silence=0.1, tries=1)))


def test_an_answer_too_large_is_not_read_to_its_end(told: Told) -> None:
    packed = gzip.compress(b'["' + b"x" * 5_000_000 + b'"]')
    told.tell("/rows", Reply(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Unavailable, match="more than we are ready to read"):
        rows(client(told, patience=Patience(largest=1_000_000, tries=1)))


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), ("60", 60.0), ("0", 0.0)])
def test_retry_after_is_honoured_in_place(
    told: Told, sleep: Callable[[float], None], slept: list[float], header: str, wait: float
) -> None:
    told.tell("/rows", Reply(status=429, headers={"Retry-After": header}), Reply())
    rows(client(told, sleep=sleep))
    assert slept == [wait]


def test_a_403_that_says_when_to_come_back_is_no_missing_right(
    told: Told, sleep: Callable[[float], None], slept: list[float]
) -> None:
    told.tell("/rows", Reply(status=403, headers={"Retry-After": "7"}), Reply())
    rows(client(told, sleep=sleep))
    assert slept == [7.0]


def test_retry_after_may_be_a_date(told: Told, sleep: Callable[[float], None], slept: list[float]) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    told.tell("/rows", Reply(status=503, headers={"Retry-After": soon}), Reply())
    rows(client(told, sleep=sleep))
    assert 25 < slept[0] <= 30


@pytest.mark.parametrize("garbage", ["soon", "-3", "1e9", "Someday, 99 Foo 2026", "٣"])
def test_retry_after_that_says_nothing_is_ignored(
    told: Told, sleep: Callable[[float], None], slept: list[float], garbage: str
) -> None:
    told.tell("/rows", Reply(status=429, headers={"Retry-After": garbage.encode().decode("latin-1")}), Reply())
    rows(client(told, sleep=sleep))
    assert 0.5 <= slept[0] <= 1


def test_a_long_retry_after_is_left_to_the_next_run(told: Told) -> None:
    told.tell("/rows", Reply(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(Unavailable) as caught:
        rows(client(told))
    assert caught.value.retry_after == 3600
    assert len(told.asked) == 1


def test_waits_grow_and_are_never_in_step() -> None:
    waits = [Patience().backoff(tried) for tried in (1, 2, 3, 4, 9)]
    for wait, most in zip(waits, (1, 2, 4, 8, 60), strict=True):
        assert most / 2 <= wait <= most


def test_past_its_deadline_it_begins_nothing(told: Told) -> None:
    with pytest.raises(OutOfTime):
        rows(client(told, deadline=10.0, clock=lambda: 11.0))
    assert told.asked == []


def test_it_does_not_sleep_past_its_deadline(told: Told, sleep: Callable[[float], None], slept: list[float]) -> None:
    told.tell("/rows", Reply(status=429, headers={"Retry-After": "50"}))
    with pytest.raises(OutOfTime):
        rows(client(told, deadline=40.0, clock=lambda: 0.0, sleep=sleep))
    assert slept == []


def test_it_keeps_the_vendors_pace(told: Told, sleep: Callable[[float], None], slept: list[float]) -> None:
    told.tell("/rows", Reply())
    reader = client(told, vendor(pace=4.0), sleep=sleep, clock=lambda: 100.0)
    rows(reader)
    rows(reader)
    assert slept == [0.25]


def test_the_sandbox_needs_no_pace(
    told: Told, sleep: Callable[[float], None], slept: list[float], settings: Any
) -> None:
    settings.SANDBOX_URL = told.address
    told.tell("/rows", Reply())
    reader = client(told, vendor(pace=4.0), sleep=sleep, clock=lambda: 100.0)
    rows(reader)
    rows(reader)
    assert slept == []


# Keys


def test_a_refused_key_is_not_tried_twice(told: Told) -> None:
    told.tell("/rows", Reply({"message": "Unauthorized"}, 401))
    with pytest.raises(Refused, match=r"refuses our key \(401\)"):
        rows(client(told))
    assert told.paths() == ["/rows"]


def test_a_token_is_fetched_once_a_run(told: Told) -> None:
    told.tell("/token", Reply({"access_token": "abcdef-1"}))
    told.tell("/rows", Reply())
    reader = client(told, vendor(auth=MACHINE))
    rows(reader)
    rows(reader)
    assert told.paths() == ["/token", "/rows", "/rows"]
    assert told.asked[1].headers["Authorization"] == "Bearer abcdef-1"


def test_a_token_that_runs_out_in_the_middle_is_renewed_once(told: Told) -> None:
    told.tell("/token", Reply({"access_token": "abcdef-1"}), Reply({"access_token": "abcdef-2"}))
    told.tell("/rows", Reply(status=401), Reply([{"id": 1}]))
    assert rows(client(told, vendor(auth=MACHINE))) == [{"id": 1}]
    assert told.asked[-1].headers["Authorization"] == "Bearer abcdef-2"


def test_a_new_token_that_is_refused_too_needs_a_person(told: Told) -> None:
    told.tell("/token", Reply({"access_token": "abcdef-1"}))
    told.tell("/rows", Reply(status=401))
    with pytest.raises(Refused):
        rows(client(told, vendor(auth=MACHINE)))
    assert told.paths() == ["/token", "/rows", "/token", "/rows"]


def test_a_list_refused_with_a_new_token_too_buys_no_further_ones(told: Told) -> None:
    """Some vendors answer 401 where a feature was not bought, and lock out who signs in too often."""
    told.tell("/token", Reply({"access_token": "abcdef-1"}))
    told.tell("/patches/1", Reply({"error": {"message": "Not entitled"}}, 401))
    told.tell("/patches/2", Reply(status=401), Reply([{"id": 2}]))
    told.tell("/rows", Reply([{"id": 1}]))
    of_each = replace(ROWS, name="patches", path="/patches/{id}", each="rows")
    reader = client(told, vendor(ROWS, of_each, auth=MACHINE))
    with pytest.raises(Refused, match="It says: “Not entitled”"):
        rows(reader, of_each, parent={"id": 1})
    with pytest.raises(Refused):
        rows(reader, of_each, parent={"id": 2})
    assert told.paths().count("/token") == 3  # of the first: the one it began with and the new one; and one since
    assert [row["id"] for row in rows(reader, of_each, parent={"id": 2})] == [2]
    told.tell("/patches/2", Reply(status=401), Reply([{"id": 2}]))
    assert [row["id"] for row in rows(reader, of_each, parent={"id": 2})] == [2]  # it was given again: renewed as ever
    assert told.paths().count("/token") == 4


def test_what_a_key_may_not_read_is_named(told: Told) -> None:
    told.tell("/rows", Reply({"message": "Inquire is missing"}, 403))
    with pytest.raises(Refused, match=r"does not let this key read /rows \(403\). It says: “Inquire is missing”. Ask"):
        rows(client(told, vendor(advice="Ask your admin.")))


# Pages


def test_a_post_has_in_its_address_what_the_file_says_and_the_rest_in_its_body(told: Told) -> None:
    told.tell("/rows", Reply([{"id": 1}, {"id": 2}]), Reply([]))
    paged = replace(ROWS, method="POST", in_address=("pageSize", "after"), params={"of": "a & b"})
    assert len(rows(client(told, vendor(paged, paginate=AfterId(size=2))), paged)) == 2
    assert [one.query for one in told.asked] == [{"pageSize": "2"}, {"pageSize": "2", "after": "2"}]
    assert {one.body for one in told.asked} == {'{"of": "a & b"}'}


def test_numbers_are_exact(told: Told) -> None:
    told.tell("/rows", Reply(b'[{"id": 1, "amount": 0.1000000000000000055}]'))
    assert rows(client(told))[0]["amount"] == Decimal("0.1000000000000000055")


def test_each_page_says_where_the_next_begins_and_reading_goes_on_from_there(told: Told) -> None:
    told.tell("/rows", Reply([{"id": 1}, {"id": 2}]), Reply([{"id": 3}]), Reply())
    pages = list(client(told, vendor(paginate=AfterId(size=2))).pages(ROWS))
    assert [page.next for page in pages] == [{"after": 2}, {"after": 3}, None]
    told.asked.clear()
    told.tell("/rows", Reply())
    rows(client_again(told), cursor={"after": 2})
    assert told.asked[0].query == {"pageSize": "2", "after": "2"}


def client_again(told: Told) -> Client:
    connection = Connection.objects.get(label="Told")
    return Client(connection, vendor(paginate=AfterId(size=2)), patience=IMPATIENT)


@pytest.mark.parametrize("again", [[{"id": 1}, {"id": 2}], [{"id": 2}]])
def test_a_vendor_that_goes_in_circles_is_stopped(told: Told, again: list[dict[str, int]]) -> None:
    told.tell("/rows", Reply([{"id": 1}, {"id": 2}]), Reply(again))
    with pytest.raises(Unavailable, match=r"same page twice|already given"):
        rows(client(told, vendor(paginate=AfterId(size=2))))


@pytest.mark.parametrize("body", [{"id": 1}, "text", 7, {"items": None}, {"items": {"id": 1}}])
def test_an_answer_without_its_list_is_no_empty_list(told: Told, body: Any) -> None:
    endpoint = Endpoint(name="rows", path="/rows", into=Account, fields={}, records_at="items")
    told.tell("/rows", Reply(body if isinstance(body, dict) and "items" in body else [body]))
    with pytest.raises(Unavailable, match="cannot be read as a list"):
        rows(client(told), endpoint)


def test_a_list_left_out_of_its_frame_is_empty(told: Told) -> None:
    endpoint = Endpoint(name="rows", path="/rows", into=Account, fields={}, records_at="answer.items")
    told.tell("/rows", Reply({"answer": {}}))
    assert rows(client(told), endpoint) == []


def test_what_changed_is_asked_for_in_utc(told: Told) -> None:
    endpoint = Endpoint(
        name="rows", path="/rows", into=Account, fields={}, since=Since(lambda moment: {"from": moment.isoformat()})
    )
    told.tell("/rows", Reply())
    rows(client(told), endpoint, since=datetime(2026, 3, 1, 2, tzinfo=UTC).astimezone())
    assert told.asked[0].query == {"from": "2026-03-01T02:00:00+00:00"}


def test_a_window_is_asked_for_in_spans_and_resumed_between_them(told: Told) -> None:
    endpoint = Endpoint(
        name="rows", path="/rows", into=Account, fields={}, span_months=6,
        window=lambda start, end: {"from": f"{start:%Y-%m-%d}", "to": f"{end:%Y-%m-%d}"},
    )  # fmt: skip
    window = (datetime(2025, 2, 10, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
    told.tell("/rows", Reply([{"id": 1}]), Reply([{"id": 2}]), Reply([{"id": 3}]))
    reader = client(told)
    pages = list(reader.pages(endpoint, window=window))
    spans = [("2025-02-10", "2025-08-01"), ("2025-08-01", "2026-02-01"), ("2026-02-01", "2026-03-05")]
    assert [(one.query["from"], one.query["to"]) for one in told.asked] == spans
    assert pages[-1].next is None
    told.asked.clear()
    rows(reader, endpoint, window=window, cursor=pages[0].next)
    assert [(one.query["from"], one.query["to"]) for one in told.asked] == spans[1:]


def test_a_read_that_is_done_by_post_sends_what_it_asks_for_as_json(told: Told) -> None:
    search = Endpoint(name="rows", path="/search", into=Account, fields={}, method="POST", params={"where": "all"})
    told.tell("/search", Reply([{"id": 1}]))
    assert rows(client(told, vendor(search)), search) == [{"id": 1}]
    assert (told.asked[0].method, json.loads(told.asked[0].body)) == ("POST", {"where": "all"})


def test_a_fault_inside_a_good_answer_is_found(told: Told) -> None:
    def errors(status: int, body: Any) -> Fault | None:
        return Fault(body["fault"], wait=body["fault"] == "later") if isinstance(body, dict) else None

    told.tell("/rows", Reply({"fault": "later"}), Reply([{"id": 1}]))
    reader = client(told, vendor(errors=errors))
    assert rows(reader) == [{"id": 1}]
    told.tell("/rows", Reply({"fault": "wrong company"}))
    with pytest.raises(Refused, match="Told says: wrong company"):
        rows(reader)


# Words


FAULTS = [
    Reply({"message": "pa55-word-of-ours, hush-hush-hush and token-1234567 are wrong"}, 403),
    Reply({"message": "token-1234567"}, 400),
    Reply(status=401),
    Reply(status=500),
    Reply(reset=True),
    Reply(b"hush-hush-hush", headers={"Content-Type": "text/hush-hush-hush"}),
    Reply({"fault": "token-1234567"}),
    Reply(status=302, headers={"Location": "/?key=hush-hush-hush"}),
]


@pytest.mark.parametrize("fault", FAULTS, ids=[str(number) for number in range(len(FAULTS))])
@pytest.mark.parametrize("path", ["/rows", "/token"])
def test_no_fault_ever_repeats_a_secret(told: Told, caplog: pytest.LogCaptureFixture, fault: Reply, path: str) -> None:
    caplog.set_level(logging.DEBUG)
    keyed = Endpoint(name="rows", path="/rows", into=Account, fields={}, params={"colour": "{password}"})
    told.tell("/token", Reply({"access_token": "token-1234567"}))
    told.tell("/rows", Reply())
    told.tell(path, fault)
    reader = client(told, vendor(keyed, auth=MACHINE))
    with pytest.raises(CollectError) as caught:
        rows(reader, keyed)
    words = "".join(traceback.format_exception(caught.value)) + str(_chain(caught.value)) + repr(reader) + caplog.text
    for secret in ("pa55-word-of-ours", "hush-hush-hush", "token-1234567"):
        assert secret not in words


def _chain(error: BaseException | None) -> list[str]:
    """Everything that hangs on an error, also what printing it would leave out."""
    found = []
    while error is not None:
        found.append(f"{error!r} {vars(error)!r}")
        error = error.__cause__ or error.__context__
    return found


def test_a_key_with_signs_that_cannot_be_sent_is_refused_in_words(told: Told) -> None:
    reader = client(told, vendor(auth=Auth(headers={"X-Key": "{odd}"})))
    reader.connection.secrets = {"odd": "line\nbreak-secret"}
    with pytest.raises(Refused, match="cannot be sent") as caught:
        rows(reader)
    assert "break-secret" not in str(_chain(caught.value))
