"""The working of one number, written for people: value, formula, inputs, rules, systems, entries and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models.functions import Lower, Trim
from django.http import Http404
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from metrics import comparisons, reading, working
from metrics.declare import For, Unit
from metrics.definitions import CATALOGUE
from metrics.models import Origin
from metrics.reading import NOT_LINKED, Number, ScopeRef, client
from metrics.working import EntryMade, Working
from qbr import access
from qbr.pages import formats, formula_shown, rows_shown, tables
from qbr.pages.beside_number import Beside, alone, beside
from qbr.pages.filters import Question
from qbr.pages.formula_shown import Piece
from qbr.pages.panels.tiles import SPARK_MONTHS, tile
from qbr.pages.rows_shown import Listed
from qbr.pages.tables import Cell, Column, Line, Table

UNKNOWN = "There is no such number."


@dataclass(frozen=True)
class Figure:
    """The number itself, large."""

    text: str
    why: str
    css: str
    state: tuple[str, str] | None = None
    goal: str = ""
    spark: SafeString | str = ""


@dataclass(frozen=True)
class NumberShown:
    label: str
    meaning: str
    over: str  # the period it is of: “Q3 2026, Jul to Sep”
    tile: Figure
    formula: tuple[Piece, ...]
    formula_with_values: tuple[Piece, ...]
    result: str
    across: str
    inputs: Table | None
    months: Table | None
    parts: Table | None  # of the company its segments and what is not linked, of a segment its clients
    facts: tuple[tuple[str, str], ...]
    systems: Table | None
    versions: Table | None
    definition: str  # where all of the metric's versions are described; empty where there is no such page
    rows: Listed | None
    entries: Table | None
    beside: tuple[Beside, ...]
    address: str  # the working by itself


def shown(metric: str, question: Question) -> NumberShown:
    """Raises Http404 for a metric that does not exist, or that this person may not see: the two look alike."""
    explained = _explained(metric, question)
    number = explained.number

    def address(key: str) -> str:
        return question.number_address(key, number.scope, number.period, to_date=explained.to_date)

    return NumberShown(
        label=number.metric.label,
        meaning=explained.meaning,
        over=_over(question),
        tile=_figure(number, question),
        formula=formula_shown.in_words(explained, address),
        formula_with_values=formula_shown.with_values(explained, address),
        result=formula_shown.result(number.metric, number.value),
        across=explained.across,
        inputs=_inputs(explained, question) if explained.inputs else None,
        months=_months(explained, question),
        parts=_parts(explained, question),
        facts=tuple(_facts(explained, question)),
        systems=_systems(explained, question) if explained.systems else None,
        versions=_versions(explained, question) if len(explained.versions) > 1 else None,
        definition=_definition_page(metric),
        rows=rows_shown.listed(explained, question) if explained.has_rows and number.scope.kind != "segment" else None,
        entries=_entries(explained, question) if explained.entries else None,
        beside=() if explained.to_date else tuple(beside(explained, question)),
        address=address(metric),
    )


def part(metric: str, name: str, question: Question) -> Beside:
    """One part beside a number by itself. Raises Http404 where there is none, or nothing to say."""
    found = alone(name, _explained(metric, question), question)
    if found is None:
        raise Http404("There is no such part.")
    return found


def _explained(metric: str, question: Question) -> Working:
    key, scope, period = _known(metric, question), question.scope, question.period
    explained = working.explain(question.person, key, scope, period, to_date=question.to_date)
    if explained is None:
        raise Http404(UNKNOWN)
    return explained


def _over(question: Question) -> str:
    if question.to_date:
        return f"Year to date, through {question.period.label}"
    if question.period.of_months == 1:
        return question.period.label
    return f"{question.period.label}, {formats.months_of(question.period)}"


def _definition_page(metric: str) -> str:
    """The list of every metric, where there is one, at this metric."""
    try:
        return f"{reverse('definitions')}#{metric}"
    except NoReverseMatch:
        return ""


def rows_table(metric: str, question: Question) -> Table:
    """All rows behind a number, for a file. Raises Http404 as `shown` does."""
    return rows_shown.rows_table(_known(metric, question), question)


def _known(metric: str, question: Question) -> str:
    if metric not in CATALOGUE or not reading.may_see(question.person, CATALOGUE[metric]):
        raise Http404(UNKNOWN)
    return metric


def _figure(number: Number, question: Question) -> Figure:
    key, period = number.metric.key, question.period
    if question.to_date:  # its value alone: goals and trends are of periods
        css = "missing" if number.value is None else "" if number.is_final else "provisional"
        return Figure(formats.of(number.metric, number.value, formats.Style.TILE), formats.why(number), css)
    asked = (period, comparisons.previous(period)[1], comparisons.year_ago(period)[1], *question.months[-SPARK_MONTHS:])
    shown = tile(key, question, reading.numbers(question.person, [key], [question.scope], asked))
    return Figure(shown.text, shown.why, shown.css, shown.state, shown.goal, shown.spark)


def _inputs(explained: Working, question: Question) -> Table:
    """Each with its own working, exactly as it went in, and why where it did not."""
    return Table(
        "Inputs",
        (Column("Input"), Column("Value", Unit.COUNT), Column("Exactly", Unit.COUNT)),
        tuple(
            Line((
                tables.text(each.metric.label),
                tables.number(each, question, to_date=explained.to_date),
                Cell(_exact(each) or formats.MISSING, each.value, is_number=True),
            ))
            for each in explained.inputs
        ),
    )  # fmt: skip


def _months(explained: Working, question: Question) -> Table | None:
    if not explained.months:
        return None
    return Table(
        "Months",
        (Column("Month"), Column("Value", explained.number.metric.unit)),
        tuple(Line((tables.text(each.period.label), tables.number(each, question))) for each in explained.months),
    )


def _parts(explained: Working, question: Question) -> Table | None:
    """Each with its own working. The year to date is not told in parts."""
    number = explained.number
    named = {} if explained.to_date or not number.metric.is_for(For.ORGANIZATION) else _whose_parts(number.scope)
    found = reading.numbers(question.person, [number.metric.key], named, [number.period]) if named else {}
    there = [each for each in found.values() if each.version is not None]  # a part without a value is no part
    if not there:
        return None
    return Table(
        "Clients" if number.scope.kind == "segment" else "Segments and what is not linked",
        (Column("For whom"), Column("Value", number.metric.unit)),
        tuple(Line((tables.text(named[each.scope]), tables.number(each, question))) for each in there),
    )


def _whose_parts(scope: ScopeRef) -> dict[ScopeRef, str]:
    """What lies one step below a scope, with its name."""
    if scope.is_company:
        return {each: f"Segment {each.slug}" for each in reading.segments()} | {NOT_LINKED: "Not linked"}
    if scope.kind != "segment":
        return {}
    held = access.clients().annotate(named=Lower(Trim("segment"))).filter(named=scope.slug.strip().lower())
    return {client(slug): name for slug, name in held.order_by("name").values_list("slug", "name")}


def _systems(explained: Working, question: Question) -> Table:
    """The reads behind it and how fresh they are."""
    return Table(
        "Reads",
        (Column("System"), Column("What is read"), Column("Read through"), Column("By run")),
        tuple(
            Line((
                tables.text(each.connection, why=each.vendor if each.vendor != each.connection else ""),
                tables.text(each.records),
                tables.text(
                    formats.moment(each.read_through, question.zone), why=formats.age(each.read_through, question.now)
                ),
                tables.text(f"{each.run:,}" if each.run else ""),
            ))
            for each in explained.systems
        ),
    )  # fmt: skip


def _versions(explained: Working, question: Question) -> Table:
    """Each version of the definition and what changed with it; the one this number was worked out by is marked."""
    mine = explained.number.version
    return Table(
        "Versions",
        (Column("Version"), Column("Since"), Column("What it does otherwise")),
        tuple(
            Line((
                tables.text(f"Version {each.version}", why="this number's" if each.version == mine else ""),
                tables.on_day(each.since),
                tables.text(each.note),
            ))
            for each in explained.versions
        ),
    )  # fmt: skip


def _facts(explained: Working, question: Question) -> list[tuple[str, str]]:
    number, made = explained.number, explained.provenance
    said = [
        ("Exact value", _exact(number)),
        ("Where it comes from", number.origin.label.capitalize() if number.value is not None else ""),
    ]
    if number.origin is Origin.CORRECTED and number.collected is not None:
        said.append(("Collected value beneath it", formats.of(number.metric, number.collected)))
    if number.months is not None and number.of_months:
        said.append(("Months measured", f"{number.months} of {number.of_months}"))
    said.append(("Resolved", ", ".join(each.words for each in explained.resolved)))
    said.append(("What is counted", explained.counted))
    if number.fact_rows is not None:
        said.append(("Rows counted", f"{number.fact_rows:,}"))
    said += [(rule.label, rule.value) for rule in explained.rules]
    if under := reading.stands_on(number):
        said.append(("Worked out with", _under(under)))
    if made:
        said += [("Definition", f"version {made.version}"), ("Worked out", formats.moment(made.at, question.zone))]
    return [(name, text) for name, text in said if text]


def _under(versions: Sequence[tuple[str, int]]) -> str:
    """“Reactive hours under version 2”."""
    return ", ".join(f"{CATALOGUE[key].label} under version {version}" for key, version in versions)


def _exact(number: Number) -> str:
    if number.value is None:
        return ""
    return f"{number.value.normalize():,f}".replace("-", formats.MINUS)


def _entries(explained: Working, question: Question) -> Table:
    columns = (
        Column("Month"),
        Column("What"),
        Column("Value", explained.number.metric.unit),
        Column("By"),
        Column("When"),
        Column("Why"),
    )
    return Table(
        "Entries", columns, tuple(Line(_entry(each, explained.number, question)) for each in explained.entries)
    )


def _entry(made: EntryMade, number: Number, question: Question) -> tuple[Cell, ...]:
    stands = "" if made.superseded_at is None else f"until {formats.moment(made.superseded_at, question.zone)}"
    value = Cell(formats.of(number.metric, made.value), made.value, is_number=True)
    return (
        tables.text(made.month.label),
        tables.text(str(made.kind.label), why=stands),
        value,
        tables.text(made.by),
        tables.text(formats.moment(made.at, question.zone)),
        tables.text(made.note),
    )
