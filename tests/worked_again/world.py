"""Each value worked out again: from rows, months, formulas, clients, entries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from tests.worked_again.arithmetic import TOO_LARGE, across, evaluated, rounded
from tests.worked_again.coverage import Coverage
from tests.worked_again.given import given, given_whole
from tests.worked_again.lines import Lines
from tests.worked_again.months import end_of, within
from tests.worked_again.readings import Readings
from tests.worked_again.values import (
    GIVEN,
    GOOD,
    INCOMPLETE,
    MEASURED,
    NOT_APPLICABLE,
    NOT_COLLECTED,
    NOT_LINKED,
    NOTHING,
    ORIGINS,
    SO_FAR,
    TOLD,
    UNDEFINED,
    Key,
    Line,
    Scope,
    Worked,
)


class World(Lines):
    """All lines, and what each value comes to by them."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__(lines)
        self.found: dict[Key, Worked] = {}
        self.readings, self.coverage = Readings(self), Coverage(self, self.worked)

    def worked(self, key: Key) -> Worked | None:
        """None where there is no such value."""
        if key not in self.values:
            return None
        if key not in self.found:
            self.found[key] = self.coverage.covered(key, self._bare(key))
        return self.found[key]

    def _bare(self, key: Key) -> Worked:
        line = self.values[key]
        match line["made_of"]:
            case "months":
                return self._gathered(key, line)
            case "formula":
                return given_whole(line, self._formula(key, line))
            case "median":
                return self._middle(key, line)
            case "rows":
                return given(line, self._counted(key))
            case "clients":
                return self._together(key)
            case "entries":
                return given(line, None)
        raise AssertionError(line["made_of"])

    def _counted(self, key: Key) -> Worked | None:
        metric, version, scope, month = key
        definition = self.definitions[metric, version]
        state = self.readings.measured(definition, scope, month)
        if state is None:
            return None
        of = self.rows[metric, version, month]
        parts = [scope] if scope[0] != "company" else [
            part for part in self._owners(definition, month)
            if self.readings.measured(definition, part, month) in TOLD
        ]
        count = sum((of.get(part, NOTHING) for part in parts), NOTHING)
        unsettled = sum(
            (self.unsettled[definition["counts"]["rows"], month].get(part, Fraction(0)) for part in parts), Fraction(0)
        )
        if state in TOLD and count.among and not count.told:
            return Worked(None, NOT_COLLECTED, NOT_COLLECTED, "collected")
        if state not in TOLD:
            return Worked(None, state, state, "collected")
        if unsettled and state in (MEASURED, SO_FAR):
            state = INCOMPLETE
        return Worked(
            count.value, state, state, "collected", exact=count.value, fact_rows=count.rows, checksum=count.checksum
        )

    def _owners(self, definition: Line, month: str) -> set[Scope]:
        of = self.rows[definition["metric"], definition["version"], month]
        return {*of, *self.unsettled[definition["counts"]["rows"], month]}

    def _formula(self, key: Key, line: Line) -> Worked | None:
        metric, version, scope, _ = key
        absent = NOT_COLLECTED if scope[0] == "company" else NOT_LINKED
        inputs = {each["metric"]: self._input(key, each) for each in line["inputs"]}
        if not any(inputs.values()):
            return None
        states = [each.bare if each else absent for each in inputs.values()]
        added = [inputs[each["metric"]] for each in line["inputs"] if each["adds_up"]] or list(inputs.values())
        months = min((each.months for each in added if each and each.months is not None), default=None)
        of_months = max((each.of_months for each in added if each and each.of_months is not None), default=None)
        missing = [state for state in states if state not in GOOD]
        worked = Worked(None, UNDEFINED, UNDEFINED, "derived", months=months, of_months=of_months)
        if missing:
            return replace(worked, state=max(missing), bare=max(missing))
        words = {name: each.exact for name, each in inputs.items() if each}
        words |= {name: Fraction(text) for name, text in line["words"].items()}
        words |= {"months": Fraction(months or 1), "months_in_year": Fraction(12)}
        definition = self.definitions[metric, version]["formula"]
        side = scope[0] if scope[0] in definition else "organization"
        exact = evaluated(definition[side]["term"], words)
        if exact is None or abs(rounded(exact)) >= TOO_LARGE:
            return worked
        value = rounded(exact)
        return replace(worked, value=value, exact=value, state=max(states), bare=max(states))

    def _middle(self, key: Key, line: Line) -> Worked:
        """The state is that of how many rows there are; the value the middle of what the period's rows tell."""
        metric, version, scope, period = key
        worked = self._formula(key, line)
        assert worked is not None, line
        if worked.bare not in GOOD:
            return worked
        told = sorted(
            each for month in self.coverage.months(period) for owner, rows in self.each[metric, version, month].items()
            if scope in (owner, ("company", "")) or owner in self._clients(line, scope, month) for each in rows
        )
        if not told:
            return replace(worked, value=None, exact=None, state=UNDEFINED, bare=UNDEFINED)
        half = len(told) // 2
        value = rounded(told[half] if len(told) % 2 else (told[half - 1] + told[half]) / 2)
        return replace(worked, value=value, exact=value)

    def _clients(self, line: Line, scope: Scope, month: str) -> set[Scope]:
        """A segment's clients, as its number of rows names them."""
        [counted] = line["inputs"]
        told = self.values.get((counted["metric"], counted["version"], scope, month), {})
        return {("organization", part["client"]) for part in told.get("parts", ())} if scope[0] == "segment" else set()

    def _input(self, key: Key, told: Line) -> Worked | None:
        """An input is worked out again itself, and what the working says of it must be what is stored for it."""
        _, _, scope, period = key
        mine = (told["metric"], told["version"], scope, period)
        stored = self.values.get(mine)
        assert (told["value"], told["state"]) == ((stored["value"], stored["state"]) if stored else (None, None)), mine
        worked = self.worked(mine)
        if worked and "exact" in told:
            assert worked.exact == Fraction(told["exact"]["sum"]) / told["exact"]["over"], mine
        return worked

    def _gathered(self, key: Key, line: Line) -> Worked:
        _, _, scope, period = key
        whose = self.scopes[scope]
        months = [(part["period"], self._month(key, part)) for part in line["parts"]]
        due = {month for month, each in months if within(whose, month) and not (each and each.bare == NOT_APPLICABLE)}
        good = [each for _, each in months if each and each.bare in GOOD]
        present = {month for month, each in months if each and each.bare in GOOD}
        lacking = {each.bare for _, each in months if each and each.bare not in (*GOOD, NOT_APPLICABLE)}
        there = [each for _, each in months if each]
        value = across(line["across"], [each.value for each in good if each.value is not None])
        absent = NOT_LINKED if scope[0] in ("organization", "segment") else NOT_COLLECTED
        running = end_of(period) > self.today.replace(day=1)
        if not due:
            state = NOT_APPLICABLE
        elif due <= present:
            too_large = value is not None and abs(value) >= TOO_LARGE
            state = UNDEFINED if too_large else max(max(each.bare for each in good), SO_FAR if running else MEASURED)
        elif not present and len(lacking) == 1 and (lacking == {absent} or due <= {m for m, each in months if each}):
            state = next(iter(lacking))
        else:
            state = INCOMPLETE
        if state not in GOOD:
            value = None
        by_hand = [each.origin for each in there if each.origin in GIVEN]
        origin = max(by_hand, key=ORIGINS.index) if by_hand else min((e.origin for e in there), key=ORIGINS.index)
        counted = [each for each in there if each.fact_rows is not None]
        return Worked(
            None if value is None else rounded(value), state, state, origin, exact=value,
            months=len(present), of_months=len(due),
            fact_rows=sum(each.fact_rows or 0 for each in counted) if counted else None,
            checksum=sum(each.checksum or 0 for each in counted) if counted else None,
        )

    def _month(self, key: Key, told: Line) -> Worked | None:
        metric, version, scope, _ = key
        mine = (metric, version, scope, told["period"])
        stored = self.values.get(mine)
        assert (told["value"], told["state"]) == ((stored["value"], stored["state"]) if stored else (None, None)), mine
        return self.worked(mine)

    def _together(self, key: Key) -> Worked:
        """A segment's clients added up."""
        metric, version, _, month = key
        parts = []
        for told in self.values[key]["parts"]:
            mine = (metric, version, ("organization", told["client"]), month)
            assert (told["value"], told["state"]) == (self.values[mine]["value"], self.values[mine]["state"]), mine
            worked = self.worked(mine)
            assert worked is not None
            parts.append(worked)
        there = [each for each in parts if each.state != NOT_APPLICABLE]
        good = [each for each in there if each.state in GOOD]
        if not there:
            state = NOT_APPLICABLE
        elif len(good) == len(there):
            state = max(each.state for each in good)
        elif good or len({each.state for each in there}) > 1:
            state = INCOMPLETE
        else:
            state = there[0].state
        values = [each.value for each in parts if each.value is not None]
        counted = [each for each in parts if each.fact_rows is not None]
        value = sum(values, Fraction(0)) if values and state in TOLD else None
        return Worked(
            value, state, state, "derived", exact=value,
            fact_rows=sum(each.fact_rows or 0 for each in counted) if counted else None,
            checksum=sum(each.checksum or 0 for each in counted) if counted else None,
        )
