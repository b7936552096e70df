"""Every number worked out again from the lines of `explain --all --json`, and from nothing else.

An arithmetic of its own, in fractions, written from docs/metrics.md; it knows nothing of the program. `World` reads the
lines, `World.worked(key)` works one value out again, from rows, months, formulas, clients, entries and readings.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

STATES = (
    "measured", "so far", "incomplete", "insufficient coverage", "not collected", "not linked", "not applicable",
    "undefined",
)  # fmt: skip
MEASURED, SO_FAR, INCOMPLETE, INSUFFICIENT, NOT_COLLECTED, NOT_LINKED, NOT_APPLICABLE, UNDEFINED = range(8)
GOOD = (MEASURED, SO_FAR, INSUFFICIENT)
TOLD = (MEASURED, SO_FAR, INCOMPLETE, INSUFFICIENT)  # a count is kept, if only a count so far
GIVEN = ("entered", "imported", "corrected")
ORIGINS = ("collected", *GIVEN, "derived")
PLACES = 10**8
TOO_LARGE = Fraction(10**20 - 1, PLACES)

Scope = tuple[str, str]
Key = tuple[str, int, Scope, str]  # metric, version, scope, period
Line = dict[str, Any]


@dataclass(frozen=True)
class Worked:
    """A value worked out again. `bare` is its state before coverage is looked at, `exact` the value before rounding."""

    value: Fraction | None
    state: int
    bare: int
    origin: str
    exact: Fraction | None = None
    collected: Fraction | None = None
    months: int | None = None
    of_months: int | None = None
    coverage: Fraction | None = None
    fact_rows: int | None = None
    checksum: int | None = None


@dataclass(frozen=True)
class Count:
    """What the rows of one owner in one month come to."""

    value: Fraction
    rows: int
    checksum: int
    among: int = 0
    told: int = 0
    unsettled: Fraction = Fraction(0)

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


NOTHING = Count(Fraction(0), 0, 0)


def fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def rounded(value: Fraction) -> Fraction:
    """To eight places, half away from zero."""
    size = Fraction(floor(abs(value) * PLACES + Fraction(1, 2)), PLACES)
    return -size if value < 0 else size


def hashed(row: int) -> int:
    """What PostgreSQL's hashint8 makes of a row's id: Bob Jenkins' last mixing of one word."""
    low, high = row & 0xFFFFFFFF, (row >> 32) & 0xFFFFFFFF
    word = low ^ (high if row >= 0 else high ^ 0xFFFFFFFF)
    a = b = c = (0x9E3779B9 + 4 + 3923095) & 0xFFFFFFFF
    a = (a + word) & 0xFFFFFFFF

    def turned(value: int, by: int) -> int:
        return (value << by | value >> (32 - by)) & 0xFFFFFFFF

    c = ((c ^ b) - turned(b, 14)) & 0xFFFFFFFF
    a = ((a ^ c) - turned(c, 11)) & 0xFFFFFFFF
    b = ((b ^ a) - turned(a, 25)) & 0xFFFFFFFF
    c = ((c ^ b) - turned(b, 16)) & 0xFFFFFFFF
    a = ((a ^ c) - turned(c, 4)) & 0xFFFFFFFF
    b = ((b ^ a) - turned(a, 14)) & 0xFFFFFFFF
    c = ((c ^ b) - turned(b, 24)) & 0xFFFFFFFF
    return c - (1 << 32) if c >= 1 << 31 else c


