"""Tokens: fetched, rotated, stored before use, and given up with a sentence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from collectors.auth import RefreshToken, locked
from collectors.client import Client
from collectors.connections import Connection
from collectors.declare import Endpoint, Layer, Setting, Vendor
from collectors.errors import Refused, Unavailable
from collectors.facts.accounts import Account
from collectors.pagination import OnePage
from collectors.patience import Patience
from tests.collectors.told import Reply, Told

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = Endpoint(name="rows", path="/rows", into=Account, fields={"external_id": "id", "name": "name"})
VENDOR = Vendor(
    slug="told", label="Told", layer=Layer.LEDGER, base_url="{address}", paginate=OnePage(), test="/rows", pace=1e6,
    auth=RefreshToken(token="{address}/token", token_headers={"X-Hard": "yes"}),
    settings=(Setting(name="address", label="Address"),), endpoints=(ROWS,),
)  # fmt: skip
FRESH = {"access_token": "access-0002", "refresh_token": "refresh-0002", "x_refresh_token_expires_in": 8640000}


@pytest.fixture
def stored(told: Told) -> Iterator[Connection]:
    made = Connection(vendor="told", label="Told", settings={"address": told.address})
    made.secrets = {"client_id": "ident", "client_secret": "hush", "refresh_token": "refresh-0001"}
    made.save()
    yield made


def reader(of: Connection, **more: Any) -> Client:
    return Client(of, VENDOR, patience=Patience(tries=2), sleep=lambda seconds: None, **more)


def token_in_store(of: Connection) -> str:
    return str(Connection.objects.get(pk=of.pk).secrets["refresh_token"])


def test_a_rotated_token_is_stored_before_the_new_access_token_is_used(told: Told, stored: Connection) -> None:
    told.tell("/token", Reply(FRESH))
    told.tell("/rows", Reply(status=500))
    with pytest.raises(Unavailable):
        list(reader(stored).pages(ROWS))
    assert token_in_store(stored) == "refresh-0002"
    assert told.asked[0].form == {"grant_type": "refresh_token", "refresh_token": "refresh-0001"}
    assert told.asked[0].headers["Authorization"] == "Basic aWRlbnQ6aHVzaA=="
    assert told.asked[0].headers["X-Hard"] == "yes"
    assert told.asked[1].headers["Authorization"] == "Bearer access-0002"


def test_the_first_end_of_the_consent_is_noted(told: Told, stored: Connection) -> None:
    told.tell("/token", Reply({**FRESH, "x_refresh_token_hard_expires_in": 864000}))
    told.tell("/rows", Reply())
    list(reader(stored).pages(ROWS))
    ends = Connection.objects.get(pk=stored.pk).consent_expires_at
    assert ends is not None
    assert abs(ends - timezone.now() - timedelta(days=10)) < timedelta(minutes=1)


def test_the_newest_token_in_the_store_is_used_whatever_this_process_remembers(told: Told, stored: Connection) -> None:
    mine = Connection.objects.get(pk=stored.pk)
    stored.secrets = {**stored.secrets, "refresh_token": "refresh-0009"}
    stored.save()
    told.tell("/token", Reply(FRESH))
    told.tell("/rows", Reply())
    list(reader(mine).pages(ROWS))
    assert told.asked[0].form["refresh_token"] == "refresh-0009"
    assert mine.secrets["refresh_token"] == "refresh-0002"


def test_a_lost_consent_needs_a_person_after_one_look_at_the_store(told: Told, stored: Connection) -> None:
    told.tell("/token", Reply({"error": "invalid_grant"}, 400))
    with pytest.raises(Refused, match=r"no longer accepts our consent \(invalid_grant: .*\)\. Reconnect"):
        list(reader(stored).pages(ROWS))
    assert told.paths() == ["/token"]
    assert token_in_store(stored) == "refresh-0001"


def test_a_token_stored_by_a_person_meanwhile_is_tried_before_giving_up(told: Told, stored: Connection) -> None:
    def reconnect() -> None:
        with locked(Connection.objects.get(pk=stored.pk)) as row:
            row.secrets = {**row.secrets, "refresh_token": "refresh-0005"}
            row.save()
        connection.close()

    person = threading.Thread(target=reconnect)

    class Slow(Client):
        def post_form(self, *args: Any) -> Any:
            if not person.ident:
                person.start()
                _wait_for_a_waiter()
            return super().post_form(*args)

    told.tell("/token", Reply({"error": "invalid_grant"}, 400), Reply(FRESH))
    told.tell("/rows", Reply([{"id": 1}]))
    pages = list(Slow(stored, VENDOR, sleep=lambda seconds: person.join()).pages(ROWS))
    assert [one.form.get("refresh_token") for one in told.asked[:2]] == ["refresh-0001", "refresh-0005"]
    assert pages[0].records == [{"id": 1}]
    assert token_in_store(stored) == "refresh-0002"


def _wait_for_a_waiter() -> None:
    """Until another session waits for a lock of ours."""
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits")


def test_two_processes_never_use_one_token_twice(told: Told, stored: Connection) -> None:
    told.tell("/token", Reply(FRESH), Reply({**FRESH, "refresh_token": "refresh-0003"}))
    told.tell("/rows", Reply())

    def read() -> None:
        list(reader(Connection.objects.get(pk=stored.pk)).pages(ROWS))
        connection.close()

    others = [threading.Thread(target=read) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    used = [one.form["refresh_token"] for one in told.asked if one.path == "/token"]
    assert used == ["refresh-0001", "refresh-0002"]
    assert token_in_store(stored) == "refresh-0003"


def test_a_token_that_fails_to_arrive_changes_nothing(told: Told, stored: Connection) -> None:
    told.tell("/token", Reply(reset=True))
    with pytest.raises(Unavailable):
        list(reader(stored).pages(ROWS))
    assert token_in_store(stored) == "refresh-0001"


def test_a_connection_without_consent_says_what_to_press(told: Told, stored: Connection) -> None:
    stored.secrets = {"client_id": "ident", "client_secret": "hush"}
    stored.save()
    with pytest.raises(Refused, match="press Connect"):
        list(reader(stored).pages(ROWS))
    assert told.asked == []


def test_tokens_are_never_stored_inside_a_transaction_that_may_be_undone(stored: Connection) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), locked(stored):
        raise AssertionError("not reached")


def test_other_rows_of_the_connection_can_be_written_while_a_token_is_fetched(told: Told, stored: Connection) -> None:
    done = threading.Event()

    def write() -> None:
        Account.objects.create(connection_id=stored.pk, external_id="1", name="Acme")
        connection.close()
        done.set()

    with locked(stored):
        threading.Thread(target=write).start()
        assert done.wait(5)
