"""Signal or noise: what a series of months varies by of itself, and whether its latest point is more. Pure.

An XmR chart: the mean of 12 to 24 points, and limits 2.66 mean moving ranges to each side of it. Limits are held: they
stand until somebody has them worked out again, with a reason, or a drift would hide itself in its own limits.

2.66 is for many points. The mean and the ranges of 12 to 24 are estimates, and points that come later miss them more
often than those they were worked out from. So the limits are wider by 3 / points (an eighth from 24), and a run counts
where its own mean is two standard errors from the mean held. Then no more than 2 % of stable series flag their latest
point, whether it is one of the points or comes years later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise

LEAST, MOST = 12, 24  # points that limits are worked out from
WIDE = Decimal("2.66")  # mean moving ranges from the mean to a limit, from many points
FEW = 3  # from few of them wider by so many parts of one, divided by how many
RUN, TREND = 8, 6  # points in a row on one side; steps in a row that go one way
NEAR = Decimal(2) / 3  # of the way to a limit, or two standard deviations; two of three points beyond it

EIGHT_PLACES = Decimal("0.00000001")


class Rule(StrEnum):
    OUTSIDE = "outside"  # beyond a limit
    RUN = "run"
    TREND = "trend"
    NEAR = "near"


@dataclass(frozen=True)
class Limits:
    mean: Decimal
    lower: Decimal
    upper: Decimal
    points: int


@dataclass(frozen=True)
class Signal:
    """What the latest point is part of: `rose` is above the mean, or upwards for a trend; `length` points long."""

    rule: Rule
    rose: bool
    length: int


def limits(points: Sequence[Decimal]) -> Limits | None:
    """From the last 24 of these points, oldest first; None where there are fewer than 12."""
    used = points[-MOST:]
    if len(used) < LEAST:
        return None
    mean = sum(used, Decimal(0)) / len(used)
    ranges = [abs(now - before) for before, now in pairwise(used)]
    wide = widened(len(used)) * sum(ranges, Decimal(0)) / len(ranges)
    mean, lower, upper = (_stored(value) for value in (mean, mean - wide, mean + wide))
    return Limits(mean, lower, upper, len(used))


def widened(points: int) -> Decimal:
    """How many mean moving ranges a limit is from the mean; one number of decimals, as the store divides."""
    return (WIDE * (points + FEW) / points).quantize(EIGHT_PLACES, rounding=ROUND_HALF_UP)


def _stored(value: Decimal) -> Decimal:
    """As the store keeps it, which works limits out for everyone at once by the same arithmetic."""
    return value.quantize(EIGHT_PLACES, rounding=ROUND_HALF_UP)


def latest(points: Sequence[Decimal], held: Limits) -> Signal | None:
    """The strongest thing the latest point is part of, or None: it is within the normal range."""
    if not points:
        return None
    last = points[-1]
    if not held.lower <= last <= held.upper:
        return Signal(Rule.OUTSIDE, last > held.upper, 1)
    if in_a_row := _run(points, held):
        return in_a_row
    steps = [now > before for before, now in pairwise(points) if now != before]
    if len(points) > 1 and last != points[-2] and (run := _ending(steps)) >= TREND:
        return Signal(Rule.TREND, steps[-1], run)
    return _near(points[-3:], held)


def _run(points: Sequence[Decimal], held: Limits) -> Signal | None:
    """On one side of the mean, and by more than two means of so many points differ by chance."""
    off = [point - held.mean for point in points if point != held.mean]
    length = _ending([each > 0 for each in off]) if points[-1] != held.mean else 0
    if length < RUN:
        return None
    apart = abs(sum(off[-length:], Decimal(0))) / length
    error = (Decimal(1) / length + Decimal(1) / held.points).sqrt()
    by_chance = (held.upper - held.mean) * NEAR * error
    return Signal(Rule.RUN, off[-1] > 0, length) if apart > by_chance else None


def _ending(flags: Sequence[bool]) -> int:
    """How many at the end are alike."""
    count = 0
    for flag in reversed(flags):
        if flag is not flags[-1]:
            break
        count += 1
    return count


def _near(points: Sequence[Decimal], held: Limits) -> Signal | None:
    """Two of the last three, the latest among them, in the outer third on one side."""
    edge = (held.upper - held.mean) * NEAR
    if len(points) < 3 or not edge:
        return None
    for rose in (True, False):
        far = [(point - held.mean if rose else held.mean - point) > edge for point in points]
        if far[-1] and sum(far) >= 2:
            return Signal(Rule.NEAR, rose, sum(far))
    return None


def words(signal: Signal | None, grain: str = "month") -> str:
    """As it stands beside a change: “within normal range”, “signal: eight months above average”."""
    if signal is None:
        return "within normal range"
    count = f"{COUNTED.get(signal.length, str(signal.length))} {grain}s"
    match signal.rule:
        case Rule.OUTSIDE:
            return f"signal: {'above' if signal.rose else 'below'} the normal range"
        case Rule.RUN:
            return f"signal: {count} {'above' if signal.rose else 'below'} average"
        case Rule.TREND:
            return f"signal: {'rising' if signal.rose else 'falling'} for {count}"
        case Rule.NEAR:
            return f"signal: {count} of three near the {'upper' if signal.rose else 'lower'} limit"


COUNTED = {
    2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten", 11: "eleven",
    12: "twelve",
}
