"""What changed: a sentence, and the parts of the change by factor, input, client, queue, ticket type, ..."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from metrics import comparisons
from metrics.changing import Changed, Part, Split, what_changed
from metrics.declare import Metric, Unit
from metrics.definitions import CATALOGUE
from metrics.periods import Span, Year
from metrics.reading import client
from metrics.working import Working
from qbr.pages import formats, tables
from qbr.pages.filters import Question
from qbr.pages.layout import Context
from qbr.pages.tables import Cell, Column, Line, Table

YEAR_AGO = "year"  # in the address, as against=year
SAID = 3  # parts a sentence names


@dataclass(frozen=True)
class Movers:
    """One table of parts with its heading."""

    title: str
    table: Table


def beside(explained: Working, question: Question) -> Context | None:
    """Against the previous period, or the same one a year ago where the address says so."""
    number = explained.number
    against, other = _against(number.period, question)
    found = what_changed(question.person, number.metric.key, number.scope, number.period, against)
    if found is None:
        return None
    return {
        "title": f"What changed since {against.label}",
        "sentence": sentence(found) if not found.refused else "",
        "refused": found.refused,
        "movers": [movers(split, found, question) for split in found.splits],
        "other": other.label,
        "other_address": question.address(
            against=YEAR_AGO if question.given.get("against") != YEAR_AGO else None, part=None
        ) + "#changed",
    }  # fmt: skip


def _against(period: Span, question: Question) -> tuple[Span, Span]:
    """The period it is held against, and the one it could be."""
    before, year_ago = comparisons.previous(period)[1], comparisons.year_ago(period)[1]
    if isinstance(period, Year):
        return before, before
    return (year_ago, before) if question.given.get("against") == YEAR_AGO else (before, year_ago)


def sentence(found: Changed) -> str:
    """“RHEM rose 0.038: more tickets per endpoint added 0.056, shorter tickets took off 0.018.”"""
    metric, change = found.now.metric, found.change
    assert change is not None
    name = metric.label.split(" (")[0]
    if not change and not any(part.change for split in found.splits for part in split.parts):
        return f"{name} did not change."
    moved = f"{'rose' if change > 0 else 'fell'} {_size(metric, change, change)}" if change else "is the same"
    why = f": {', '.join(_said(metric, found.splits[0], change))}" if found.splits else ""
    return f"{name} {moved}{why}."


def _said(metric: Metric, split: Split, whole: Decimal) -> list[str]:
    named = [part for part in split.parts if part.change][:SAID]
    said = [f"{part.words} {_did(metric, part.change, whole)}" for part in named]
    rest = split.rest + sum((part.change for part in split.parts if part not in named), Decimal(0))
    others = split.rest_of + sum(1 for part in split.parts if part.change) - len(named)
    if others:
        said.append(f"{formats.plural(others, 'other')} {_did(metric, rest, whole)}")
    if split.left:
        said.append(f"{_did(metric, split.left, whole)} was {split.left_words}")
    return said


def _did(metric: Metric, change: Decimal, whole: Decimal) -> str:
    return f"{'took off' if change < 0 else 'added'} {_size(metric, change, whole)}"


def _size(metric: Metric, change: Decimal, whole: Decimal) -> str:
    """Without its sign; where the whole is too small for the metric's own decimals, all of it with more of them."""
    text = formats.of(metric, abs(whole)).replace("%", " pp")
    if not whole or any(digit in text for digit in "123456789"):
        return formats.of(metric, abs(change)).replace("%", " pp")
    return formats.rounded(abs(change), min(8, 1 - whole.adjusted()))


def movers(split: Split, found: Changed, question: Question) -> Movers:
    now, base, metric = found.now, found.base, found.now.metric
    own = split.by not in ("factor", "input")  # its parts are amounts of the number itself
    columns = (
        Column(split.by.capitalize()), Column(base.period.label, metric.unit), Column(now.period.label, metric.unit),
        Column("Change", metric.unit),
    )  # fmt: skip
    lines = [_line(part, found, question, own=own) for part in split.parts]
    if split.rest_of:
        lines.append(_only(f"{split.rest_of:,} more", split.rest, found))
    if split.left:
        lines.append(_only(split.left_words.capitalize(), split.left, found))
    ends = (Cell(formats.of(metric, each.value), each.value, is_number=True) for each in (base, now))
    total = Line((tables.text("Together"), *ends, _change(split.total, found)), kind="total")
    title = f"By {split.by}"
    return Movers(title, Table(title, columns, (*lines, total)))


def _line(part: Part, found: Changed, question: Question, *, own: bool) -> Line:
    metric = found.now.metric if own else CATALOGUE.get(part.metric)
    if part.slug:
        href = question.number_address(found.now.metric.key, client(part.slug), found.now.period)
    else:
        href = question.number_address(part.metric, found.now.scope, found.now.period) if part.metric else ""
    ends = (
        Cell(formats.of(metric, value) if metric else formats.written(value, Unit.RATE), value, is_number=True)
        for value in (part.before, part.after)
    )
    name = part.name if own else part.name[:1].upper() + part.name[1:]
    return Line((tables.text(name, href), *ends, _change(part.change, found)))


def _only(name: str, change: Decimal, found: Changed) -> Line:
    nothing = Cell("", is_number=True)
    return Line((tables.text(name), nothing, nothing, _change(change, found)))


def _change(change: Decimal, found: Changed) -> Cell:
    """With its sign: a change is more or less."""
    sign = "+" if change > 0 else formats.MINUS if change < 0 else ""
    return Cell(f"{sign}{_size(found.now.metric, change, found.change or change)}", change, is_number=True)
