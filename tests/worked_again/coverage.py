"""How much of a number belongs to someone we know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import floor

from tests.worked_again.lines import Lines
from tests.worked_again.months import before, end_of, first_of
from tests.worked_again.values import GIVEN, GOOD, INSUFFICIENT, Key, Line, Worked


class Coverage:
    def __init__(self, lines: Lines, worked: Callable[[Key], Worked | None]) -> None:
        self.lines, self.worked = lines, worked

    def covered(self, key: Key, worked: Worked) -> Worked:
        metric, version, scope, period = key
        bases = self.lines.definitions[metric, version]["bases"].get(scope[0], [])
        if worked.bare not in GOOD or worked.origin in GIVEN:
            return worked
        read = [base if base["metric"] == metric else self._in_force(base, period) for base in bases]
        shares = [share for base in read if (share := self._share(base, period)) is not None]
        if not shares:
            return worked
        coverage = min(shares)
        short = coverage * 100 < Fraction(self.lines.about["rules"][period]["least_resolved"])
        return replace(worked, coverage=coverage, state=INSUFFICIENT if short else worked.bare)

    def _in_force(self, base: Line, period: str) -> Line:
        """A base in the version that is read in a period: the one in force on its first day."""
        first = first_of(self.months(period)[0]).isoformat()
        decided = [each["version"] for each in self.lines.about["in_force"]
                   if each["metric"] == base["metric"] and each["from"] <= first]  # fmt: skip
        return {**base, "version": decided[-1]} if decided else base

    def _share(self, base: Line, period: str) -> Fraction | None:
        split = [found for month in self.months(period) if (found := self._split(base, month)) is not None]
        if base["across"] in ("first", "last"):
            split = split[:1] if base["across"] == "first" else split[-1:]
        told = [(known, unknown) for known, unknown in split if known is not None and unknown is not None]
        if not told:
            return None
        known, unknown = (sum((pair[number] for pair in told), Fraction(0)) for number in (0, 1))
        whole = known + unknown
        return Fraction(floor(known / whole * 10**6), 10**6) if whole else Fraction(1)

    def _split(self, base: Line, month: str) -> tuple[Fraction | None, Fraction | None] | None:
        """What is someone's and what is nobody's; None where the month has no number."""
        whole = self.worked((base["metric"], base["version"], ("company", ""), month))
        apart = self.worked((base["metric"], base["version"], ("not_linked", ""), month))
        if whole is None or whole.state not in GOOD or whole.value is None:
            return None
        if whole.origin in GIVEN:
            return None, None
        unknown = (apart.collected if apart.origin in GIVEN else apart.value) if apart else None
        return abs(whole.value - (unknown or 0)), abs(unknown or Fraction(0))

    def months(self, period: str) -> list[str]:
        """The months of a period that have begun."""
        found, month = [], before(end_of(period).strftime("%Y-%m"))
        many = 3 if "Q" in period else 1 if "-" in period else 12
        for _ in range(many):
            if first_of(month) <= self.lines.today:
                found.append(month)
            month = before(month)
        return found[::-1]
