"""A list asked for many parents at once: every one named once, nothing lost unseen, and asked again where refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from collectors.answers import together
from collectors.collect import run
from collectors.connections import Connection
from collectors.declare import Convert, Endpoint, Record, Setting, Total
from collectors.facts.service import Ticket
from collectors.pagination import OnePage
from collectors.transform import Batch, Plan
from collectors.vendors import VENDORS
from tests.collectors.desk import DESK, SLUG, Desk

pytestmark = pytest.mark.django_db(transaction=True)

COUNTED = Total(path="/history/count", at="count", most=6)
HISTORY = Endpoint(
    name="history", path="/history", each="tickets", together=4, into=Ticket, adds=False, complete=True, optional=True,
    params={"of": "{each.id}"}, paginate=OnePage(), total=COUNTED,
    fields={"external_id": "ticket", "reopened": "times"},
)  # fmt: skip


@pytest.fixture
def told(desk: Desk) -> Iterator[Desk]:
    """A desk that tells of each ticket it is asked for that it was reopened as often as its number."""
    VENDORS[SLUG] = replace(DESK, endpoints=(*DESK.endpoints, HISTORY))
    answers(desk)
    yield desk
    VENDORS[SLUG] = DESK


def answers(desk: Desk, status: int = 200, lost: int = 0, more: int = 0) -> None:
    """From now on: histories without the last `lost`, counts with `more` of them."""

    def answer(path: str) -> tuple[int, dict[str, str], bytes] | None:
        parts = urlsplit(path)
        if not parts.path.startswith("/history"):
            return None
        ids = dict(parse_qsl(parts.query))["of"].split(",")
        rows = [{"ticket": int(key), "times": int(key)} for key in ids]
        body: Any = {"count": len(rows) + more} if parts.path.endswith("count") else rows[: len(rows) - lost]
        return status, {}, json.dumps(body).encode()

    desk.before_answer = answer


def questions(desk: Desk) -> list[str]:
    asked = (urlsplit(path) for path in desk.asked)
    return [dict(parse_qsl(parts.query))["of"] for parts in asked if parts.path == "/history"]


def reopened() -> dict[str, int | None]:
    return dict(Ticket.objects.values_list("external_id", "reopened"))


def test_each_parent_is_named_once_so_many_to_a_question(told: Desk) -> None:
    assert run(told.connection()).state == "done"
    asked = [question.split(",") for question in questions(told)]
    assert [len(ids) for ids in asked] == [4] * 7 + [2]
    assert sorted(int(key) for ids in asked for key in ids) == list(range(1, 31))
    assert reopened() == {str(key): key for key in range(1, 31)}


def test_only_parents_of_this_run_are_asked_for(told: Desk) -> None:
    source = told.connection()
    run(source)
    told.asked.clear()
    told.now = datetime.now(UTC) + timedelta(minutes=1)
    told.put("tickets", 7, summary="Changed")
    run(source)
    assert questions(told) == ["7"]


def test_one_answer_that_lost_rows_is_not_believed(told: Desk) -> None:
    answers(told, lost=1)
    failed = run(told.connection())
    assert (failed.state, failed.error) == (
        "failed", "Test Desk says it has 4 records for history and listed 3 at /history."
    )  # fmt: skip
    answers(told, lost=4)
    assert "listed nothing and says there is something" in run(Connection.objects.get()).error


def test_what_a_question_leaves_out_counts_up_to_the_most_it_asks_for(told: Desk) -> None:
    answers(told, more=100)
    assert run(told.connection()).state == "failed"
    VENDORS[SLUG] = replace(DESK, endpoints=(*DESK.endpoints, replace(HISTORY, total=replace(COUNTED, most=2))))
    assert run(Connection.objects.get()).state == "done"


def test_where_it_is_refused_all_are_asked_for_once_it_is_given(told: Desk) -> None:
    source = told.connection()
    answers(told, status=403)
    assert run(source).state == "done"
    assert len(questions(told)) == 1  # what is refused for some is refused for all
    assert set(reopened().values()) == {None}
    answers(told)
    run(source)
    assert reopened() == {str(key): key for key in range(1, 31)}
    assert Connection.objects.get().problem == ""


def test_parents_without_a_field_leave_no_gap() -> None:
    parents: list[tuple[str, Record]] = [("1", {"id": 1, "code": "a"}), ("2", {"id": 2}), ("3", {"id": 3})]
    assert together(parents, 2) == [("1", {"id": "1,2", "code": "a"}), ("3", {"id": "3"})]
    assert together(parents, 1) == parents


@pytest.mark.parametrize(("stored", "score"), [({}, 5), ({"scale": "10"}, 10)])
def test_a_field_may_be_read_by_a_setting_of_the_connection(stored: dict[str, str], score: int) -> None:
    scaled = replace(HISTORY, fields={"external_id": "ticket", "reopened": Convert(("{scale}",), int)})
    vendor = replace(DESK, settings=(*DESK.settings, Setting(name="scale", label="Scale", default="5")))
    batch = Batch()
    plan = Plan(scaled, vendor, stored)
    plan.read([{"ticket": 1}], batch)
    assert batch.rows["1"][plan.columns.index("reopened")] == score
    assert plan.paths == ["ticket"]
