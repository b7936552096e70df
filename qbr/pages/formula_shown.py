"""A formula as a person reads it: “452.08 h / 594 endpoints / 3 months”, each input a link to its own working."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from metrics.declare import Median, Metric, Unit
from metrics.definitions import CATALOGUE
from metrics.formula import BINDS, MONTHS, MONTHS_IN_YEAR, Minus, Number, Pair, Term, Word
from metrics.settings import SETTINGS
from metrics.typed import plain_decimal
from metrics.working import Working
from qbr.pages import formats

SIGNS = {"+": "+", "-": formats.MINUS, "*": "×", "/": "/"}
PLACES = Decimal("0.0001")  # of a figure in a formula; the exact value stands beside it
NOUNS = {  # what a count is of, where its label is no noun
    "endpoints_managed": "endpoints", "seats_managed": "seats", "managed_services_agreements": "agreements",
    "first_time_appointments": "appointments", "telemarketing_dials": "dials", "agreement_seats": "seats",
}  # fmt: skip
RULES = {"hours_per_month": "h a month"}


@dataclass(frozen=True)
class Piece:
    """Some text of a formula, and where it leads."""

    text: str
    href: str = ""


def in_words(explained: Working, address: Callable[[str], str]) -> tuple[Piece, ...]:
    """The formula with the names of its inputs, or its words; nothing where the number has none."""
    if explained.parsed is None and explained.formula:
        return (Piece(explained.formula[0].upper() + explained.formula[1:]),)
    return _pieces(explained, lambda word: _name(word), address)


def with_values(explained: Working, address: Callable[[str], str]) -> tuple[Piece, ...]:
    """The formula with each input's value and unit; nothing where one may not be seen."""
    if not explained.put_in:
        return ()
    return _pieces(explained, lambda word: _value(word, explained.put_in.get(word)), address)


def result(metric: Metric, value: Decimal | None) -> str:
    """What a formula comes to, as it is written behind the last equals sign: hours a thing are not hours."""
    unit = Unit.RATE if metric.unit is Unit.HOURS and not isinstance(metric, Median) else metric.unit
    return formats.MISSING if value is None else _written(unit, value)


def _pieces(
    explained: Working, text: Callable[[str], str], address: Callable[[str], str]
) -> tuple[Piece, ...]:
    if explained.parsed is None:
        return ()
    seen = {each.metric.key for each in explained.inputs}
    return tuple(_joined(_walk(
        explained.parsed.term, 0, lambda word: Piece(text(word), address(word) if word in seen else "")
    )))  # fmt: skip


def _walk(term: Term, binds: int, word: Callable[[str], Piece]) -> Iterator[Piece]:
    match term:
        case Number(value):
            yield Piece(plain_decimal(value))
        case Word(name):
            piece = word(name)
            inside = binds and piece.text.startswith(formats.MINUS)
            yield from (Piece("("), piece, Piece(")")) if inside else (piece,)
        case Minus(of):
            yield Piece(formats.MINUS)
            yield from _walk(of, 3, word)
        case Pair(sign, left, right):
            own = BINDS[sign]
            if own < binds:
                yield Piece("(")
            yield from _walk(left, own, word)
            yield Piece(f" {SIGNS[sign]} ")
            yield from _walk(right, own + 1, word)
            if own < binds:
                yield Piece(")")


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Neighbours that lead nowhere become one."""
    held = ""
    for piece in pieces:
        if piece.href:
            if held:
                yield Piece(held)
            yield piece
            held = ""
        else:
            held += piece.text
    if held:
        yield Piece(held)


def _name(word: str) -> str:
    if word in CATALOGUE:
        return CATALOGUE[word].label
    if word in SETTINGS:
        return SETTINGS[word].label.lower()
    return {MONTHS: "months", MONTHS_IN_YEAR: "12 months a year"}[word]


def _value(word: str, value: Decimal | None) -> str:
    if value is None:
        return _name(word)
    if word == MONTHS:
        return formats.plural(int(value), "month")
    if word == MONTHS_IN_YEAR:
        return "12 months a year"
    if word not in CATALOGUE:
        return f"{plain_decimal(value)} {RULES.get(word, '')}".strip()
    metric = CATALOGUE[word]
    noun = f" {NOUNS.get(word, _lower(metric.label))}" if metric.unit is Unit.COUNT else ""
    return f"{_written(metric.unit, value)}{noun}"


def _written(unit: Unit, value: Decimal) -> str:
    """To four places and no more than it has; a true minus."""
    sign = formats.MINUS if value < 0 else ""
    size = abs(value)
    short = Decimal(plain_decimal(size.quantize(PLACES, ROUND_HALF_UP)))
    match unit:
        case Unit.MONEY:
            return f"{sign}${size.quantize(Decimal('0.01'), ROUND_HALF_UP):,f}"
        case Unit.HOURS:
            return f"{sign}{short:,f} h"
        case Unit.PERCENT:
            return f"{sign}{short:,f}%"
    return f"{sign}{short:,f}"


def _lower(label: str) -> str:
    """MRR and the like keep their capitals."""
    return label if label[:2].isupper() else label[0].lower() + label[1:]
