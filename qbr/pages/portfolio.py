"""Every client on one line: how large, how much work, what it pays, and how far it is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from django.urls import reverse

from metrics import reading
from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.reading import Number, Numbers, ScopeRef, client
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
        rows = ordered(self._clients(question, own), question)
        first = min(_page(question) * A_SCREEN, max(0, (len(rows) - 1) // A_SCREEN * A_SCREEN))
        if not rows and not question.given.get("q") and not own and not access.clients().exists():
            return {
                "empty": "No client is known yet.",
                "action": {"href": reverse("data"), "label": "Connect a system"},
            }
        return {
            "table": self._table(question, self._measured(question, rows[first : first + A_SCREEN])),
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
        return self._table(question, self._measured(question, ordered(self._clients(question, own), question)))

    def _clients(self, question: Question, own: bool) -> list[Organization]:
        found = access.own_clients(question.person) if own and shows_own(question) else access.clients()
        if text := question.given.get("q"):
            found = found.filter(name__icontains=text)
        return list(found.select_related("owner"))

    def _measured(self, question: Question, organizations: Sequence[Organization]) -> list[Measured]:
        """Every column, for those that are shown and no others."""
        scopes = [client(each.slug) for each in organizations]
        found = reading.numbers(question.person, self.metrics, scopes, [question.period])
        values: dict[ScopeRef, dict[str, Number]] = {scope: {} for scope in scopes}
        for (key, scope, _), number in found.items():
            values[scope][key] = number
        return [(each, values[client(each.slug)]) for each in organizations]

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
                _measured_cell(values),
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


def _measured_cell(values: Values) -> Cell:
    applying = [number for number in values.values() if number.state is not State.NOT_APPLICABLE]
    have = measured_count(values)
    return Cell(f"{have} of {len(applying)}", value=Decimal(have), is_number=True)


def ordered(clients: Sequence[Organization], question: Question) -> list[Organization]:
    """By the column asked for, a leading minus for the largest first; what is missing comes last either way.

    Only that column is read for every client. A metric the person may not see is in no order at all.
    """
    asked = question.given.get("sort", "name")
    key, downward = asked.lstrip("-"), asked.startswith("-")
    by_name = sorted(clients, key=lambda each: each.name.casefold(), reverse=downward and key == "name")
    if key not in (*SHOWN, "measured"):
        return by_name
    sizes = _measured_counts(question) if key == "measured" else _values(question, key)
    known = [(size, each) for each in by_name if (size := sizes.get(each.slug)) is not None]
    unknown = [each for each in by_name if sizes.get(each.slug) is None]
    return [each for _, each in sorted(known, key=lambda pair: pair[0], reverse=downward)] + unknown


def _values(question: Question, key: str) -> dict[str, Decimal]:
    found = reading.values_of_clients(question.person, key, [question.period])
    return {slug: value for slug, (value, _) in found[question.period].items()}


def _measured_counts(question: Question) -> dict[str, Decimal]:
    read = reading.for_all_clients(question.person, list(SHOWN), question.period)
    return {scope.slug: Decimal(measured_count(values)) for scope, values in read.items()}


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
