"""Formulas: a tiny grammar, three-valued arithmetic, and the same formula as SQL. Pure; knows no database.

A formula knows + - * / and brackets, plain numbers and words (metric keys, rule names, `months`, `months_in_year`).
A missing input makes the result missing, a division by zero undefined; neither is ever zero. Division runs at full
precision and the result is rounded half away from zero once, to eight places.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

PLACES = Decimal("0.00000001")
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
SQL_PLACES = 40  # digits after the point that PostgreSQL keeps while it divides

MONTHS = "months"  # months measured in the period
MONTHS_IN_YEAR = "months_in_year"
OWN_WORDS = frozenset({MONTHS, MONTHS_IN_YEAR})

SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
BINDS: Mapping[str, int] = {"+": 1, "-": 1, "*": 2, "/": 2}


class Unreadable(ValueError):
    """The text is no formula; the message says what is wrong with it."""


@dataclass(frozen=True)
class Number:
    value: Decimal


@dataclass(frozen=True)
class Word:
    name: str


@dataclass(frozen=True)
class Minus:
    of: Term


@dataclass(frozen=True)
class Pair:
    sign: str
    left: Term
    right: Term


Term = Number | Word | Minus | Pair


@dataclass(frozen=True)
class Formula:
    """A formula as text and as a tree; `words` are the inputs it reads, in the order it names them."""

    text: str
    term: Term
    words: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The words somebody has to give: metric keys and rule names."""
        return tuple(word for word in self.words if word not in OWN_WORDS)


@dataclass(frozen=True)
class Result:
    """A value, or why there is none: the words that were missing, or a division by zero."""

    value: Decimal | None
    missing: tuple[str, ...] = ()
    undefined: bool = False


@cache
def parse(text: str) -> Formula:
    """Read a formula. Raises Unreadable with a sentence that names the part it does not know."""
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise Unreadable(f"“{text}” is no formula: {error.msg}.") from error
    words: dict[str, None] = {}
    term = _term(body, text.strip(), words)
    return Formula(text.strip(), term, tuple(words))


def _term(node: ast.expr, text: str, words: dict[str, None]) -> Term:
    match node:
        case ast.Name(id=name):
            words[name] = None
            return Word(name)
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return Number(Decimal(ast.get_source_segment(text, node) or "").normalize())
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Minus(_term(operand, text, words))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in SIGNS:
            return Pair(SIGNS[type(operator)], _term(left, text, words), _term(right, text, words))
    raise Unreadable(f"“{ast.get_source_segment(text, node)}” is not part of a formula: write + - * / and brackets.")


def rounded(value: Decimal) -> Decimal:
    """To eight places, half away from zero: the precision values are stored with."""
    return value.quantize(PLACES, rounding=ROUND_HALF_UP, context=EXACT)


def evaluate(formula: Formula, values: Mapping[str, Decimal | int | None]) -> Result:
    """The formula's value where every word has one. A word that is absent or None is missing."""
    missing = tuple(word for word in formula.words if values.get(word) is None and word != MONTHS_IN_YEAR)
    if missing:
        return Result(None, missing=missing)
    known = {word: Decimal(value) for word, value in values.items() if value is not None}
    exact = _value(formula.term, {MONTHS_IN_YEAR: Decimal(12), **known})
    return Result(None, undefined=True) if exact is None else Result(rounded(exact))


def _value(term: Term, values: Mapping[str, Decimal]) -> Decimal | None:
    """None where it divides by zero."""
    match term:
        case Number(value):
            return value
        case Word(name):
            return values[name]
        case Minus(of):
            positive = _value(of, values)
            return None if positive is None else EXACT.minus(positive)
        case Pair(sign, left_term, right_term):
            left, right = _value(left_term, values), _value(right_term, values)
            if left is None or right is None or (sign == "/" and right == 0):
                return None
            apply = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply, "/": EXACT.divide}[sign]
            return apply(left, right)


def to_sql(formula: Formula, column: Callable[[str], str]) -> str:
    """The same arithmetic for PostgreSQL: NULL where an input is missing or it divides by zero."""

    def text(term: Term) -> str:
        match term:
            case Number(value):
                return f"{value:f}::numeric"
            case Word(name):
                return "12::numeric" if name == MONTHS_IN_YEAR else column(name)
            case Minus(of):
                return f"(-{text(of)})"
            case Pair("/", left, right):
                # PostgreSQL divides to as many places as its operands show, so the dividend is made to show them.
                return f"(round({text(left)}, {SQL_PLACES}) / nullif({text(right)}, 0))"
            case Pair(sign, left, right):
                return f"({text(left)} {sign} {text(right)})"

    return f"round({text(formula.term)}, {-int(PLACES.adjusted())})"


def working(formula: Formula, values: Mapping[str, str]) -> str:
    """The formula with values put in, such as “452.08 / 594 / 3”; a word without a value stays as it is."""

    def text(term: Term, binds: int) -> str:
        match term:
            case Number(value):
                return f"{value:f}"
            case Word(name):
                shown = values.get(name, "12" if name == MONTHS_IN_YEAR else name)
                return f"({shown})" if binds and shown.startswith(("-", "−")) else shown
            case Minus(of):
                return f"-{text(of, 3)}"
            case Pair(sign, left, right):
                own = BINDS[sign]
                inside = f"{text(left, own)} {sign} {text(right, own + 1)}"
                return f"({inside})" if own < binds else inside

    return text(formula.term, 0)
