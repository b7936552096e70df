"""Clients + internal + not linked = company is checked to the last digit, on what systems say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from metrics.definitions import CATALOGUE
from metrics.models import Origin, State
from metrics.periods import Month
from metrics.reading import COMPANY, Number
from qbr.data.reconciliation import Line, collected, exact, total

METRIC = CATALOGUE["reactive_hours"]


def line(*parts: str | None) -> Line:
    clients, internal, not_linked, company = [None if part is None else Decimal(part) for part in parts]
    return Line(METRIC, clients, internal, not_linked, company, "")


@pytest.mark.parametrize(
    "parts, agrees",
    [
        (("10.25", "1.5", "0.25", "12"), True),
        (("10.25", "1.5", "0.25", "12.00000001"), False),
        (("10", None, None, "10.000"), True),
        ((None, None, None, None), True),
        (("10", None, None, None), False),
        ((None, None, None, "0"), False),
    ],
)
def test_it_agrees_exactly_or_not_at_all(parts: tuple[str | None, ...], agrees: bool) -> None:
    assert line(*parts).agrees is agrees


def test_nothing_is_not_zero() -> None:
    assert total([None, None]) is None
    assert total([None, Decimal(0)]) == 0


@pytest.mark.parametrize(
    "origin, beside, says",
    [
        (Origin.COLLECTED, None, Decimal(7)),
        (Origin.CORRECTED, Decimal(5), Decimal(5)),
        (Origin.ENTERED, None, None),
    ],
)
def test_a_correction_of_the_whole_is_no_part_of_any_client(
    origin: Origin, beside: Decimal | None, says: Decimal | None
) -> None:
    number = Number(METRIC, COMPANY, Month(2026, 3), Decimal(7), State.MEASURED, origin=origin, collected=beside)
    assert collected(number) == says


def test_every_digit_is_shown() -> None:
    assert [exact(value) for value in (None, Decimal("1234.50000000"), Decimal("-0.125"), Decimal("1E+3"))] == [
        "—", "1,234.5", "−0.125", "1,000"
    ]  # fmt: skip
