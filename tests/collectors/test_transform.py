"""Records to rows: what a column can hold, and what is set aside with its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from collectors.declare import Convert, Endpoint
from collectors.facts.accounts import Account
from collectors.facts.service import Ticket, TimeEntry
from collectors.transform import Batch, Plan, Unread, only
from tests.collectors.desk import DESK, moment


def plan(**fields: str | Convert) -> Plan:
    endpoint = Endpoint(name="tickets", path="/tickets", into=Ticket, fields={"external_id": "id", **fields})
    return Plan(endpoint, DESK, {})


def read(compiled: Plan, *records: Any) -> Batch:
    batch = Batch()
    compiled.read(records, batch)
    return batch


def row(compiled: Plan, record: dict[str, Any]) -> dict[str, Any]:
    batch = read(compiled, record)
    assert not batch.unread, batch.unread
    return dict(zip(compiled.columns, next(iter(batch.rows.values())), strict=True))


def fault(compiled: Plan, record: Any) -> Unread:
    batch = read(compiled, record)
    assert not batch.rows
    return batch.unread[0]


def test_a_dotted_path_reaches_inside_and_finds_nothing_where_the_vendor_left_it_out() -> None:
    compiled = plan(account="company.id", title="summary")
    assert row(compiled, {"id": 1, "company": {"id": 250}, "summary": "Printer"}) == {
        "external_id": "1", "account": "250", "title": "Printer",
    }  # fmt: skip
    assert row(compiled, {"id": 1, "company": None}) == {"external_id": "1", "account": None, "title": ""}


def test_an_empty_reference_is_none() -> None:
    assert row(plan(account="company"), {"id": 1, "company": ""})["account"] is None


def test_an_external_id_of_zero_is_an_id_and_an_empty_one_is_none() -> None:
    assert row(plan(), {"id": 0})["external_id"] == "0"
    assert fault(plan(), {"id": ""}).reason == "external_id: missing"


def test_signs_that_no_text_column_can_hold_are_dropped() -> None:
    assert row(plan(title="summary"), {"id": 1, "summary": "a\0b\ud83dc é"})["title"] == "abc é"


def test_a_documents_texts_are_cleaned_all_the_way_down() -> None:
    endpoint = Endpoint(
        name="c", path="/c", into=Account, fields={"external_id": "id", "name": "name", "evidence": "identity"}
    )
    kept = row(Plan(endpoint, DESK, {}), {"id": 1, "name": "A", "identity": {"ids": ["\0x", Decimal("2.0")]}})
    assert kept["evidence"] == '{"ids": ["x", 2]}'


def test_a_conversion_gets_the_values_at_its_paths() -> None:
    both = Convert(("a.b", "c"), lambda first, second: f"{first}/{second}")
    assert row(plan(title=both), {"id": 1, "a": {"b": "x"}, "c": None})["title"] == "x/None"


def test_one_bad_record_stops_no_other() -> None:
    batch = read(plan(title="summary"), {"id": 1, "summary": "A"}, {"id": 2, "summary": {}}, {"id": 3, "summary": "C"})
    assert sorted(batch.rows) == ["1", "3"]
    assert [one.external_id for one in batch.unread] == ["2"]
    assert sorted(batch.named) == ["1", "2", "3"]
    assert batch.read == 3


@pytest.mark.parametrize(
    ("fields", "record", "reason"),
    [
        ({"opened_at": moment("opened")}, {"id": 1}, "opened_at: missing"),
        ({"opened_at": moment("opened")}, {"id": 1, "opened": "2026-01-05T10:00:00"},
         "opened_at: a time without its zone"),
        ({"opened_at": moment("opened")}, {"id": 1, "opened": "0001-01-01T00:00:00+00:00"},
         "opened_at: a time outside of history"),
        ({"opened_at": moment("opened")}, {"id": 1, "opened": 5}, "opened_at is not of the expected kind."),
        ({"account": "company.id"}, {"id": 1, "company": "Acme"}, "account is not of the expected kind."),
        ({"closed": "closed"}, {"id": 1, "closed": "yes"}, "closed is not of the expected kind."),
        ({"title": "summary"}, {"id": 1, "summary": ["a"]}, "title is not of the expected kind."),
        ({"reopened": "times"}, {"id": 1, "times": Decimal("1.5")},
         "reopened: not a whole number that can be counted with"),
        ({"reopened": "times"}, {"id": 1, "times": 2**31}, "reopened: not a whole number that can be counted with"),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_read_says_which_field_and_why(
    fields: dict[str, Any], record: dict[str, Any], reason: str
) -> None:
    assert fault(plan(**fields), record).reason == reason


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), Decimal("1e12"), True])
def test_a_number_that_cannot_be_stored_is_set_aside(value: Any) -> None:
    endpoint = Endpoint(name="t", path="/t", into=TimeEntry, fields={"external_id": "id", "hours": "hours"})
    assert "hours" in fault(Plan(endpoint, DESK, {}), {"id": 1, "hours": value}).reason


def test_what_is_no_record_at_all_is_set_aside_without_a_name() -> None:
    assert fault(plan(), ["not", "a", "record"]) == Unread("", "The record is not an object.", {})


def test_only_declared_fields_are_kept_of_a_record_set_aside() -> None:
    company = {"id": 1, "name": "Acme"}
    record = {"id": 9, "summary": "Printer", "company": company, "contact": "Ada Example", "opened": 5}
    kept = fault(plan(title="summary", account="company.id", opened_at=moment("opened")), record)
    assert kept.external_id == "9"
    assert kept.record == {"id": 9, "summary": "Printer", "company": {"id": 1}, "opened": 5}


def test_of_a_parent_its_children_keep_what_they_ask_by() -> None:
    agreements = next(endpoint for endpoint in DESK.endpoints if endpoint.name == "agreements")
    record = {"id": 4, "name": "Managed", "amount": "900", "months": 1, "company": {"id": 1}}
    assert read(Plan(agreements, DESK, {}), record).parents == {"4": {"id": 4}}


def test_only_gives_what_stands_at_the_paths() -> None:
    assert only({"a": {"b": 1, "c": 2}, "d": 3}, ["a.b", "e", "f.g"]) == {"a": {"b": 1}, "f": {}}


def test_a_moment_is_kept_exact() -> None:
    kept = row(plan(opened_at=moment("opened")), {"id": 1, "opened": "2026-01-05T10:00:00.123456+01:00"})
    assert kept["opened_at"] == datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)


def test_a_field_that_is_not_ours_is_named() -> None:
    with pytest.raises(LookupError, match="Ticket has no field colour"):
        plan(colour="colour")


def test_a_record_of_which_cannot_be_told_whether_it_is_to_be_read_is_set_aside() -> None:
    keep = Convert(("state.name",), lambda name: {"open": True, "spam": False}[name])
    endpoint = Endpoint(name="t", path="/t", into=Ticket, keep=keep, fields={"external_id": "id"})
    batch = read(
        Plan(endpoint, DESK, {}), {"id": 1, "state": {"name": "open"}}, {"id": 2, "state": {"name": "spam"}},
        {"id": 3, "state": {"name": "odd"}}, {"id": 4, "state": "none"},
    )  # fmt: skip
    assert list(batch.rows) == ["1"]
    assert [(one.external_id, one.record["state"]) for one in batch.unread] == [("3", {"name": "odd"}), ("4", {})]
    assert {one.reason for one in batch.unread} == {"Whether it is to be read cannot be told."}
