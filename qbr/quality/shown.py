"""Findings as they are shown: by rule, the first of each with how many there are, worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from metrics import quality
from metrics.definitions import CATALOGUE
from metrics.models import Finding, Period, Scope
from metrics.periods import Month, Quarter, Span
from metrics.reading import Person
from qbr import access
from qbr.quality.asked import Asked

FIRST = 10  # of a rule, among others
A_PAGE = 100  # of a rule by itself

BESIDE = ("period", "scope__organization", "connection", "owner", "decided_by")  # what a row says beside itself

TONES = {Finding.Severity.STOP: "act", Finding.Severity.WATCH: "watch", Finding.Severity.NOTE: ""}
ADDRESSED = (Scope.Kind.COMPANY, Scope.Kind.ORGANIZATION)  # whose numbers have a working of their own
WORST_FIRST = [Finding.Severity.STOP, Finding.Severity.WATCH, Finding.Severity.NOTE]


@dataclass(frozen=True)
class Row:
    """One finding: whom and when it is about, in words, and where the number it touches is worked out."""

    finding: Finding
    whom: str
    client: str  # the slug, for its page
    when: str
    number: str  # an address; empty where it touches no one number
    metric: str
    mine: bool  # whether this person may decide about it


@dataclass(frozen=True)
class Group:
    """One rule's findings: the first of them, and how many there are."""

    rule: quality.Rule
    count: int
    rows: Sequence[Row]
    all_of_it: str  # an address; empty where all of them are shown
    earlier: str = ""
    later: str = ""
    span: str = ""

    @property
    def tone(self) -> str:
        return TONES[self.rule.severity]

    @property
    def severity(self) -> str:
        return self.rule.severity.label

    @property
    def decidable(self) -> bool:
        return any(row.mine for row in self.rows)


@dataclass(frozen=True)
class Side:
    label: str
    text: str
    href: str  # the working of the figure


@dataclass(frozen=True)
class StripLine:
    """A line of the reconciliation strip as it is written."""

    title: str
    when: str
    left: Side
    right: Side
    verdict: str
    within: bool


def strip(person: Person, period: Span) -> list[StripLine]:
    def side(line: quality.Line, of: quality.Side) -> Side:
        return Side(of.label, line.told(of.value), _address(of.metric, "", str(period)))

    return [
        StripLine(line.title, line.when, side(line, line.left), side(line, line.right), line.verdict, line.within)
        for line in quality.strip(person, period)
    ]


def groups(person: Person, asked: Asked) -> list[Group]:
    """The findings asked for by rule, in four statements however many there are."""
    found = asked.findings(person)
    counts = dict(found.order_by().values_list("rule").annotate(Count("pk")))
    alone = "rule" in asked.values
    rows = _page(found, asked) if alone else _first(found)
    by_rule: dict[str, list[Row]] = defaultdict(list)
    for finding in rows:
        by_rule[finding.rule].append(_row(finding, person))
    told = (rule for rule in quality.RULES.values() if rule.key in counts)
    ordered = sorted(told, key=lambda rule: WORST_FIRST.index(rule.severity))
    return [_group(rule, counts[rule.key], by_rule[rule.key], asked, alone) for rule in ordered]


def _group(rule: quality.Rule, count: int, rows: Sequence[Row], asked: Asked, alone: bool) -> Group:
    if not alone:
        return Group(rule, count, rows, asked.address(rule=rule.key) if count > len(rows) else "")
    start = (asked.page - 1) * A_PAGE
    return Group(
        rule, count, rows, "",
        earlier=asked.address(page=asked.page - 1) if start else "",
        later=asked.address(page=asked.page + 1) if start + len(rows) < count else "",
        span=f"{start + 1:,} to {start + len(rows):,} of {count:,}" if count > len(rows) else "",
    )


def _page(found: QuerySet[Finding], asked: Asked) -> Iterable[Finding]:
    start = (asked.page - 1) * A_PAGE
    newest = F("period__starts_on").desc(nulls_first=True)
    return found.select_related(*BESIDE).order_by(newest, "pk")[start : start + A_PAGE]


def _first(found: QuerySet[Finding]) -> Iterable[Finding]:
    """The newest of each rule."""
    newest = (F("period__starts_on").desc(nulls_first=True), F("pk").asc())
    placed = found.annotate(place=Window(RowNumber(), partition_by=[F("rule")], order_by=newest))
    return placed.filter(place__lte=FIRST).select_related(*BESIDE).order_by("rule", "place")


def _row(finding: Finding, person: Person) -> Row:
    organization = finding.scope.organization if finding.scope else None
    whom = organization.name if organization else finding.connection.label if finding.connection else ""
    if finding.scope and not organization:
        whom = Scope.Kind(finding.scope.kind).label
    client = organization.slug if organization else ""
    return Row(
        finding, whom, client, _when(finding), _number(finding, client),
        CATALOGUE[finding.metric].label if finding.metric in CATALOGUE else "", may_decide(person, finding),
    )


def _when(finding: Finding) -> str:
    period = _span(finding.period)
    return period.label if period else ""


def _span(row: Period | None) -> Span | None:
    return None if row is None else (Quarter if row.grain == "quarter" else Month).holding(row.starts_on)


def _number(finding: Finding, client: str) -> str:
    """The working of the number it is about, for the company or a client."""
    if finding.metric not in CATALOGUE or finding.scope is None or finding.scope.kind not in ADDRESSED:
        return ""
    period = _span(finding.period)
    return _address(finding.metric, client, str(period) if period else "")


def _address(metric: str, client: str, period: str) -> str:
    asked = {name: text for name, text in (("client", client), ("period", period)) if text}
    return f"{reverse('number', args=[metric])}?{urlencode(asked)}"


def may_decide(person: Person, finding: Finding) -> bool:
    """Whoever enters numbers answers for them, and whoever a finding was given to answers for that."""
    return access.may_enter(person) or finding.owner_id == person.pk


def lives(person: Person, asked: Asked) -> list[tuple[str, int, str, bool]]:
    """Open, accepted, fixed: in words, how many the filters keep, the address, whether it is shown."""
    counts: Mapping[str, int] = dict(
        asked.filtered(quality.visible(person)).order_by().values_list("life").annotate(Count("pk"))
    )
    return [
        (life.label, counts.get(life.value, 0), asked.address(life=life.value), life == asked.life)
        for life in Finding.Life
    ]
