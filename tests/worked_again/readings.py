"""How far the systems that know a client were read for a month."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tests.worked_again.lines import Lines
from tests.worked_again.months import after, before, first_of, meet, within
from tests.worked_again.values import (
    INCOMPLETE,
    INSUFFICIENT,
    MEASURED,
    NOT_APPLICABLE,
    NOT_COLLECTED,
    SO_FAR,
    Line,
    Scope,
)


class Readings:
    def __init__(self, lines: Lines) -> None:
        self.lines = lines

    def measured(self, definition: Line, scope: Scope, month: str) -> int | None:
        """How far the systems that know a scope were read for a month; None where none does."""
        counts, whose = definition["counts"], self.lines.scopes.get(scope)
        linked = whose["linked"] if whose else None
        states = {
            connection["id"]: state for connection in self.lines.connections
            if counts["rows"] in connection["feeds"]
            and (linked is None or any(meet(each, month) for each in linked if each["connection"] == connection["id"]))
            and (state := self._read(connection, definition, month)) is not None
        }
        if not states:
            return None
        if (whose and not within(whose, month)) or (whose and whose["internal"] and not counts["own_count"]):
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
        starts_at = datetime.combine(max(counts_from, first_of(month)), time.min, self.lines.zone)
        ends_at = datetime.combine(min(counts_to, after(month)), time.min, self.lines.zone)
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
        return SO_FAR if after(month) > self.lines.today else INCOMPLETE

    def _listed(self, connection: Line, definition: Line, month: str) -> int | None:
        """A stock is read on the last day of the month on which each list it needs had been read whole."""
        counts_from, counts_to = (date.fromisoformat(connection[end]) for end in ("counts_from", "counts_to"))
        starts_on, ends_on = first_of(month), after(month)
        last_listing = date.fromisoformat(self.lines.about["last_listing"])
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
        if ends_on > self.lines.today:
            return SO_FAR
        tolerance = self._rule("listing_tolerance_days", definition, month)
        return MEASURED if (min(ends_on, counts_to) - timedelta(1) - min(last)).days <= tolerance else INCOMPLETE

    def _rule(self, name: str, definition: Line, month: str) -> int:
        return int(self.lines.about["rules"][month][name])

    def _twice(self, definition: Line, scope: Scope, month: str) -> bool:
        """Whether two systems count for a client, or for any of the company's, on one day."""
        counts = definition["counts"]
        feeding = [c for c in self.lines.connections if counts["rows"] in c["feeds"]
                   and self._read(c, definition, month) not in (None, NOT_COLLECTED)]  # fmt: skip
        if len(feeding) < 2 or not counts["belong_to_accounts"] or scope[0] == "not_linked":
            return False
        wanted = self.lines.scopes.values() if scope[0] == "company" else [self.lines.scopes[scope]]
        counted = [whose for whose in wanted if counts["own_count"] or not whose["internal"]]
        return any(_two_at_once(feeding, whose["linked"] or [], month) for whose in counted)


def _two_at_once(feeding: list[Line], linked: list[Line], month: str) -> bool:
    held = [
        (connection["id"], max(each["from"], connection["counts_from"], first_of(month).isoformat()),
         min(each["until"], connection["counts_to"], after(month).isoformat()))
        for connection in feeding for each in linked if each["connection"] == connection["id"] and meet(each, month)
    ]
    return any(
        one < other and from_on < until and since < until_on
        for one, from_on, until_on in held for other, since, until in held
    )
