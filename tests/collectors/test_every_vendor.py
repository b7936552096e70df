"""What holds for every vendor file, against the sandbox over real HTTP. A new vendor joins by being there."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.answers import together
from collectors.client import Client
from collectors.connections import Connection
from collectors.declare import Convert, Endpoint, Record, Vendor
from collectors.errors import CollectError, Refused, Unavailable
from collectors.patience import Patience
from collectors.transform import Batch, Plan
from collectors.vendors import VENDORS
from tests.collectors.playing import Playing

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 17, 17, tzinfo=UTC)
YEAR = (datetime(2025, 6, 1, tzinfo=UTC), NOW)
IMPATIENT = Patience(silence=1, request=0.5, tries=3)
every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=list(VENDORS))


def every_endpoint(which: Callable[[Vendor, Endpoint], bool] = lambda vendor, endpoint: True) -> pytest.MarkDecorator:
    found = [
        pytest.param(vendor, endpoint, id=f"{vendor.slug}, {endpoint.name}")
        for vendor in VENDORS.values()
        for endpoint in vendor.endpoints
        if which(vendor, endpoint)
    ]
    return pytest.mark.parametrize(("vendor", "endpoint"), found)


def in_pages(vendor: Vendor, endpoint: Endpoint) -> bool:
    return hasattr(endpoint.paginate or vendor.paginate, "size")


@pytest.fixture
def reader(playing: Playing, vendor: Vendor) -> Iterator[Client]:
    with Client(playing.connection(vendor), vendor, patience=IMPATIENT, sleep=lambda seconds: None) as client:
        yield client


def read(reader: Client, endpoint: Endpoint, since: datetime | None = None) -> list[Record]:
    """Every record of a list, each parent's for those that ask for one."""
    parents: list[Record | None] = [None]
    if endpoint.each:
        above = read(reader, next(one for one in reader.vendor.endpoints if one.name == endpoint.each))
        parents = [parent for _, parent in together((("", one) for one in above), endpoint.together)]
    return [
        record
        for parent in parents
        for page in reader.pages(endpoint, since=since, window=YEAR, parent=parent)
        for record in page.records
    ]


def small(reader: Client, endpoint: Endpoint, size: int) -> Endpoint:
    """The same list in pages of this size."""
    scheme: Any = endpoint.paginate or reader.vendor.paginate
    return replace(endpoint, paginate=replace(scheme, size=size))


def batch(reader: Client, endpoint: Endpoint, records: list[Record]) -> Batch:
    made = Batch()
    Plan(endpoint, reader.vendor, reader.connection.settings).read(records, made)
    return made


# The declaration


@every_vendor
def test_it_is_a_table_of_contents(vendor: Vendor) -> None:
    names = [endpoint.name for endpoint in vendor.endpoints]
    assert len(set(names)) == len(names)
    for place, endpoint in enumerate(vendor.endpoints):
        assert "external_id" in endpoint.fields
        assert endpoint.each is None or endpoint.each in names[:place]
        again = endpoint.complete or endpoint.since or endpoint.latest
        assert again, f"{endpoint.name} could never be read a second time"


@every_vendor
def test_each_of_its_lists_asks_something_of_its_parent_and_adds_to_a_list_before_it(vendor: Vendor) -> None:
    for place, endpoint in enumerate(vendor.endpoints):
        if endpoint.each:
            texts = (endpoint.path, *endpoint.params.values(), *endpoint.headers.values())
            assert endpoint.tenant or any("{" in text for text in texts), endpoint.name
        if not endpoint.adds:
            before = [one for one in vendor.endpoints[:place] if one.into is endpoint.into and one.adds]
            asked_with = any(other.each == endpoint.name for other in vendor.endpoints)  # and becomes nothing
            assert before or asked_with, f"{endpoint.name} tells more of what nothing has added"


@every_vendor
def test_it_says_how_its_key_is_made_and_what_is_never_read(vendor: Vendor) -> None:
    about = vendor.about
    assert about is not None
    assert about.gives and len(about.key) >= 3 and about.never and about.limits
    assert about.scopes or about.writes, "say which rights the key needs, or that it cannot be limited"
    sentences = (*about.key, about.writes, about.limits, *about.scopes.values(), *about.not_offered.values())
    assert not any(text != text.strip() or "  " in text for text in sentences)
    read = {endpoint.into.__name__ for endpoint in vendor.endpoints}
    assert not read & {*about.not_offered, *about.not_read}, "it is read"


@every_vendor
def test_it_asks_for_its_address_and_names_every_key_it_uses(vendor: Vendor) -> None:
    names = {setting.name for setting in vendor.settings}
    assert "address" in names
    assert {"address"} <= {setting.name for setting in vendor.settings if not setting.secret}
    assert not any(setting.default for setting in vendor.settings if setting.secret)


