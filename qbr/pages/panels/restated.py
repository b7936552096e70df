"""What became of closed figures, in words: restated, or waiting for a decision since a source changed behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from metrics import closing
from metrics.closing import Restated as Row
from metrics.declare import Metric, Unit, facts_of
from metrics.models import Restatement, Scope, State
from metrics.periods import Span
from metrics.reading import Numbers, Person, ScopeRef
from metrics.working import Working
from qbr.pages import formats
from qbr.pages.filters import Question
from qbr.pages.layout import Context, Panel

Decision = Restatement.Decision
SHOWN = 3  # sentences on a client's page
MOST_PLACES = 8  # as many as are stored
ADDRESSED = (Scope.Kind.COMPANY, Scope.Kind.ORGANIZATION)  # whose numbers have a working of their own
NAMES = {Scope.Kind.COMPANY: "Whole company", Scope.Kind.NOT_LINKED: "Not linked to a client"}


@dataclass(frozen=True)
class Told:
    """One value that was or would be another, written for people."""

    row: Restatement
    label: str
    whom: str
    when: str
    href: str  # the working of the number; empty where it has none
    was: str
    now: str
    change: str


def told(each: Row) -> Told:
    whom = each.name or NAMES.get(Scope.Kind(each.scope.kind), Scope.Kind(each.scope.kind).label)
    href = ""
    if each.scope.kind in ADDRESSED:
        asked = {name: text for name, text in (("client", each.scope.slug), ("period", str(each.period))) if text}
        href = f"{reverse('number', args=[each.metric.key])}?{urlencode(asked)}"
    return Told(each.row, each.metric.label, str(whom), each.period.label, href, *_written(each.metric, each.row))


def _written(metric: Metric, row: Restatement) -> tuple[str, str, str]:
    """Before, after and the difference; with as many digits as tell the two apart."""
    if row.old_value is None or row.new_value is None:
        return _figure(metric, row.old_value, row.old_state), _figure(metric, row.new_value, row.new_state), ""
    was, now = formats.of(metric, row.old_value), formats.of(metric, row.new_value)
    moved = row.new_value - row.old_value
    if was == now and moved:
        places = next(at for at in range(1, MOST_PLACES + 1)
                      if formats.rounded(row.old_value, at) != formats.rounded(row.new_value, at))  # fmt: skip
        was, now = formats.rounded(row.old_value, places), formats.rounded(row.new_value, places)
        return was, now, _signed(moved, formats.rounded(abs(moved), places))
    if not moved:
        return _figure(metric, row.old_value, row.old_state), _figure(metric, row.new_value, row.new_state), ""
    if metric.unit is Unit.PERCENT:
        return was, now, formats.points(moved)
    return was, now, _signed(moved, formats.of(metric, abs(moved)))


def _signed(moved: Decimal, size: str) -> str:
    return f"{'+' if moved > 0 else formats.MINUS}{size}"


def _figure(metric: Metric, value: Decimal | None, state: int | None) -> str:
    """A value, or in words why there is none."""
    reason = formats.reason(State(state)) if state is not None else "no value"
    if value is None:
        return reason
    return f"{formats.of(metric, value)} ({reason})" if reason else formats.of(metric, value)


def is_counted(each: Row) -> bool:
    """Whether it is counted from facts; the others follow from such."""
    return facts_of(each.metric) is not None


@dataclass(frozen=True)
class Sentence:
    """“Reactive tickets created of Q1 2026 restated 1,081 to 1,079 on 3 May 2026: two tickets merged”."""

    text: str
    cause: str
    href: str
    tone: str


def sentences(rows: Iterable[Row], zone: ZoneInfo) -> list[Sentence]:
    """What was accepted, and what waits; what was left as closed or went back says nothing about a figure shown."""
    return [_sentence(each, zone) for each in rows if each.row.decision in (Decision.WAITING, Decision.ACCEPTED)]


def _sentence(each: Row, zone: ZoneInfo) -> Sentence:
    shown, href = told(each), reverse("restatement", args=[each.row.pk])
    subject = f"{shown.label} of {shown.when}"
    if each.row.decision == Decision.WAITING:
        text = f"A later change at the source: {subject} would be {shown.now}, not {shown.was}"
        return Sentence(text, each.cause, href, "watch")
    decided_on = f" on {formats.day(each.row.decided_at.astimezone(zone).date())}" if each.row.decided_at else ""
    return Sentence(f"{subject} restated {shown.was} to {shown.now}{decided_on}", each.cause, href, "good")


def of_period(person: Person, scope: ScopeRef, period: Span, metric: str = "") -> list[Row]:
    """Those of the period itself; where it has none, those of its months. What is counted comes first."""
    asked = closing.Asked(dict.fromkeys([period, *period.months]), scope, metric)
    spoken = closing.restatements(person, asked, Decision.WAITING, Decision.ACCEPTED)
    own = [each for each in spoken if each.period == period] or spoken
    return sorted(own, key=lambda each: not is_counted(each))


def _context(rows: Sequence[Row], question: Question, scope: ScopeRef, shown: int) -> Context | None:
    if not rows:
        return None
    asked = {"client": scope.slug or "company", "period": str(question.period), "decision": rows[0].row.decision}
    more = len(rows) - shown
    return {
        "sentences": sentences(rows[:shown], question.zone),
        "more": f"and {formats.plural(more, 'figure')} more" if more > 0 else "",
        "all": f"{reverse('restatements')}?{urlencode({name: text for name, text in asked.items() if text})}",
    }


@dataclass(frozen=True, kw_only=True)
class Restated(Panel):
    """On a client's page, where something was restated or waits; absent else."""

    template = "pages/panels/restated.html"
    calm: bool = True

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        return _context(of_period(question.person, question.scope, question.period), question, question.scope, SHOWN)


def beside(explained: Working, question: Question) -> Context | None:
    """The restatements of one number; None where there is none."""
    number = explained.number
    rows = of_period(question.person, number.scope, number.period, number.metric.key)
    return _context(rows, question, number.scope, len(rows))
