"""A definition in words, put together from its declaration and from what people decided; the same few queries for all.

What a person may not see is absent: metrics, and the links to them. A formula keeps the names of what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar
from collectors.systems import system
from metrics import reading, settings
from metrics.declare import Across, Better, Derived, For, Goal, Manual, Median, Metric, Stock
from metrics.definitions import CATALOGUE, SEVERAL, VERSIONS, versions_of
from metrics.formula import MONTHS, MONTHS_IN_YEAR, parse, working
from metrics.reading import COMPANY, Person, PutInForce
from metrics.reading.read_through import counted_from
from metrics.reading.stored import fetched
from metrics.rollup.compile import formula_inputs, is_gathered
from metrics.working.rests_on import counted_of, middle_of
from qbr.pages import formats
from qbr.pages.urls import PAGES

SYSTEMS = """
SELECT DISTINCT r.entity, c.vendor, c.label FROM connection c JOIN (
    SELECT connection_id, entity FROM reading UNION SELECT connection_id, entity FROM listing
) r ON r.connection_id = c.id WHERE c.counts_to > current_date ORDER BY 1, 3"""
QUEUES = """
SELECT d.kind, string_agg(q.name, ', ' ORDER BY q.name) FROM queue_kind_days d JOIN queue q ON q.id = d.queue_id
WHERE d.from_on <= %(day)s AND %(day)s < d.until_on AND d.kind <> 'undecided' GROUP BY d.kind ORDER BY d.kind"""
CATEGORIES = """
SELECT d.category, string_agg(a.name, ', ' ORDER BY a.name)
FROM ledger_category_days d JOIN ledger_account a ON a.id = d.ledger_account_id
WHERE d.from_on <= %(day)s AND %(day)s < d.until_on GROUP BY d.category"""

BETTER = {Better.HIGHER: "Higher is better", Better.LOWER: "Lower is better", Better.NEITHER: "Neither is better"}
UNITS = {"count": "A count", "hours": "Hours", "money": "Money", "percent": "Percent", "rate": "A plain ratio"}
OVER_MONTHS = {
    Across.SUM: "A longer period adds its months.", Across.MEAN: "A longer period is the mean of its months.",
    Across.FIRST: "A longer period has its first month's.", Across.LAST: "A longer period has its last month's.",
}
GOALS = {"at_most": "At most {}", "at_least": "At least {}", "band": "From {} to {}"}


@dataclass(frozen=True)
class Piece:
    """A part of a formula, with the address of the definition it names; empty where it names none to be seen."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Version:
    number: int
    since: date | None
    note: str
    meaning: str
    formulas: tuple[tuple[str, tuple[Piece, ...]], ...]  # for whom, where companies and clients differ, and the formula
    counted: str


@dataclass(frozen=True)
class Decision:
    version: int
    since: str
    note: str
    by: str


@dataclass(frozen=True)
class Told:
    key: str
    label: str
    section: str
    meaning: str
    unit: str
    better: str
    over_months: str
    over_clients: str
    scopes: str
    sources: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    goal: str
    owner: str
    under: tuple[str, ...]  # what it reads in one of several versions: “Reactive hours under version 2”
    decided_by: str
    versions: tuple[Version, ...]
    current: int  # the version in force today
    decisions: tuple[Decision, ...]
    read_by: tuple[Piece, ...]
    pages: tuple[Piece, ...]
    spreadsheet: str
    reference: str

    @property
    def shown(self) -> Version:
        return next(version for version in self.versions if version.number == self.current)


def everything(person: Person, metrics: Iterable[Metric]) -> list[Told]:
    """Each of these metrics in words. Seven statements, however many are asked."""
    teller = _Teller(person)
    return [teller.told(metric) for metric in metrics]


