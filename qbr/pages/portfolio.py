"""Every client on one line: how large, how much work, what it pays, and how far it is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from django.urls import reverse

from metrics import reading
from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.reading import Number, Numbers, client
from organizations.models import Organization
from qbr import access
from qbr.pages import formats, tables
from qbr.pages.filters import Question
from qbr.pages.formats import Style
from qbr.pages.layout import Context, Page, Panel
from qbr.pages.tables import Cell, Column, Line, Table

A_SCREEN = 50
SHOWN = {  # and what each is called where there is little room
    "endpoints_managed": "Endpoints",
    "reactive_tickets_per_endpoint_per_month": "Tickets / endpoint",
    "rhem": "RHEM",
    "total_close_pct": "Close %",
    "agreement_mrr": "Agreement MRR",
    "seats_managed": "Seats",
    "aisp": "AISP",
}
Values = Mapping[str, Number]
Measured = tuple[Organization, Values]


@dataclass(frozen=True, kw_only=True)
class Clients(Panel):
    template: ClassVar[str] = "pages/panels/portfolio.html"
    metrics: tuple[str, ...] = tuple(SHOWN)

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        own = access.own_clients(question.person).exists()
        rows = list(ordered(self._rows(question, own), question))
        first = min(_page(question) * A_SCREEN, max(0, (len(rows) - 1) // A_SCREEN * A_SCREEN))
        if not rows and not question.given.get("q") and not own and not access.clients().exists():
            return {
                "empty": "No client is known yet.",
                "action": {"href": reverse("data"), "label": "Connect a system"},
            }
        return {
            "table": self._table(question, rows[first : first + A_SCREEN]),
            "sticky": True,
            "text": question.given.get("q", ""),
            "shows_own": own and shows_own(question),
            "has_own": own,
            "own": question.address(show=None, page=None, panel=None),
            "all": question.address(show="all", page=None, panel=None),
            "kept": [
                (name, value) for name, value in question.given.items() if name not in ("q", "page", "panel", "format")
            ],
            "count": formats.plural(len(rows), "client"),
            "from": first + 1,
            "to": min(first + A_SCREEN, len(rows)),
            "earlier": question.address(page=first // A_SCREEN - 1, panel=None) if first else "",
            "later": question.address(page=first // A_SCREEN + 1, panel=None) if first + A_SCREEN < len(rows) else "",
        }

    def table(self, question: Question, numbers: Numbers) -> Table:
        own = access.own_clients(question.person).exists()
        return self._table(question, list(ordered(self._rows(question, own), question)))

    def _rows(self, question: Question, own: bool) -> list[Measured]:
        organizations = access.own_clients(question.person) if own and shows_own(question) else access.clients()
        if text := question.given.get("q"):
            organizations = organizations.filter(name__icontains=text)
        values = reading.for_all_clients(question.person, self.metrics, question.period)
        return [(each, values.get(client(each.slug), {})) for each in organizations.select_related("owner")]

    def _table(self, question: Question, rows: Sequence[Measured]) -> Table:
        seen = [key for key in self.metrics if reading.may_see(question.person, CATALOGUE[key])]
        columns = (
            _column("Client", "name", question),
            *(_column(SHOWN[key], key, question) for key in seen),
            _column("Measured", "measured", question),
            Column("Owner"),
        )
        return Table(
            f"Portfolio {question.period.label}", columns, tuple(self._line(question, seen, *row) for row in rows)
        )

    def _line(self, question: Question, seen: Sequence[str], organization: Organization, values: Values) -> Line:
        page = question.address(reverse("client"), client=organization.slug, q=None, sort=None, show=None, page=None)
        owner = organization.owner.get_full_name() or organization.owner.get_username() if organization.owner else ""
        return Line(
            (
                tables.text(organization.name, page),
                *(tables.number(values.get(key), question, Style.LIST) for key in seen),
                _measured(values),
                tables.text(owner, css="nowrap"),
            )
        )


def shows_own(question: Question) -> bool:
    return question.given.get("show") != "all"


def _page(question: Question) -> int:
    text = question.given.get("page", "0")
    return int(text) if text.isdigit() else 0


def measured_count(values: Values) -> int:
    return sum(number.state is State.MEASURED for number in values.values())


def _measured(values: Values) -> Cell:
    applying = [number for number in values.values() if number.state is not State.NOT_APPLICABLE]
    have = measured_count(values)
    return Cell(f"{have} of {len(applying)}", value=Decimal(have), is_number=True)


def ordered(rows: Iterable[Measured], question: Question) -> list[Measured]:
    """By the column asked for, a leading minus for the largest first; what is missing comes last either way."""
    asked = question.given.get("sort", "name")
    key, downward = asked.lstrip("-"), asked.startswith("-")
    by_name = sorted(rows, key=lambda row: row[0].name.casefold(), reverse=downward and key == "name")
    if key == "measured":
        return sorted(by_name, key=lambda row: measured_count(row[1]), reverse=downward)
    if key not in SHOWN:
        return by_name
    known = [row for row in by_name if _value(row, key) is not None]
    unknown = [row for row in by_name if _value(row, key) is None]
    return sorted(known, key=lambda row: _value(row, key) or Decimal(0), reverse=downward) + unknown


def _value(row: Measured, key: str) -> Decimal | None:
    number = row[1].get(key)
    return number.value if number else None


def _column(label: str, key: str, question: Question) -> Column:
    """Names sort upwards first, figures downwards."""
    asked = question.given.get("sort", "name")
    first, second = (key, f"-{key}") if key == "name" else (f"-{key}", key)
    is_sorted = asked.lstrip("-") == key
    return Column(
        label,
        None if key == "name" else CATALOGUE[key].unit if key in CATALOGUE else Unit.COUNT,
        sort=key,
        sorted=("descending" if asked.startswith("-") else "ascending") if is_sorted else "",
        href=question.address(sort=second if asked == first else first, page=None, panel=None),
    )


PAGE = Page(
    slug="portfolio",
    title="Portfolio",
    lead="Every client on one line. Your own come first.",
    rows=((Clients(key="clients", title="Clients", subtitle="Sort by any column; a number leads to its working."),),),
)
