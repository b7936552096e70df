"""A list that came back shorter than it is, seen by the vendor's own count or by how much of it would be gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from collectors.collect import run
from collectors.connections import CollectorRun
from collectors.declare import Total
from collectors.facts.agreements import Agreement
from collectors.facts.estate import Asset
from collectors.facts.readings import Reading
from collectors.patience import LONGEST, retry_after
from collectors.vendors import VENDORS
from tests.collectors.desk import DESK, SLUG, Desk

pytestmark = pytest.mark.django_db(transaction=True)

TICKETS = Total(path="/tickets/count", at="count", of=lambda params: {})


@pytest.fixture
def counted(desk: Desk) -> Desk:
    """The desk's 30 tickets can be counted."""
    endpoints = (replace(one, total=TICKETS) if one.name == "tickets" else one for one in DESK.endpoints)
    VENDORS[SLUG] = replace(DESK, endpoints=tuple(endpoints))
    return desk


def read(desk: Desk, *counts: int | str) -> CollectorRun:
    """A run to which the desk tells these counts in turn."""
    told: Iterator[int | str] = iter(counts)

    def answer(path: str) -> tuple[int, dict[str, str], bytes] | None:
        return (200, {}, f'{{"count": {next(told)}}}'.encode()) if path.startswith("/tickets/count") else None

    desk.before_answer = answer
    return run(desk.connection())


def test_a_list_shorter_than_its_count_is_not_read(counted: Desk) -> None:
    failed = read(counted, 31, 32)
    assert (failed.state, failed.error) == ("failed", "Test Desk says it has 31 tickets to give and listed 30.")
    assert not Reading.objects.filter(entity="Ticket").exists()


@pytest.mark.parametrize("counts", [(30,), (29,), (31, 30), (31, 0)], ids=str)
def test_what_comes_or_goes_while_a_list_is_read_is_no_fault(counted: Desk, counts: tuple[int, ...]) -> None:
    assert read(counted, *counts).state == "done"


def test_a_count_that_is_none_is_not_taken_for_one(counted: Desk) -> None:
    failed = read(counted, "null")
    assert failed.state == "failed"
    assert failed.error == "Test Desk sent an answer that holds no number at /tickets/count."


def test_a_small_list_is_never_emptied_without_asking(desk: Desk) -> None:
    source = desk.connection()
    run(source)
    desk.lists["agreements"].clear()
    stopped = run(source)
    assert stopped.state == "stopped"
    assert stopped.error.startswith("3 of 3 agreements are no longer listed")
    assert not Agreement.objects.exclude(retired_on=None).exists()
    assert run(source, confirm_retire=True).state == "done"
    assert Agreement.objects.exclude(retired_on=None).count() == 3


@pytest.mark.parametrize(("gone", "state"), [(2, "done"), (3, "stopped")])
def test_a_small_list_may_lose_two_without_asking(desk: Desk, gone: int, state: str) -> None:
    source = desk.connection()
    run(source)
    for key in range(1, 1 + gone):  # of five
        desk.drop("devices", key)
    assert run(source).state == state
    assert Asset.objects.exclude(retired_on=None).count() == (gone if state == "done" else 0)


@pytest.mark.parametrize(("known", "state"), [(0, "failed"), (1, "done")])
def test_a_list_is_not_empty_because_none_of_those_it_is_asked_for_is_known(
    desk: Desk, known: int, state: str
) -> None:
    asked: list[str] = []

    def answer(path: str) -> tuple[int, dict[str, str], bytes] | None:
        if "/additions" not in path:
            return None
        asked.append(path)
        return None if len(asked) <= known else (404, {}, b"{}")

    desk.before_answer = answer
    ended = run(desk.connection())
    assert len(asked) > 1
    assert ended.state == state, ended.error
    none = f"Test Desk knows none of the {len(asked)} that additions were asked for (404)."
    assert ended.error == ("" if known else none)


@pytest.mark.parametrize("text", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_wait_until_the_end_of_time_is_cut_to_a_week(text: str) -> None:
    assert retry_after(text, datetime(2026, 6, 17, tzinfo=UTC)) == LONGEST