class _Teller:
    """What many definitions share, read once."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.today = timezone.now().astimezone(Calendar.current().zone).date()
        self.rules: Mapping[str, Any] = settings.all_in_force([self.today])[self.today]
        self.goals = reading.goals(person, CATALOGUE, COMPANY, self.today)
        self.in_force, self.owners = reading.in_force(), reading.owners()
        self.systems = [(entity, system(slug).layer, label) for entity, slug, label in fetched(SYSTEMS, {})]
        self.queues = "; ".join(
            f"{kind.replace('_', ' ')}: {names}" for kind, names in fetched(QUEUES, {"day": self.today})
        )
        self.categories = dict(fetched(CATEGORIES, {"day": self.today}))

    def told(self, metric: Metric) -> Told:
        decided = self.in_force.get(metric.key, [])
        standing = self._standing(metric.key)
        current = standing.version if standing else metric.version
        counted = counted_from(metric)
        systems = sorted({
            label for entity, layer, label in self.systems
            if any(of == entity and layer in (speaks, None) for of, speaks in counted)
        })  # fmt: skip
        return Told(
            key=metric.key, label=metric.label, section=metric.section.value, meaning=metric.meaning,
            unit=UNITS[metric.unit.value], better=BETTER[metric.better], over_months=_over_months(metric),
            over_clients=_over_clients(metric), scopes=_scopes(metric), sources=tuple(systems),
            rules=tuple(self._rules(metric)), goal=_goal(metric, self.goals.get(metric.key)),
            owner=self.owners.get(metric.key, ""), under=tuple(self._under(metric)),
            decided_by=standing.by if standing else "", current=current,
            versions=tuple(self._version(version) for version in versions_of(metric.key).values()),
            decisions=tuple(map(_decision, decided)), read_by=tuple(self._read_by(metric)),
            pages=tuple(_pages(metric)), spreadsheet=metric.spreadsheet_label, reference=metric.requirement,
        )

    def _standing(self, metric: str) -> PutInForce | None:
        """What was decided last of what holds today."""
        return next((each for each in reversed(self.in_force.get(metric, [])) if each.from_on <= self.today), None)

    def _under(self, metric: Metric) -> Iterator[str]:
        """What it is worked out from, as far as that has several versions."""
        for key in sorted(_reads(metric) & SEVERAL):
            standing = self._standing(key)
            version = standing.version if standing else CATALOGUE[key].version
            yield f"{CATALOGUE[key].label} under version {version}"

    def _version(self, metric: Metric) -> Version:
        return Version(
            metric.version, metric.since, metric.note, metric.meaning, tuple(self._formulas(metric)), counted_of(metric)
        )

    def _formulas(self, metric: Metric) -> Iterator[tuple[str, tuple[Piece, ...]]]:
        if not isinstance(metric, Derived):
            return
        if isinstance(metric, Median):
            yield "", (Piece(middle_of(metric)),)
        elif metric.client_formula and metric.client_formula != metric.formula:
            yield "For the company", self._pieces(metric.formula)
            yield "For a client", self._pieces(metric.client_formula)
        else:
            yield "", self._pieces(metric.formula)

    def _pieces(self, formula: str) -> tuple[Piece, ...]:
        parsed = parse(formula)
        parts = working(parsed, {word: f"\0{word}\0" for word in parsed.words}).split("\0")
        signs = {"*": "×", "/": "÷", "-": "−"}
        return tuple(
            self._named(part) if number % 2 else Piece("".join(signs.get(sign, sign) for sign in part))
            for number, part in enumerate(parts) if part
        )

    def _named(self, word: str) -> Piece:
        if word in CATALOGUE:
            metric = CATALOGUE[word]
            seen = reading.may_see(self.person, metric)
            return Piece(metric.label, reverse("definition", args=[word]) if seen else "")
        if word in settings.SETTINGS:
            return Piece(settings.SETTINGS[word].label.lower())
        return Piece({MONTHS: "months", MONTHS_IN_YEAR: "12"}[word])

    def _rules(self, metric: Metric) -> Iterator[tuple[str, str]]:
        for key in metric.rules:
            if key == "queue_kinds":
                yield "Queues by kind of work", self.queues or "none decided"
            elif key == "ledger_categories":
                yield "Ledger accounts in this category", self.categories.get(metric.key) or "none"
            else:
                yield settings.SETTINGS[key].label, settings.in_words(key, self.rules[key]) or "none"

    def _read_by(self, metric: Metric) -> Iterator[Piece]:
        readers = {
            other.key: other.label for other in VERSIONS.values() for scope in For
            if metric.key in formula_inputs(other, scope) and reading.may_see(self.person, other)
        }
        for key, label in readers.items():
            yield Piece(label, reverse("definition", args=[key]))


def _reads(metric: Metric) -> set[str]:
    """Every metric it is worked out from, near and far."""
    direct = {key for scope in For for key in formula_inputs(metric, scope) if key in CATALOGUE} - {metric.key}
    return direct.union(*(_reads(CATALOGUE[key]) for key in direct))


def _over_months(metric: Metric) -> str:
    if isinstance(metric, Median):
        return "From the rows of the whole month, quarter or year: medians neither add up nor average."
    if isinstance(metric, Derived) and not is_gathered(metric):
        return "Worked out afresh for every month, quarter and year, never averaged."
    read = "Read on the month's last complete listing. " if isinstance(metric, Stock) else ""
    return read + OVER_MONTHS[metric.across]  # type: ignore[attr-defined]


def _over_clients(metric: Metric) -> str:
    if For.ORGANIZATION not in metric.scopes:
        return ""
    if isinstance(metric, Derived):
        return "Worked out for each client, segment and the company from their own inputs."
    if isinstance(metric, Manual):
        return "Entered for each."
    return "The company is the sum of its clients, its own organizations, and what is not linked."


def _scopes(metric: Metric) -> str:
    return "The company, its clients and segments" if For.ORGANIZATION in metric.scopes else "The company"


def _goal(metric: Metric, goal: Goal | None) -> str:
    if goal is None:
        return ""
    lines = (goal.target, goal.ceiling, goal.warn_at)
    target, ceiling, warn = (formats.of(metric, Decimal(line)) if line else "" for line in lines)
    told = GOALS[goal.direction].format(target, ceiling)
    return f"{told}, near to it as far as {warn}" if warn else told


def _decision(row: PutInForce) -> Decision:
    since = "since ever" if row.from_on == EARLIEST else f"from {formats.day(row.from_on)}"
    return Decision(row.version, since, row.note, row.by)


def _pages(metric: Metric) -> Iterator[Piece]:
    """Pages that show it, by what their panels declare."""
    for page in PAGES:
        panels: Sequence[Any] = [panel for row in (*page.rows, *(page.client_rows or ())) for panel in row]
        if any(metric.key in (*panel.metrics, *panel.guarded_by) for panel in panels):
            yield Piece(page.title, reverse(page.name))
