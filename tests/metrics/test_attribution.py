"""Why a number moved, split with nothing left over."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metrics.attribution import by_factor, by_input, to_the_place
from metrics.formula import MONTHS_IN_YEAR, evaluate, parse

RHEM = parse("hours / endpoints / months")
VOLUME, EFFORT = parse("tickets / endpoints / months"), parse("hours / tickets")
# The printed example of the first quarter of 2025, by month: hours, tickets, endpoints.
JANUARY = {"hours": Decimal("146.44"), "tickets": 319, "endpoints": 597, "months": 1}
MARCH = {"hours": Decimal("167.58"), "tickets": 398, "endpoints": 592, "months": 1}
FORMULAS = (
    "a / b", "a / b / c", "(a + b) / c * 100", "a - b", "a * b * c", "a / (b + c) * months_in_year", "-a / (b * c)",
    "a / b - b / c", "7", "a",
)  # fmt: skip
AMOUNTS = st.decimals(-1000, 1000, places=2)
VALUES = st.fixed_dictionaries({"a": AMOUNTS, "b": AMOUNTS, "c": AMOUNTS})


def exact(text: str, values: dict[str, Decimal]) -> Fraction:
    """The formula once more, by Python's own fractions."""
    names = {word: Fraction(value) for word, value in values.items()} | {MONTHS_IN_YEAR: Fraction(12)}
    return Fraction(eval(text.replace("100", "Fraction(100)"), {"Fraction": Fraction}, names))  # noqa: S307


@given(st.sampled_from(FORMULAS), VALUES, VALUES)
def test_the_shares_of_the_inputs_add_up_to_the_change_exactly(
    text: str, before: dict[str, Decimal], after: dict[str, Decimal]
) -> None:
    try:
        change = exact(text, after) - exact(text, before)
    except ZeroDivisionError:
        assert by_input(parse(text), before, after) is None
        return
    shares = by_input(parse(text), before, after)
    assert shares is not None
    assert sum(shares.values()) == change


@given(VALUES, VALUES)
def test_the_shares_of_the_factors_add_up_to_the_change_of_their_product(
    before: dict[str, Decimal], after: dict[str, Decimal]
) -> None:
    assume(all(values[word] for values in (before, after) for word in "bc"))
    shares = by_factor([parse("a / b"), parse("b / c"), parse("c")], before, after)
    assert shares is not None
    assert sum(shares) == Fraction(after["a"]) - Fraction(before["a"])


def test_rhem_moves_by_tickets_per_endpoint_and_by_hours_per_ticket() -> None:
    """Each factor's change times the mean of the other, by hand."""
    shares = by_factor([VOLUME, EFFORT], JANUARY, MARCH)
    assert shares is not None
    volume = [Fraction(319, 597), Fraction(398, 592)]
    effort = [Fraction(14644, 31900), Fraction(16758, 39800)]
    assert shares == [
        (volume[1] - volume[0]) * (effort[0] + effort[1]) / 2, (effort[1] - effort[0]) * (volume[0] + volume[1]) / 2,
    ]  # fmt: skip
    assert [round(float(share), 4) for share in shares] == [0.0607, -0.0229]


def test_a_zero_on_top_is_a_value_and_one_below_allows_no_split() -> None:
    nothing = JANUARY | {"hours": 0}
    assert by_input(RHEM, nothing, MARCH) == {
        "hours": Fraction(16758, 100) * (Fraction(1, 597) + Fraction(1, 592)) / 2,
        "endpoints": (Fraction(1, 592) - Fraction(1, 597)) * Fraction(16758, 100) / 2, "months": 0,
    }  # fmt: skip
    assert by_input(RHEM, JANUARY | {"endpoints": 0}, MARCH) is None
    assert by_factor([VOLUME, EFFORT], JANUARY | {"tickets": 0}, MARCH) is None


def test_a_missing_input_allows_no_split() -> None:
    assert by_input(RHEM, {"hours": 1, "months": 1}, MARCH) is None


@given(st.lists(st.fractions(-1000, 1000), min_size=1, max_size=8))
def test_rounded_shares_add_up_to_the_stored_change_to_the_last_place(parts: list[Fraction]) -> None:
    change = sum(parts, Fraction(0))
    before, after = Decimal("17.5"), evaluate(parse("a"), {"a": Decimal("17.5")}).value
    assert after is not None
    stored = Decimal(round(change / Fraction(1, 10**8))) / 10**8 + (after - before)
    rounded = to_the_place(parts, stored)
    assert sum(rounded) == stored
    assert all(abs(Fraction(place) - part) <= Fraction(2, 10**8) for place, part in zip(rounded, parts, strict=True))


def test_parts_that_are_not_those_of_the_whole_are_an_error() -> None:
    with pytest.raises(ValueError, match="miss the whole"):
        to_the_place([Fraction(1)], Decimal(2))
