"""Signal or noise."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from metrics.limits import LEAST, MOST, Limits, Rule, Signal, latest, limits, words

STEADY = [Decimal(value) for value in (10, 12) * 6]
HELD = Limits(mean=Decimal(100), lower=Decimal(70), upper=Decimal(130), points=24)


def points(*values: int) -> list[Decimal]:
    return [Decimal(value) for value in values]


def test_limits_are_the_mean_and_the_mean_moving_range_times_2_66_and_wider_from_few_points() -> None:
    """By hand: 10 and 12 in turn have mean 11 and every moving range 2, so the limits are 11 ± 5.32 × 15 / 12."""
    assert limits(STEADY) == Limits(Decimal(11), Decimal("4.35"), Decimal("17.65"), 12)
    assert limits(STEADY * 2) == Limits(Decimal(11), Decimal("5.015"), Decimal("16.985"), 24)


def test_fewer_than_twelve_points_have_no_limits_and_only_the_last_24_count() -> None:
    assert limits(STEADY[: LEAST - 1]) is None
    assert limits(points(*[900] * 10) + STEADY * 2) == limits(STEADY * 2)
    assert len(STEADY * 2) == MOST


@pytest.mark.parametrize(("series", "found"), [
    (points(100, 131), Signal(Rule.OUTSIDE, True, 1)),
    (points(100, 69), Signal(Rule.OUTSIDE, False, 1)),
    (points(99, *[109] * 8), Signal(Rule.RUN, True, 8)),
    (points(101, *[93, 90] * 5), Signal(Rule.RUN, False, 10)),
    (points(120, 96, 97, 98, 99, 101, 103, 104), Signal(Rule.TREND, True, 6)),
    (points(100, 121, 99, 122), Signal(Rule.NEAR, True, 2)),
    (points(100, 79, 78), Signal(Rule.NEAR, False, 2)),
])  # fmt: skip
def test_each_of_the_four_rules_flags_the_latest_point(series: list[Decimal], found: Signal) -> None:
    assert latest(series if len(series) > 3 else points(100, 100) + series, HELD) == found


@pytest.mark.parametrize("series", [
    points(100, 130), points(99, *[109] * 7), points(*[109] * 8, 99), points(99, *[108] * 8),
    points(96, 97, 98, 99, 101, 103),
    points(121, 99, 101), points(121, 79, 121, 100), points(100, 121, 100, 100, 122), [],
])  # fmt: skip
def test_what_falls_short_of_a_rule_is_within_the_normal_range(series: list[Decimal]) -> None:
    assert latest(series, HELD) is None


def test_a_series_that_never_moved_flags_the_first_point_that_does() -> None:
    held = limits(points(*[5] * 12))
    assert held is not None
    assert latest(points(*[5] * 12), held) is None
    assert latest(points(*[5] * 12, 6), held) == Signal(Rule.OUTSIDE, True, 1)


def test_a_signal_is_told_in_words() -> None:
    assert words(None) == "within normal range"
    assert words(Signal(Rule.RUN, True, 8)) == "signal: eight months above average"
    assert words(Signal(Rule.RUN, False, 14)) == "signal: 14 months below average"
    assert words(Signal(Rule.OUTSIDE, False, 1)) == "signal: below the normal range"
    assert words(Signal(Rule.TREND, True, 6)) == "signal: rising for six months"
    assert words(Signal(Rule.NEAR, False, 2), "quarter") == "signal: two quarters of three near the lower limit"


@pytest.mark.parametrize(("held_from", "length"), [
    (12, 12), (18, 18), (24, 24),  # the latest point is one of those the limits stand on
    (12, 13), (12, 16), (18, 24), (24, 25), (24, 36), (24, 60),  # held for so much longer
])  # fmt: skip
def test_a_stable_series_flags_its_latest_point_in_no_more_than_two_of_a_hundred_runs(
    held_from: int, length: int
) -> None:
    random, runs, flagged = Random(f"{held_from} {length}"), 4000, 0
    for _ in range(runs):
        series = [Decimal(random.gauss(100, 10)).quantize(Decimal("0.0001")) for _ in range(length)]
        held = limits(series[:held_from])
        assert held is not None
        flagged += latest(series, held) is not None
    assert 0 < flagged <= runs * Decimal("0.02")


@pytest.mark.parametrize(("shift", "least"), [(2, "0.5"), (4, "0.85")])
def test_a_series_that_moved_flags_its_latest_point_after_a_year(shift: int, least: str) -> None:
    """By so many standard deviations; else a rule that never speaks would pass."""
    random, runs, flagged = Random(shift), 500, 0
    for _ in range(runs):
        before = [Decimal(random.gauss(100, 10)).quantize(Decimal("0.0001")) for _ in range(24)]
        after = [Decimal(random.gauss(100 + 10 * shift, 10)).quantize(Decimal("0.0001")) for _ in range(12)]
        held = limits(before)
        assert held is not None
        flagged += latest([*before, *after], held) is not None
    assert flagged >= runs * Decimal(least)
