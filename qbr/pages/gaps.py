"""Gaps by name: devices, servers and sign-ins that lack what they should have, and what no device matches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from django.http import Http404
from django.urls import reverse

from metrics import reading
from metrics.breakdowns import gaps
from metrics.breakdowns.gaps import GAPS, Gap, Missing
from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.reading import Numbers
from qbr.pages import formats, tables
from qbr.pages.filters import Question
from qbr.pages.layout import Ask, Context, Page, Panel
from qbr.pages.panels.layers import is_read
from qbr.pages.tables import Cell, Column, Line, Table

A_SCREEN = 50
A_FILE = 20_000
NOT_READ = "Nothing is read that could tell."


@dataclass(frozen=True, kw_only=True)
class GapTable(Panel):
    """One gap a screen at a time, with the ways to the others: those that something read could tell."""

    template: ClassVar[str] = "pages/panels/gap.html"

    def asks(self, question: Question) -> Iterable[Ask]:
        yield Ask(tuple(dict.fromkeys(gap.behind for gap in GAPS.values())), (question.period,))

    def context(self, question: Question, numbers: Numbers) -> Context:
        there = {key for key, gap in GAPS.items() if _is_told(gap, question, numbers)}
        asked = _asked(question) or next((key for key in GAPS if key in there), next(iter(GAPS)))
        ways = [
            {"label": gap.label, "href": _way(question, key), "current": key == asked}
            for key, gap in GAPS.items() if key in there or key == asked
        ]  # fmt: skip
        if asked not in there:
            return {"ways": ways, "empty": NOT_READ, "action": {"href": reverse("data"), "label": "See what is read"}}
        gap, page = GAPS[asked], _page(question)
        found = _listed(gap, question, A_SCREEN, page * A_SCREEN)
        last = page * A_SCREEN + len(found.things)
        return {
            "ways": ways, "says": gap.says, "counted": formats.plural(found.total, "row"),
            "table": _table(gap, found.things, question), "none": "None, as last listed.",
            "span": f"{page * A_SCREEN + 1:,} to {last:,} of {found.total:,}" if found.things else "",
            "earlier": question.address(page=page - 1, panel=None) if page else "",
            "later": question.address(page=page + 1, panel=None) if last < found.total else "",
        }  # fmt: skip

    def table(self, question: Question, numbers: Numbers) -> Table | None:
        there = [key for key, gap in GAPS.items() if _is_told(gap, question, numbers)]
        asked = _asked(question) or next(iter(there), "")
        if asked not in there:
            return None
        gap = GAPS[asked]
        return _table(gap, _listed(gap, question, A_FILE, 0).things, question)


def _asked(question: Question) -> str:
    key = question.given.get("gap", "")
    if key and key not in GAPS:
        raise Http404("There is no such list.")
    return key


def _is_told(gap: Gap, question: Question, numbers: Numbers) -> bool:
    """Where nothing is read of a layer, everything would look like a gap."""
    number = numbers.get((gap.behind, question.scope, question.period))
    seen = reading.may_see(question.person, CATALOGUE[gap.behind])
    return seen and number is not None and is_read(number)


def _listed(gap: Gap, question: Question, limit: int, offset: int) -> gaps.Listed:
    return gaps.listed(gap, question.scope, question.now.astimezone(question.zone), limit=limit, offset=offset)


def _way(question: Question, key: str) -> str:
    return question.address(gap=key, page=None, panel=None)


def _page(question: Question) -> int:
    text = question.given.get("page", "0")
    return int(text) if text.isdigit() and len(text) < 6 else 0


def _table(gap: Gap, things: Iterable[Missing], question: Question) -> Table:
    columns = (
        Column(gap.thing),
        *((Column("Client"),) if question.for_company else ()),
        *(Column(told.label, Unit.COUNT if told.label == "Patches missing" else None) for told in gap.told),
    )
    return Table(gap.label, columns, tuple(_line(each, question) for each in things))


def _line(each: Missing, question: Question) -> Line:
    client = (tables.client(each.client, each.slug, question),) if question.for_company else ()
    return Line((tables.text(each.name, each.link), *client, *(_cell(value) for value in each.told)))


def _cell(value: str | int | date | None) -> Cell:
    if isinstance(value, int):
        return tables.amount(value, Unit.COUNT)
    return tables.on_day(value) if isinstance(value, date) else tables.text(value or "")


ROWS = ((GapTable(key="gap", title="Gaps by name", subtitle="As things stand now, whatever the period"),),)

PAGE = Page(
    slug="gaps",
    title="Gaps",
    lead="What lacks what it should have, by name, and what is listed on one side only.",
    rows=ROWS,
    client_rows=ROWS,
)
