"""What stands on the page before a change is confirmed, and the seal that tells whether it still holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.crypto import salted_hmac

from collectors.facts.shapes import EARLIEST
from metrics.declare import Unit
from metrics.models import State
from metrics.reading import Person
from metrics.rollup.preview import PATIENCE, LeftBehind, Moved, NotInTime, Stored, left_behind, preview
from metrics.rollup.sql import execute
from organizations import linking
from organizations.admin.words import change_words, consequences, told
from organizations.changes.journal import alone
from organizations.models import AccountLink, Organization, OrganizationChange

PLACES = {Unit.COUNT: 0, Unit.MONEY: 2, Unit.HOURS: 1, Unit.PERCENT: 1, Unit.RATE: 3}
WHOSE = {"company": "Company", "not_linked": "Not linked to a client", "segment": "Segment {}"}
SHOWN = 40  # rows that stand open; the others are folded away
Act = Callable[[], OrganizationChange]

# Everything a change of these organizations rests on: the links of every account they ever had, and what they are.
STANDING = """
SELECT md5(coalesce(string_agg(said, ',' ORDER BY said), '')) FROM (
    SELECT 'link ' || l.id AS said FROM account_link l
    WHERE l.superseded_at IS NULL
      AND l.account_id IN (SELECT account_id FROM account_link WHERE organization_id = ANY (%(organizations)s))
    UNION ALL
    SELECT concat_ws(' ', 'organization', g.id, g.name, g.kind, 'in', g.parent_id, 'into', g.merged_into_id,
                     'from', g.client_from, 'to', g.client_to)
    FROM organization g WHERE g.id = ANY (%(organizations)s) OR g.parent_id = ANY (%(organizations)s)
    UNION ALL
    SELECT concat_ws(' ', 'domain', d.organization_id, d.name)
    FROM domain d WHERE d.organization_id = ANY (%(organizations)s)
) standing
"""


@dataclass(frozen=True)
class Line:
    """A value that would read otherwise, in words."""

    metric: str
    whose: str
    period: str
    before: str
    after: str


@dataclass(frozen=True)
class Shown:
    """What a change would do. `left` is what stays with the organization it begins from."""

    what: str
    starts_on: date
    consequences: list[str]
    lines: list[Line]
    total: int
    closed_untouched: int
    left: LeftBehind | None
    seal: str

    @property
    def days(self) -> str:
        on = self.starts_on
        return "from the beginning" if on == EARLIEST else f"from {on:%-d %b %Y} on"

    @property
    def first(self) -> list[Line]:
        return self.lines[:SHOWN]

    @property
    def others(self) -> list[Line]:
        return self.lines[SHOWN:]


def shown(act: Act, person: Person, concerned: Iterable[int], said: Any, leaves: Organization | None = None) -> Shown:
    """Do it, see what follows, and take it back. Raises what `act` and `preview` raise, a refusal before any work."""
    sealed = seal(concerned, said)
    try:
        with transaction.atomic():
            execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            change = told().get(pk=act().pk)
            what, lines = change_words(change), consequences(change)
            transaction.set_rollback(True)
    except OperationalError as error:
        raise NotInTime("Somebody else is changing organizations just now. Try again in a minute.") from error
    found = preview(act, person)
    return Shown(
        what=what, starts_on=change.starts_on, consequences=lines, lines=[line(moved) for moved in found.moved],
        total=found.total, closed_untouched=found.closed_untouched,
        left=left_behind(leaves, change.starts_on) if leaves else None, seal=sealed,
    )


def seal(concerned: Iterable[int], said: Any) -> str:
    """A mark of what was asked and of everything it rests on: while it is the same, the preview holds."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"organizations": sorted(set(concerned))})
        [(standing,)] = cursor.fetchall()
    return salted_hmac("organizations.change", f"{standing} {said!r}", algorithm="sha256").hexdigest()


def hold(concerned: Iterable[int]) -> None:
    """Until the transaction ends, what the seal speaks of stands still."""
    alone()
    linking.hold(AccountLink.objects.filter(organization__in=set(concerned)).values_list("account", flat=True))


def line(moved: Moved) -> Line:
    whose = WHOSE.get(moved.scope.kind, "{}").format(moved.name)
    before, after = _apart(moved.before, moved.after, moved.metric.unit)
    return Line(moved.metric.label, whose, moved.period.label, before, after)


def _apart(before: Stored, after: Stored, unit: Unit) -> tuple[str, str]:
    """Both in words, with as many decimals as it takes to tell them apart."""
    for more in range(5):
        words = in_words(before, unit, more), in_words(after, unit, more)
        if words[0] != words[1]:
            break
    return words


def in_words(stored: Stored, unit: Unit, more: int = 0) -> str:
    """The number with what is to be said of it, or why there is none."""
    if stored.value is None:
        return str(State(stored.state).label)
    number = _number(stored.value, unit, more)
    return number if stored.state is State.MEASURED else f"{number}, {State(stored.state).label}"


def _number(value: Decimal, unit: Unit, more: int) -> str:
    """`more` decimals than the unit's own; of things that are counted only an average has any."""
    places = PLACES[unit] + more if unit is not Unit.COUNT or value == value.to_integral_value() else 2 + more
    fixed = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{abs(fixed):,.{places}f}"
    text = {Unit.MONEY: f"${text}", Unit.HOURS: f"{text} h", Unit.PERCENT: f"{text}%"}.get(unit, text)
    return f"−{text}" if fixed < 0 else text