def first_of(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def after(month: str) -> date:
    """The first day after a month."""
    return (first_of(month) + timedelta(days=32)).replace(day=1)


def before(month: str) -> str:
    return f"{first_of(month) - timedelta(days=1):%Y-%m}"


def end_of(period: str) -> date:
    """The first day after a month, quarter or year."""
    year, _, part = period.partition("-")
    if part.startswith("Q"):
        return after(f"{year}-{int(part[1]) * 3:02d}")
    return after(period if part else f"{year}-12")


class World:
    """All lines, and what each value comes to by them."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.about: Line = {}
        self.definitions: dict[tuple[str, int], Line] = {}
        self.scopes: dict[Scope, Line] = {}
        self.connections: list[Line] = []
        self.values: dict[Key, Line] = {}
        self.rows: dict[tuple[str, int, str], dict[Scope, Count]] = defaultdict(dict)
        self.found: dict[Key, Worked] = {}
        self._things: dict[tuple[str, int, str, Scope], set[int]] = defaultdict(set)
        unsettled: dict[tuple[str, str], dict[Scope, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        exact: dict[tuple[str, int, str], dict[Scope, Count]] = defaultdict(lambda: defaultdict(lambda: NOTHING))
        for line in map(json.loads, lines):
            match line["line"]:
                case "about":
                    self.about = line
                case "definition":
                    self.definitions[line["metric"], line["version"]] = line
                case "scope":
                    self.scopes[line["kind"], line["slug"]] = line
                case "connection":
                    self.connections.append(line)
                case "rows":
                    self._add_up(line, exact, unsettled)
                case "value":
                    self.values[key_of(line)] = line
        for (metric, version, month), of in exact.items():
            facts = self.definitions[metric, version]["counts"]["rows"]
            for scope, count in of.items():
                things = self._things.get((metric, version, month, scope))
                value = Fraction(len(things)) if things is not None else rounded(count.value)
                self.rows[metric, version, month][scope] = replace(
                    count, value=value, unsettled=unsettled[facts, month][scope]
                )
        self.unsettled = unsettled

    def _add_up(self, line: Line, exact: Any, unsettled: Any) -> None:
        month, scope = line["month"], (line["scope"]["kind"], line["scope"]["slug"])
        for row, _, *said in line["rows"]:
            for column, text in zip(line["columns"], said, strict=True):
                if text is None:
                    continue
                if column["what"] == "unsettled":
                    unsettled[line["of"], month][scope] += Fraction(text)
                    continue
                key = (column["metric"], column["version"], month)
                match column["what"]:
                    case "adds":
                        exact[key][scope] += Count(Fraction(text), 1, hashed(row))
                    case "thing":
                        exact[key][scope] += Count(Fraction(0), 1, hashed(row))
                        self._things[*key, scope].add(int(text))
                    case "among":
                        exact[key][scope] += Count(Fraction(0), 0, 0, among=int(text))
                    case "told":
                        exact[key][scope] += Count(Fraction(0), 0, 0, told=int(text))

    @cached_property
    def today(self) -> date:
        return datetime.fromisoformat(self.about["as_of"]).astimezone(self.zone).date()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.about["time_zone"])

    def worked(self, key: Key) -> Worked | None:
        """None where there is no such value."""
        if key not in self.values:
            return None
        if key not in self.found:
            self.found[key] = self._covered(key, self._bare(key))
        return self.found[key]

    def _bare(self, key: Key) -> Worked:
        line = self.values[key]
        match line["made_of"]:
            case "months":
                return self._gathered(key, line)
            case "formula":
                return self._given_whole(line, self._formula(key, line))
            case "rows":
                return self._given(line, self._counted(key))
            case "clients":
                return self._together(key)
            case "entries":
                return self._given(line, None)
        raise AssertionError(line["made_of"])

    # What is counted

    def _counted(self, key: Key) -> Worked | None:
        metric, version, scope, month = key
        definition = self.definitions[metric, version]
        state = self.measured(definition, scope, month)
        if state is None:
            return None
        of = self.rows[metric, version, month]
        parts = [scope] if scope[0] != "company" else [
            part for part in self._owners(definition, month)
            if self.measured(definition, part, month) in TOLD
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

    def measured(self, definition: Line, scope: Scope, month: str) -> int | None:
        """How far the systems that know a scope were read for a month; None where none does."""
        counts, whose = definition["counts"], self.scopes.get(scope)
        linked = whose["linked"] if whose else None
        states = {
            connection["id"]: state for connection in self.connections
            if counts["rows"] in connection["feeds"]
            and (linked is None or any(_meet(each, month) for each in linked if each["connection"] == connection["id"]))
            and (state := self._read(connection, definition, month)) is not None
        }
        if not states:
            return None
        if (whose and not _within(whose, month)) or (whose and whose["internal"] and not counts["own_count"]):
            return NOT_APPLICABLE
        told = set(states.values())
        if told <= {MEASURED, SO_FAR} and self._twice(definition, scope, month):
            return INSUFFICIENT
        if len(told) == 1:
            return told.pop()
        return SO_FAR if told <= {MEASURED, SO_FAR} else INCOMPLETE

    def _read(self, connection: Line, definition: Line, month: str) -> int | None:
        if definition["counts"]["read_by"] == "reading":
            return self._read_through(connection, definition, month)
        now = self._listed(connection, definition, month)
        if not definition["counts"]["from_month_to_month"] or now not in (MEASURED, SO_FAR):
            return now
        then = self._listed(connection, definition, before(month))
        if then in (MEASURED, SO_FAR):
            return now
        return INCOMPLETE if then == INCOMPLETE else NOT_COLLECTED

    def _read_through(self, connection: Line, definition: Line, month: str) -> int | None:
        counts_from, counts_to = (date.fromisoformat(connection[end]) for end in ("counts_from", "counts_to"))
        if not (counts_from < after(month) and counts_to > first_of(month)):
            return None
        starts_at = datetime.combine(max(counts_from, first_of(month)), time.min, self.zone)
        ends_at = datetime.combine(min(counts_to, after(month)), time.min, self.zone)
        read = [connection["readings"].get(entity) for entity in definition["counts"]["records"]]
        if None in read:
            return NOT_COLLECTED
        read_from = max(datetime.fromisoformat(each["from"]) for each in read)
        through = min(datetime.fromisoformat(each["through"]) for each in read)
        if read_from >= ends_at or through <= starts_at:
            return NOT_COLLECTED
        if read_from > starts_at:
            return INCOMPLETE
        if through >= ends_at:
            return MEASURED
        return SO_FAR if after(month) > self.today else INCOMPLETE

    def _listed(self, connection: Line, definition: Line, month: str) -> int | None:
        """A stock is read on the last day of the month on which each list it needs had been read whole."""
        counts_from, counts_to = (date.fromisoformat(connection[end]) for end in ("counts_from", "counts_to"))
        starts_on, ends_on = first_of(month), after(month)
        last_listing = date.fromisoformat(self.about["last_listing"])
        if not (counts_from < ends_on and counts_to > min(ends_on - timedelta(1), max(starts_on, last_listing))):
            return None
        lists = [connection["listings"].get(entity, []) for entity in definition["counts"]["records"]]
        known = [days for days in lists if days]
        needed = len(known) if connection["read_whole_once"] else len(lists)
        last = [
            max(inside) for days in known
            if (inside := [day for day in map(date.fromisoformat, days)
                           if max(starts_on, counts_from) <= day < min(ends_on, counts_to)])
        ]
        if len(last) != needed or not last:
            return NOT_COLLECTED
        if ends_on > self.today:
            return SO_FAR
        tolerance = self._rule("listing_tolerance_days", definition, month)
        return MEASURED if (min(ends_on, counts_to) - timedelta(1) - min(last)).days <= tolerance else INCOMPLETE

    def _rule(self, name: str, definition: Line, month: str) -> int:
        return int(self.about["rules"][month][name])

    def _twice(self, definition: Line, scope: Scope, month: str) -> bool:
        """Whether two systems count for a client, or for any of the company's, on one day."""
        counts = definition["counts"]
        feeding = [c for c in self.connections if counts["rows"] in c["feeds"]
                   and self._read(c, definition, month) not in (None, NOT_COLLECTED)]  # fmt: skip
        if len(feeding) < 2 or not counts["belong_to_accounts"] or scope[0] == "not_linked":
            return False
        wanted = self.scopes.values() if scope[0] == "company" else [self.scopes[scope]]
        return any(_two_at_once(feeding, whose["linked"] or [], month) for whose in wanted)

    # What people gave

    def _given(self, line: Line, counted: Worked | None) -> Worked:
        entry = standing(line)
        if counted is None:
            assert entry is not None, line
            if entry["kind"] == "not_used":
                return Worked(None, NOT_APPLICABLE, NOT_APPLICABLE, "entered")
            return Worked(fraction(entry["value"]), MEASURED, MEASURED, entry["kind"], exact=fraction(entry["value"]))
        if entry is None:
            return counted
        if entry["kind"] == "not_used":
            if counted.fact_rows:
                return counted
            return Worked(None, NOT_APPLICABLE, NOT_APPLICABLE, counted.origin)
        if entry["kind"] != "corrected" and counted.state in GOOD:
            return counted
        return replace(
            counted, value=fraction(entry["value"]), exact=fraction(entry["value"]), origin=entry["kind"],
            state=MEASURED, bare=MEASURED, collected=counted.value if counted.state in TOLD else None,
        )

    def _given_whole(self, line: Line, parts: Worked | None) -> Worked:
        """A total that people gave whole stands where its parts are not all there, or as a correction over them."""
        entry = standing(line)
        if entry is None or entry["kind"] == "not_used":
            assert parts is not None, line
            return parts
        there = parts is not None and parts.bare in GOOD
        if entry["kind"] != "corrected" and there:
            assert parts is not None
            return parts
        value = fraction(entry["value"])
        return Worked(
            value, MEASURED, MEASURED, entry["kind"], exact=value, collected=parts.value if there and parts else None,
            months=parts.months if parts else None, of_months=parts.of_months if parts else None,
        )

    # What is worked out

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
        due = {month for month, each in months if _within(whose, month) and not (each and each.bare == NOT_APPLICABLE)}
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

    # How much of it belongs to someone we know

    def _covered(self, key: Key, worked: Worked) -> Worked:
        metric, version, scope, period = key
        bases = self.definitions[metric, version]["bases"].get(scope[0], [])
        if worked.bare not in GOOD or worked.origin in GIVEN:
            return worked
        read = [base if base["metric"] == metric else self._in_force(base, period) for base in bases]
        shares = [share for base in read if (share := self._share(base, period)) is not None]
        if not shares:
            return worked
        coverage = min(shares)
        short = coverage * 100 < Fraction(self.about["rules"][period]["least_resolved"])
        return replace(worked, coverage=coverage, state=INSUFFICIENT if short else worked.bare)

    def _in_force(self, base: Line, period: str) -> Line:
        """A base in the version that is read in a period: the one in force on its first day."""
        first = first_of(self._months(period)[0]).isoformat()
        decided = [each["version"] for each in self.about["in_force"]
                   if each["metric"] == base["metric"] and each["from"] <= first]  # fmt: skip
        return {**base, "version": decided[-1]} if decided else base

    def _share(self, base: Line, period: str) -> Fraction | None:
        split = [found for month in self._months(period) if (found := self._split(base, month)) is not None]
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

    def _months(self, period: str) -> list[str]:
        """The months of a period that have begun."""
        found, month = [], before(end_of(period).strftime("%Y-%m"))
        many = 3 if "Q" in period else 1 if "-" in period else 12
        for _ in range(many):
            if first_of(month) <= self.today:
                found.append(month)
            month = before(month)
        return found[::-1]


def key_of(line: Mapping[str, Any]) -> Key:
    return line["metric"], line["version"], (line["scope"]["kind"], line["scope"]["slug"]), line["period"]


def standing(line: Line) -> Line | None:
    return next((entry for entry in line["entries"] if entry["superseded_at"] is None), None)


def across(how: str, values: list[Fraction]) -> Fraction | None:
    if not values:
        return None
    match how:
        case "sum":
            return sum(values, Fraction(0))
        case "mean":
            return sum(values, Fraction(0)) / len(values)
        case "first":
            return values[0]
        case "last":
            return values[-1]
    raise AssertionError(how)


def evaluated(term: Any, words: Mapping[str, Fraction | None]) -> Fraction | None:
    """A formula's tree; None where it divides by zero."""
    if isinstance(term, str):
        return words[term]
    if isinstance(term, dict):
        return Fraction(term["number"])
    sign, *terms = term
    known = [evaluated(each, words) for each in terms]
    if any(each is None for each in known):
        return None
    [left, *rest] = [each for each in known if each is not None]
    if not rest:
        return -left
    [right] = rest
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None
    raise AssertionError(sign)


def _meet(days: Line, month: str) -> bool:
    return date.fromisoformat(days["from"]) < after(month) and date.fromisoformat(days["until"]) > first_of(month)


def _within(whose: Line, month: str) -> bool:
    since, until = whose["from_month"], whose["to_month"]
    return not (since and first_of(month) < date.fromisoformat(since)) and not (
        until and first_of(month) >= date.fromisoformat(until)
    )


def _two_at_once(feeding: list[Line], linked: list[Line], month: str) -> bool:
    held = [
        (connection["id"], max(each["from"], connection["counts_from"], first_of(month).isoformat()),
         min(each["until"], connection["counts_to"], after(month).isoformat()))
        for connection in feeding for each in linked if each["connection"] == connection["id"] and _meet(each, month)
    ]
    return any(
        one < other and from_on < until and since < until_on
        for one, from_on, until_on in held for other, since, until in held
    )
