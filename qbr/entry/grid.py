"""The month grid: what is asked for, what was typed, and the cells as the page shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import QueryDict
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics import entering
from metrics.declare import Manual, Metric
from metrics.entering import Cell, CellEdit, CellError
from metrics.models import Origin
from metrics.periods import Month, parse
from metrics.reading import COMPANY, Person, ScopeRef, client
from organizations.models import Organization

SHOWN_MONTHS = 12
MARKS = {Origin.ENTERED: "✎", Origin.IMPORTED: "⇪", Origin.CORRECTED: "±"}


@dataclass(frozen=True)
class Asked:
    """What the address asks for: for whom, the last month shown, and whether collected metrics are shown too."""

    scope: ScopeRef
    until: Month
    corrections: bool

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        slug = query.get("client", "")
        known = bool(slug) and Organization.objects.filter(slug=slug, merged_into=None).exists()
        scope, everything = client(slug) if known else COMPANY, known or query.get("rows") == "all"
        return cls(scope, _month(query.get("until", "")), everything)

    @property
    def months(self) -> tuple[Month, ...]:
        return tuple(self.until.shift(offset) for offset in range(1 - SHOWN_MONTHS, 1))


def this_month() -> Month:
    today: date = timezone.now().astimezone(Calendar.current().zone).date()
    return Month.holding(today)


def _month(text: str) -> Month:
    """The month asked for, no later than the running one; anything else is the running one."""
    latest = this_month()
    try:
        month = parse(text)
    except ValueError:
        return latest
    return min(month, latest) if isinstance(month, Month) else latest


@dataclass(frozen=True)
class ShownCell:
    """One cell ready to be drawn: `name` is its field, `text` what stands or was typed, `was` what stood."""

    name: str
    cell: Cell
    text: str
    was: str
    label: str
    problem: str = ""

    @property
    def mark(self) -> str:
        return MARKS.get(self.cell.origin, "") if self.cell.origin else ""

    @property
    def why(self) -> str:
        """Why the cell is empty, in a few words."""
        return "" if self.cell.value is not None else self.cell.cause or self.cell.state.label

    @property
    def overrides(self) -> bool:
        """Typing here would correct, or has corrected, what a system says."""
        return self.cell.collected is not None or self.cell.origin == Origin.COLLECTED

    @property
    def collected_text(self) -> str:
        return plain(self.cell.collected)

    @property
    def origin_word(self) -> str:
        return self.cell.origin.label if self.cell.origin is not None else ""


@dataclass(frozen=True)
class ShownRow:
    metric: Metric
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True)
class ShownGroup:
    title: str
    rows: tuple[ShownRow, ...]


def shown(person: Person, asked: Asked, errors: Iterable[CellError] = ()) -> tuple[ShownGroup, ...]:
    """The grid in groups of one section each; a cell that was refused keeps what was typed and says why."""
    metrics = entering.enterable(person, asked.scope)
    wanted = [metric.key for metric in metrics if asked.corrections or isinstance(metric, Manual)]
    grid = entering.grid(person, asked.scope, asked.months, wanted)
    wrong = {(error.metric, error.month): error for error in errors}
    groups: dict[str, list[ShownRow]] = {}
    for metric, cells in grid.rows:
        row = ShownRow(metric, tuple(_shown(cell, wrong.get((metric.key, cell.month))) for cell in cells))
        groups.setdefault(metric.section.value, []).append(row)
    return tuple(ShownGroup(title, tuple(rows)) for title, rows in groups.items())


def _shown(cell: Cell, error: CellError | None) -> ShownCell:
    was = plain(cell.value)
    return ShownCell(
        name=f"{cell.metric.key}:{cell.month}", cell=cell, text=error.text if error else was, was=was,
        label=f"{cell.metric.label}, {cell.month.label}", problem=error.problem if error else "",
    )  # fmt: skip


def plain(value: Decimal | None) -> str:
    """A number as it is typed: no thousands, no zeros at the end."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def stood(groups: Iterable[ShownGroup]) -> str:
    """What every cell held when the page was made, so that only what the person changed is saved."""
    cells = [cell for group in groups for row in group.rows for cell in row.cells if cell.was]
    return json.dumps({cell.name: cell.was for cell in cells}, separators=(",", ":"))


def edits(form: QueryDict) -> list[CellEdit]:
    """The cells that differ from what the page showed. Raises ValueError where the form is not one of ours."""
    before = json.loads(form.get("stood") or "{}")
    if not isinstance(before, dict):
        raise ValueError("The form was not sent whole. Load the page again.")
    return list(_edits(form, before))


def _edits(form: QueryDict, before: dict[str, str]) -> Iterator[CellEdit]:
    note = form.get("note", "")
    for name, text in form.items():
        metric, _, month = name.partition(":")
        if month and str(text).strip() != before.get(name, ""):
            when = parse(month)
            if isinstance(when, Month):
                yield CellEdit(metric, when, str(text), note)
