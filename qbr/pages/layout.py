"""What a page is made of: a title and rows of panels. The address holds the question, panels hold the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from metrics import reading
from metrics.declare import For
from metrics.definitions import CATALOGUE
from metrics.periods import Span
from metrics.reading import Number, Numbers
from qbr.pages.filters import Question
from qbr.pages.tables import Table

Context = dict[str, Any]


class Width(StrEnum):
    FULL = ""
    HALF = "half"
    THIRD = "third"
    TWO_THIRDS = "two-thirds"


@dataclass(frozen=True)
class Ask:
    """Stored values a panel wants for the question's scope."""

    metrics: tuple[str, ...]
    periods: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One part of a page. A panel that answers None is absent: the person may not see it, or it does not apply."""

    key: str
    title: str
    subtitle: str = ""
    width: Width = Width.FULL
    slow: bool = False  # reads facts: loads itself into a reserved space
    bare: bool = False  # without a frame of its own
    calm: bool = False  # that it is empty is no loss: nothing to do about it
    guarded_by: tuple[str, ...] = ()  # metrics a person must be allowed to see
    metrics: tuple[str, ...] = ()

    template: ClassVar[str]
    of_layer: ClassVar[bool] = False  # absent where nothing of its layer is read, even before it loads itself

    def is_there(self, question: Question, numbers: Numbers) -> bool:
        """Whether it applies at all, told from what it asks for; of one that is slow before its facts are read."""
        return True

    def asks(self, question: Question) -> Iterable[Ask]:
        return ()

    def context(self, question: Question, numbers: Numbers) -> Context | None:
        raise NotImplementedError

    def table(self, question: Question, numbers: Numbers) -> Table | None:
        """What an export of the panel holds; None where there is nothing to take away."""
        return None

    def may_be_seen(self, question: Question) -> bool:
        return all(reading.may_see(question.person, CATALOGUE[key]) for key in self.guarded_by)

    def seen(self, question: Question) -> tuple[str, ...]:
        """Its metrics that this person may see and that exist for this scope."""
        scope = For.COMPANY if question.for_company else For.ORGANIZATION
        return tuple(
            key
            for key in self.metrics
            if scope in CATALOGUE[key].scopes and reading.may_see(question.person, CATALOGUE[key])
        )


@dataclass(frozen=True)
class Shown:
    """A panel as the template draws it. `answer` is None where it still has to load itself."""

    panel: Panel
    answer: Context | None
    address: str
    exports: Mapping[str, str]

    @property
    def template(self) -> str:
        return self.panel.template


Row = Sequence[Panel]


@dataclass(frozen=True, kw_only=True)
class Page:
    slug: str
    title: str
    lead: str
    rows: tuple[Row, ...]
    client_rows: tuple[Row, ...] | None = None  # the same page for one client; None: the page has no client form
    client_only: bool = False
    keeps_time: bool = True  # has a period picker
    first: bool = False  # the page at the root

    @property
    def name(self) -> str:
        """In the address book."""
        return self.slug.replace("-", "_")

    @property
    def path(self) -> str:
        return "" if self.first else self.slug

    def rows_for(self, question: Question) -> tuple[Row, ...]:
        if question.for_company or self.client_rows is None:
            return self.rows
        return self.client_rows

    def panels(self, question: Question) -> Iterator[Panel]:
        for row in self.rows_for(question):
            yield from (panel for panel in row if panel.may_be_seen(question))

    def panel(self, question: Question, key: str) -> Panel | None:
        return next((panel for panel in self.panels(question) if panel.key == key), None)


@dataclass(frozen=True)
class Answer:
    rows: tuple[tuple[Shown, ...], ...]
    read_through: datetime | None


def answer(page: Page, question: Question, *, whole: bool = False) -> Answer:
    """Every panel of the page, in rows; what is slow is left to load itself unless the `whole` page is asked."""
    now = [panel for panel in page.panels(question) if whole or not panel.slow or panel.of_layer]
    numbers = read(question, now)
    rows = tuple(tuple(_shown(row, question, numbers, whole)) for row in page.rows_for(question))
    return Answer(tuple(row for row in rows if row), oldest(numbers.values()))


def read(question: Question, panels: Iterable[Panel]) -> Numbers:
    """All that the panels ask for, in one reading a grain."""
    by_grain: dict[str, tuple[dict[str, None], dict[Span, None]]] = {}
    for panel in panels:
        for ask in panel.asks(question):
            for period in ask.periods:
                metrics, periods = by_grain.setdefault(period.grain, ({}, {}))
                metrics.update(dict.fromkeys(ask.metrics))
                periods[period] = None
    return reading.numbers_by_grain(question.person, by_grain.values(), [question.scope])


def oldest(numbers: Iterable[Number]) -> datetime | None:
    """A page is as old as the oldest reading behind it."""
    return min((each.read_through for each in numbers if each.read_through), default=None)


def show(panel: Panel, question: Question, numbers: Numbers) -> Shown | None:
    context = panel.context(question, numbers)
    if context is None:
        return None
    formats = {form: question.address(panel=panel.key, format=form) for form in ("xlsx", "csv")}
    return Shown(panel, context, question.address(panel=panel.key), formats if context.get("table") else {})


def _shown(row: Row, question: Question, numbers: Numbers, whole: bool) -> Iterator[Shown]:
    for panel in row:
        if not panel.may_be_seen(question):
            continue
        if panel.slow and not whole:
            if panel.is_there(question, numbers):
                yield Shown(panel, None, question.address(panel=panel.key), {})
        elif shown := show(panel, question, numbers):
            yield shown
