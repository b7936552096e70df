"""Today: what needs this person, before anything else."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from django.urls import reverse

from metrics import comparisons, reading, varying
from metrics.comparisons import Comparison
from metrics.declare import Manual
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.periods import Month
from metrics.reading import Freshness, Number, Numbers, client
from qbr import access
from qbr.data import undecided
from qbr.pages import comparing, formats, tables
from qbr.pages.filters import Question
from qbr.pages.layout import Context, Page, Panel, Width
from qbr.pages.panels import Tiles
from qbr.pages.tables import Column, Line, Table

MOVED = "reactive_tickets_per_endpoint_per_month"
MOVERS_SHOWN = 8
TONES = ("act", "watch")  # the most urgent first
MANUAL = tuple(key for key, metric in CATALOGUE.items() if isinstance(metric, Manual))


@dataclass(frozen=True)
class Due:
    """One thing to do: how urgent in word, shape and colour, what it holds back, and where it is done."""

    tone: str
    word: str
    what: str
    why: str
    action: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class WhatNeedsMe(Panel):
    template: ClassVar[str] = "pages/panels/todo.html"

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        due = [*_late(question), *_undecided(question), *_unentered(question)]
        return {"todo": sorted(due, key=lambda each: TONES.index(each.tone))}


def _late(question: Question) -> Iterator[Due]:
    systems = reading.freshness(question.person)
    if not systems:
        yield Due(
            "watch",
            "To do",
            "Nothing is connected",
            "Numbers come from the PSA, the RMM and the ledger.",
            "Connect a system",
            reverse("data"),
        )
    for system in systems:
        age = f"last read {formats.age(system.read_through, question.now)}" if system.read_through else "never read"
        if not system.waits:
            continue
        failing = system.state is Freshness.FAILING
        yield Due(
            "act" if failing else "watch",
            "Failing" if failing else "Stale",
            f"{system.connection}, {age}",
            system.problem or "It has not been read when it should have been.",
            "Open data",
            reverse("data"),
        )


def _undecided(question: Question) -> Iterator[Due]:
    """Decisions are an administrator's; others are told on the Data page."""
    if not getattr(question.person, "is_staff", False):
        return
    for each in undecided.counts():
        if each.count:
            yield Due(
                "watch",
                "To decide",
                f"{each.title}: {each.count}",
                each.holds_back,
                each.action,
                reverse(each.address),
            )


def _unentered(question: Question) -> Iterator[Due]:
    """Cells of the last whole month that nobody has filled."""
    if not access.may_enter(question.person):
        return
    month = Month.holding(question.today).previous
    found = reading.numbers(question.person, MANUAL, [reading.COMPANY], [month])
    empty = [number.metric.label for number in found.values() if number.state is State.NOT_COLLECTED]
    if empty:
        some = ", ".join(empty[:3]) + (f" and {len(empty) - 3} more" if len(empty) > 3 else "")
        yield Due(
            "watch",
            "To enter",
            f"{formats.plural(len(empty), 'number')} for {month.label}",
            f"{some}.",
            "Enter them",
            reverse("entry"),
        )


@dataclass(frozen=True, kw_only=True)
class Movers(Panel):
    """The person's own clients whose tickets per endpoint moved most, in whichever direction."""

    template: ClassVar[str] = "pages/panels/table.html"

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        table = self.table(question, numbers)
        if table.is_empty:
            return {
                "empty": "No client has two measured quarters to compare.",
                "action": {"href": reverse("portfolio"), "label": "See the portfolio"},
            }
        return {"table": table}

    def table(self, question: Question, numbers: Numbers) -> Table:
        period, (_, before) = question.period, comparisons.previous(question.period)
        moved = _moved_most(question)
        unit = CATALOGUE[MOVED].unit
        columns = (Column("Client"), Column(before.label, unit), Column(period.label, unit), Column("Change", unit))
        signals = varying.signals(question.person, [MOVED], [now.scope for _, now, _ in moved], period)
        return Table(self.title, columns, tuple(
            Line((
                tables.text(name, question.address(reverse("client"), client=now.scope.slug)),
                tables.number(compared.base, question), tables.number(now, question),
                comparing.moved(now, compared, "", signals.get((MOVED, now.scope))),
            ))
            for name, now, compared in moved
        ))  # fmt: skip


def _moved_most(question: Question) -> list[tuple[str, Number, Comparison]]:
    """Of the person's own clients, or of all where they look after none."""
    period, (against, before) = question.period, comparisons.previous(question.period)
    own = list(access.own_clients(question.person).values_list("slug", flat=True))
    scopes = [client(slug) for slug in own or _shortlist(question)]
    found = reading.numbers(question.person, [MOVED], scopes, [period, before])
    moved = []
    for scope in scopes if found else ():
        now, then = found[MOVED, scope, period], found[MOVED, scope, before]
        if (compared := comparisons.compare(now, then, against)) and compared.change:
            moved.append((scope.slug, now, compared))
    shown = heapq.nlargest(MOVERS_SHOWN, moved, key=lambda row: abs(row[2].change))
    names = dict(access.clients().filter(slug__in=[slug for slug, _, _ in shown]).values_list("slug", "name"))
    return [(names[slug], now, compared) for slug, now, compared in shown]


def _shortlist(question: Question) -> list[str]:
    """The clients of the whole company that moved most, found by their bare values: there may be thousands."""
    period, (_, before) = question.period, comparisons.previous(question.period)
    values = reading.values_of_clients(question.person, MOVED, [period, before])
    unit, then = CATALOGUE[MOVED].unit, values[before]
    moved = {
        slug: abs(comparisons.change(value, then[slug][0], unit)[0])
        for slug, (value, _) in values[period].items() if slug in then and then[slug][1] is State.MEASURED
    }  # fmt: skip
    return heapq.nlargest(MOVERS_SHOWN, moved, key=moved.__getitem__)


PAGE = Page(
    slug="today",
    title="Today",
    lead="What needs you, and what moved.",
    first=True,
    rows=(
        (
            Tiles(
                key="numbers",
                title="The company in figures",
                metrics=(
                    "rhem",
                    "total_close_pct",
                    "reactive_tickets_per_endpoint_per_month",
                    "net_profit_pct",
                    "aisp",
                ),
            ),
        ),
        (
            WhatNeedsMe(key="needs-me", title="What needs you", width=Width.HALF),
            Movers(
                key="movers",
                title="Clients that moved most",
                subtitle="Reactive tickets for each endpoint and month",
                width=Width.HALF,
            ),
        ),
    ),
)
