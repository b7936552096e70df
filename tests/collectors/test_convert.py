"""A vendor's values in our words."""

from __future__ import annotations

import socket
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import convert
from collectors.convert import hashed, psa_id, registrable, whole_months
from collectors.declare import Convert


def of(word: Convert, *values: Any) -> Any:
    return word.of(*values)


class TestMoments:
    word = convert.utc("at")

    @pytest.mark.parametrize(
        ("given", "read"),
        [
            ("2026-03-01T10:00:00Z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
            ("2026-03-01T10:00:00-08:00", datetime(2026, 3, 1, 18, tzinfo=UTC)),
            (Decimal("1742412252.744000000"), datetime(2025, 3, 19, 19, 24, 12, 744000, tzinfo=UTC)),
            (1742412252, datetime(2025, 3, 19, 19, 24, 12, tzinfo=UTC)),
            (1742412252744, datetime(2025, 3, 19, 19, 24, 12, 744000, tzinfo=UTC)),
            ("1742412252744", datetime(2025, 3, 19, 19, 24, 12, 744000, tzinfo=UTC)),
            (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
            (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
            (None, None),
            ("", None),
            (0, None),
        ],
    )
    def test_they_are_read_from_text_seconds_and_milliseconds(self, given: Any, read: datetime | None) -> None:
        assert of(self.word, given) == read

    @pytest.mark.parametrize("odd", ["yesterday", "2026-03-01T10:00:00", "2026-13-01T00:00:00Z", True, [], 10**30])
    def test_what_is_no_moment_says_so(self, odd: Any) -> None:
        with pytest.raises(ValueError, match=r"date|moment|number"):
            of(self.word, odd)

    @given(st.datetimes(datetime(1974, 1, 1), datetime(2100, 1, 1)), st.integers(-720, 720))
    def test_one_moment_is_the_same_however_it_is_written(self, moment: datetime, minutes: int) -> None:
        moment = moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
        there = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
        milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        assert (
            of(self.word, there) == of(self.word, milliseconds) == of(self.word, Decimal(milliseconds) / 1000) == moment
        )


class TestDays:
    @pytest.mark.parametrize("given", ["2026-03-01", "2026-03-01T00:00:00Z", "2026-03-01T23:59:59-11:00"])
    def test_a_day_is_never_shifted(self, given: str) -> None:
        assert of(convert.day("on"), given) == date(2026, 3, 1)

    def test_a_missing_day_is_none(self) -> None:
        assert of(convert.day("on"), None) is None
        assert of(convert.day("on"), "") is None

    @pytest.mark.parametrize("odd", ["March", "2026-02-30", 20260301])
    def test_what_is_no_day_says_so(self, odd: Any) -> None:
        with pytest.raises(ValueError, match=r"date|day"):
            of(convert.day("on"), odd)


class TestNumbers:
    @pytest.mark.parametrize(
        ("given", "read"), [("10800.00", "10800.00"), (Decimal("0.73"), "0.73"), (7, "7"), ("-65.00", "-65.00")]
    )
    def test_they_are_exact_from_a_number_or_its_text(self, given: Any, read: str) -> None:
        assert of(convert.decimal("amount"), given) == Decimal(read)

    def test_missing_is_not_zero_unless_the_file_says_so(self) -> None:
        assert of(convert.decimal("amount"), None) is None
        assert of(convert.decimal("amount", "0"), "") == 0

    @pytest.mark.parametrize("odd", ["1,5", "NaN", "Infinity", True, {}, "£5"])
    def test_what_is_no_number_says_so(self, odd: Any) -> None:
        with pytest.raises(ValueError, match="number"):
            of(convert.decimal("amount"), odd)

    def test_a_whole_number_has_no_fraction(self) -> None:
        assert of(convert.whole("n"), Decimal("3.0")) == 3
        with pytest.raises(ValueError, match="whole"):
            of(convert.whole("n"), "3.5")


class TestWords:
    def test_text_is_trimmed_and_a_structure_is_no_text(self) -> None:
        assert of(convert.text("name"), "  Acme ") == "Acme"
        assert of(convert.text("name", "none"), None) == "none"
        with pytest.raises(ValueError, match="structure"):
            of(convert.text("name"), {"name": "Acme"})

    def test_flags_are_flags(self) -> None:
        assert of(convert.flag("on", False), None) is False
        assert of(convert.not_flag("off"), None) is True
        assert of(convert.not_flag("off"), True) is False
        with pytest.raises(ValueError, match="neither"):
            of(convert.flag("on"), "true")

    def test_a_choice_is_found_in_any_case_and_given_as_a_plain_value(self) -> None:
        class Ours(StrEnum):
            ONE = "one"

        word = convert.choice("kind", {"First": Ours.ONE})
        assert type(of(word, "FIRST")) is str
        with pytest.raises(ValueError, match="“second” is not one of First"):
            of(word, "second")
        assert of(convert.choice("kind", {"a": 1}, default=None), "b") is None

    def test_texts_are_joined_without_gaps(self) -> None:
        assert of(convert.joined("a", "b", "c"), "Ann", None, "Lee") == "Ann Lee"

    def test_the_first_that_is_there_is_taken_of_paths_and_conversions(self) -> None:
        word = convert.first(convert.joined("a", "b"), "c")
        assert word.paths == ("a", "b", "c")
        assert of(word, None, None, "id") == "id"
        assert of(word, "Ann", None, "id") == "Ann"

    def test_ids_of_two_lists_never_meet(self) -> None:
        assert of(convert.tagged("location", "id"), 7) == "location/7"
        assert of(convert.tagged("location", "id"), None) is None

    def test_a_value_can_depend_on_the_kind_beside_it(self) -> None:
        word = convert.only_when("id", "kind", ("Ticket",))
        assert of(word, 5, "Ticket") == 5
        assert of(word, 5, "Company") is None

    def test_records_are_kept_by_a_fields_value(self) -> None:
        keep = convert.only("state.name", "OPEN")
        assert keep.paths == ("state.name",)
        assert of(keep, "OPEN") is True
        assert of(keep, "CLOSED") is False
        assert of(keep, None) is False

    @pytest.mark.parametrize(
        ("name", "months"),
        [("Monthly", 1), ("quarterly", 3), ("Semi-Annual", 6), ("Annually", 12), ("One Time", None), (None, None)],
    )
    def test_a_billing_cycle_has_its_months(self, name: str | None, months: int | None) -> None:
        assert of(convert.billing_months("cycle"), name) == months

    def test_a_cycle_of_unknown_length_is_not_guessed(self) -> None:
        with pytest.raises(ValueError, match="unknown length"):
            of(convert.billing_months("cycle"), "Fortnightly")


class TestIdentity:
    @pytest.mark.parametrize(
        ("given", "domain"),
        [
            ("https://www.acme.example.co.uk/about?x=1", "example.co.uk"),
            ("ann@mail.acme.com", "acme.com"),
            ("ACME.COM", "acme.com"),
            ("http://acme.com:8080", "acme.com"),
            ("ann@acme.com, bob@other.com", "acme.com"),
            ("ann@mail.acme.example", "acme.example"),
            ("acme.local", None),
            ("ann@gmail.com", None),
            ("localhost", None),
            ("192.168.1.1", None),
            ("co.uk", None),
            ("", None),
            (None, None),
        ],
    )
    def test_a_domain_is_the_one_someone_registered_and_no_free_mail(
        self, given: str | None, domain: str | None
    ) -> None:
        assert registrable(given) == domain

    def test_no_list_of_suffixes_is_fetched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("the network was asked")

        convert._suffixes.cache_clear()
        monkeypatch.setattr(socket.socket, "connect", refuse)
        assert registrable("https://acme.com") == "acme.com"

    @pytest.mark.parametrize(
        ("given", "number"),
        [
            ("PSA: 250", "250"),
            ("ConnectWise company 250", "250"),
            ("Onsite Tuesdays. CW #12", "12"),
            ("cw: #12", "12"),
            ("PSA id 31", "31"),
            ("connectwise psa company id: 8", "8"),
            ("PSA 24/7 support", None),
            ("PSA: 24/7", None),
            ("We manage 40 machines", None),
            ("Suite 250", None),
            (None, None),
        ],
    )
    def test_an_id_in_a_text_is_believed_where_it_is_called_one(self, given: str | None, number: str | None) -> None:
        assert psa_id(given) == number

    def test_evidence_holds_what_there_is_and_nothing_else(self) -> None:
        word = convert.evidence(domains=("web", "mail"), ids={"connectwise_psa": "note"})
        assert word.paths == ("web", "mail", "note")
        assert of(word, "acme.com", "ann@acme.com", "PSA: 9") == {
            "domains": ["acme.com"],
            "ids": {"connectwise_psa": "9"},
        }
        assert of(word, None, "ann@gmail.com", None) == {}

    def test_evidence_takes_a_field_that_is_an_id_as_it_stands(self) -> None:
        word = convert.evidence(ids={"connectwise_psa": "note"}, fields={"autotask": "company"}, phones=("desk",))
        assert word.paths == ("note", "company", "desk")
        assert of(word, "PSA: 9", "A17", "1 555") == {
            "ids": {"connectwise_psa": "9", "autotask": "A17"}, "phones": ["1 555"],
        }
        assert of(word, None, 0, None) == {"ids": {"autotask": "0"}}
        assert of(word, None, None, None) == {}

    def test_evidence_holds_telephones_and_addresses_as_they_are_written(self) -> None:
        word = convert.evidence(phones=("desk", "mobile"), addresses=(("line", "zip"), ("bill",)), types="types")
        assert of(word, "(312) 555-0134", "", "12 Mill Lane", "60614", None, [{"name": "Client"}]) == {
            "phones": ["(312) 555-0134"],
            "addresses": ["12 Mill Lane, 60614"],
            "types": ["Client"],
        }
        assert of(word, None, None, None, "60614", None, None) == {}

    def test_a_requester_is_a_keyed_hash_and_nobody_is_nobody(self, settings: Any) -> None:
        word = convert.requester("contact.id", "contact.name")
        assert of(word, 17, "Ann") == hashed("17") != hashed("18")
        assert of(word, 17, None) != "17" and len(of(word, 17, None)) == 32
        assert of(word, None, "Ann") == hashed("ann")
        assert of(word, None, None) == ""
        known = hashed("17")
        settings.SECRET_KEY = "another installation's"
        convert._requester_key.cache_clear()
        assert hashed("17") != known
        convert._requester_key.cache_clear()


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (datetime(2026, 1, 15), datetime(2026, 3, 5), ("2026-01-01", "2026-03-31")),
        (datetime(2026, 1, 1), datetime(2026, 3, 1), ("2026-01-01", "2026-02-28")),
        (datetime(2028, 2, 1), datetime(2028, 2, 1, 0, 1), ("2028-02-01", "2028-02-29")),
        (datetime(2025, 12, 31, 23), datetime(2026, 1, 1), ("2025-12-01", "2025-12-31")),
    ],
)
def test_a_report_is_asked_for_by_whole_months(start: datetime, end: datetime, days: tuple[str, str]) -> None:
    assert whole_months(start, end) == days


class TestPartsOfAHundred:
    word = convert.share("points", "{most}")

    @pytest.mark.parametrize(("points", "score"), [(4, 80), ("2.5", 50), (0, 0), (5, 100), (None, None), ("", None)])
    def test_points_are_told_of_the_most_there_is(self, points: Any, score: int | None) -> None:
        assert of(self.word, points, "5") == score

    @pytest.mark.parametrize(("points", "most"), [(6, "5"), (-1, "5"), ("many", "5"), (3, "some")])
    def test_points_that_cannot_be_are_not_read(self, points: Any, most: str) -> None:
        with pytest.raises(ValueError, match=r"points|number"):
            of(self.word, points, most)