# Reading


@every_vendor
def test_its_key_is_tested_and_what_is_found_is_said(reader: Client, vendor: Vendor) -> None:
    assert reader.test().startswith(f"Connected to {vendor.label}")


@every_endpoint()
def test_each_list_is_read_and_every_record_understood(reader: Client, endpoint: Endpoint) -> None:
    made = batch(reader, endpoint, read(reader, endpoint))
    assert made.rows
    assert [fault.reason for fault in made.unread] == []


@every_endpoint(in_pages)
def test_small_pages_give_the_same_records_as_large_ones(reader: Client, endpoint: Endpoint) -> None:
    records = read(reader, endpoint)
    assert read(reader, small(reader, endpoint, max(2, len(records) // 7))) == records


@every_endpoint(lambda vendor, endpoint: not endpoint.each)  # those are resumed with their parents
def test_reading_goes_on_from_the_cursor_of_any_page(reader: Client, endpoint: Endpoint) -> None:
    if in_pages(reader.vendor, endpoint):
        endpoint = small(reader, endpoint, max(2, len(read(reader, endpoint)) // 4))
    pages = list(reader.pages(endpoint, window=YEAR))
    assert len(pages) > 1 or not in_pages(reader.vendor, endpoint)
    resumes = (endpoint.paginate or reader.vendor.paginate).resumes  # else it begins anew
    for place, page in enumerate(pages[:-1]):
        rest = [record for one in reader.pages(endpoint, window=YEAR, cursor=page.next) for record in one.records]
        assert rest == [record for one in pages[place + 1 if resumes else 0 :] for record in one.records]
    assert pages[-1].next is None


@every_endpoint(lambda vendor, endpoint: endpoint.since is not None)
def test_what_changed_is_part_of_what_there_is(reader: Client, endpoint: Endpoint) -> None:
    whole, changed = read(reader, endpoint), read(reader, endpoint, since=datetime(2026, 6, 10, tzinfo=UTC))
    assert 0 < len(changed) < len(whole)
    assert all(record in whole for record in changed)


@every_vendor
def test_a_record_that_cannot_be_read_says_why(playing: Playing, reader: Client, vendor: Vendor) -> None:
    endpoint = next(one for one in vendor.endpoints if one.each is None and one.records is None)
    source = endpoint.fields["external_id"]
    field = source if isinstance(source, str) else source.paths[0]
    playing.fault(vendor, "malformed", field=field, value={"not": "an id"}, path=endpoint.path, row=1)
    made = batch(reader, endpoint, next(iter(reader.pages(endpoint))).records)
    assert [fault.reason for fault in made.unread if fault.reason]
    assert len(made.unread) == 1
    assert made.rows


ODD: tuple[Any, ...] = (
    None, "a new word", "12", 7, -1.5, True, [], {}, ["x"], {"id": 1}, "2026-02-30T99:99:99Z", "\x00",
)  # fmt: skip


@every_endpoint()
def test_no_field_of_whatever_kind_stops_the_reading_of_the_others(reader: Client, endpoint: Endpoint) -> None:
    """A field more, one left out, a text for a number, a word nobody knew: the record is read or set aside."""
    first, *others = read(reader, endpoint)[:3]
    plan = Plan(endpoint, reader.vendor, reader.connection.settings)
    good, rest = batch(reader, endpoint, [first, *others]), batch(reader, endpoint, others).rows
    more = [{**one, "aFieldNobodyKnew": {"a": [1]}} for one in (first, *others)]
    assert batch(reader, endpoint, more).rows == good.rows
    for path in plan.paths:
        for odd in ODD:
            made = batch(reader, endpoint, [_with(first, path.split("."), odd), *others])
            assert all(made.rows.get(key) == good.rows[key] for key in rest if key in made.rows)
            assert len(made.rows) + len(made.unread) >= len(rest)
            assert all(fault.reason for fault in made.unread)
        made = batch(reader, endpoint, [_without(first, path.split(".")), *others])
        assert all(fault.reason for fault in made.unread)


def _with(record: Record, path: list[str], odd: Any) -> Record:
    if len(path) == 1:
        return {**record, path[0]: odd}
    inner = record.get(path[0])
    return {**record, path[0]: _with(inner if isinstance(inner, dict) else {}, path[1:], odd)}


def _without(record: Record, path: list[str]) -> Record:
    inner = record.get(path[0])
    if len(path) > 1 and isinstance(inner, dict):
        return {**record, path[0]: _without(inner, path[1:])}
    return {name: value for name, value in record.items() if name != path[0]}


# Reading only


@every_vendor
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_it_never_writes(playing: Playing, reader: Client, vendor: Vendor, method: str) -> None:
    for endpoint in vendor.endpoints:
        if endpoint.method != method and not endpoint.each:
            with pytest.raises(Refused, match="does not declare"):
                reader._session.request(method, reader.base + reader.fill(endpoint.path), timeout=2)


@every_vendor
def test_it_asks_nothing_it_does_not_declare(reader: Client, vendor: Vendor) -> None:
    declared = reader.base + reader.fill(vendor.endpoints[0].path)
    for address in (f"{declared}/1", f"{reader.base}/undeclared", declared.replace("127.0.0.1", "localhost")):
        with pytest.raises(Refused, match="does not declare"):
            reader._session.get(address, timeout=2)


# Bad days


@every_vendor
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("429", {"retry_after": "2"}), ("429", {}), ("500", {}), ("503", {}), ("html", {}), ("reset", {}),
        ("truncated", {}), ("drip", {"seconds": 3.0}), ("hang", {"seconds": 1.5}),
    ],
    ids=["429 with a wait", "429", "500", "503", "HTML", "reset", "truncated", "drip", "hang"],
)  # fmt: skip
class TestABadMoment:
    def test_it_is_lived_through(
        self, playing: Playing, reader: Client, vendor: Vendor, kind: str, more: dict[str, Any]
    ) -> None:
        endpoint = vendor.endpoints[0]
        good = read(reader, endpoint)
        playing.fault(vendor, kind, path=endpoint.path.partition("{")[0], **more)
        assert read(reader, endpoint) == good

    def test_one_that_lasts_is_put_off_with_a_reason(
        self, playing: Playing, reader: Client, vendor: Vendor, kind: str, more: dict[str, Any]
    ) -> None:
        endpoint = vendor.endpoints[0]
        next(reader.pages(endpoint))  # a token first
        reader.patience = replace(IMPATIENT, tries=1)
        playing.fault(vendor, kind, path=endpoint.path, times=None, **more)
        with pytest.raises(Unavailable, match=vendor.label):
            read(reader, endpoint)


@every_vendor
def test_pages_that_go_in_circles_are_noticed(playing: Playing, reader: Client, vendor: Vendor) -> None:
    endpoint = next((one for one in vendor.endpoints if in_pages(vendor, one) and not one.each), None)
    if endpoint is None:
        return  # none of its lists comes in pages
    playing.fault(vendor, "duplicate_row", path="no such path")  # the sandbox notes its replies while a fault waits
    playing.fault(vendor, "repeated_cursor", path=endpoint.path, after=1, times=None)
    with pytest.raises(Unavailable):
        read(reader, small(reader, endpoint, 3))


# Keys


def wrong(vendor: Vendor, playing: Playing) -> Connection:
    return playing.connection(vendor, **{one.name: "wrong-key-0001" for one in vendor.settings if one.secret})


@every_vendor
def test_a_wrong_key_is_refused_in_a_sentence_and_not_tried_again_and_again(playing: Playing, vendor: Vendor) -> None:
    asked = playing.counting(vendor)
    with pytest.raises(Refused, match=rf"{vendor.label}.*\.$"), Client(wrong(vendor, playing), vendor) as client:
        client.test()
    assert 1 <= asked() <= 2 + bool(vendor.locate)  # the zone is asked for before, without a key


@every_vendor
def test_no_secret_is_in_any_word(playing: Playing, vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connection = playing.connection(vendor)
    secrets = {value for name, value in connection.secrets.items() if name != "realm_id"}
    words = [repr(connection)]
    with Client(connection, vendor, patience=IMPATIENT, sleep=lambda seconds: None) as client:
        client._session.hooks["response"].append(
            lambda response, **more: secrets.update(response.request.headers.get("Authorization", "").split()[1:])
        )
        words += [client.test(), repr(client)]
        for kind in ("500", "401", "403", "reset", "html"):
            playing.sandbox.faults.clear()
            playing.fault(vendor, kind, times=None)
            with pytest.raises(CollectError) as caught:
                read(client, vendor.endpoints[0])
            words += [*traceback.format_exception(caught.value), repr(vars(caught.value))]
    secrets.update(str(value) for name, value in connection.secrets.items() if name != "realm_id")
    text = "".join(words) + caplog.text
    bought = bool(vendor.auth.token_address)  # a key that buys no token is all there is to hide
    assert len(secrets) >= sum(setting.secret for setting in vendor.settings) + bought
    assert [secret for secret in secrets if secret in text] == []


@every_vendor
def test_every_field_reads_only_named_paths(vendor: Vendor) -> None:
    """The quarantine keeps declared fields only, so each must say which it reads."""
    for endpoint in vendor.endpoints:
        for source in endpoint.fields.values():
            paths: tuple[str, ...] = source.paths if isinstance(source, Convert) else (source,)
            assert all(paths)
