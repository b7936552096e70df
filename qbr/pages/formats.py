"""How a value is written: rounded once, here, half up; a true minus; and where there is none, why."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from zoneinfo import ZoneInfo

from metrics.declare import Metric, Unit
from metrics.models import State
from metrics.periods import MONTH_NAMES, Span
from metrics.reading import Number

MISSING = "—"
MINUS = "−"
THOUSAND, MILLION = Decimal(1_000), Decimal(1_000_000)


class Style(Enum):
    TABLE = "table"
    TILE = "tile"  # room for few digits: the exact value is one click away
    AXIS = "axis"
    WHOLE = "whole"  # money without cents, all down a table of large amounts
    LIST = "list"  # many things under each other: averages of counts whole, reasons short


def rounded(value: Decimal, places: int) -> str:
    """1,234.50 with a true minus; a value that rounds to nothing loses its sign."""
    fixed = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    sign = MINUS if fixed < 0 else ""
    return f"{sign}{abs(fixed):,.{places}f}"


def _is_whole(value: Decimal, places: int = 8) -> bool:
    """As far as it is told: a mean that is 848.00000001 in the store is 848 in cents."""
    return round(value, places) % 1 == 0


def money(value: Decimal, style: Style = Style.TABLE) -> str:
    """Whole dollars from 1,000 up and where there are no cents; thousands and millions on tiles and axes."""
    size = abs(value)
    short = style in (Style.TILE, Style.AXIS)
    if short and size >= MILLION:
        text = rounded(size / MILLION, 2 if style is Style.TILE else 1) + "M"
    elif short and size >= 10 * THOUSAND:
        text = rounded(size / THOUSAND, 1 if style is Style.TILE and size < 100 * THOUSAND else 0) + "k"
    else:
        text = rounded(size, 0 if style is Style.WHOLE or size >= THOUSAND or _is_whole(size, places=2) else 2)
    negative = value < 0 and any(digit in text for digit in "123456789")
    return f"{MINUS if negative else ''}${text}"


def percent(value: Decimal, style: Style = Style.TABLE) -> str:
    return rounded(value, 0 if style is Style.AXIS else 1) + "%"


def points(value: Decimal) -> str:
    """A difference of two percentages."""
    return f"{'+' if value > 0 else ''}{rounded(value, 1)} pp"


def hours(value: Decimal, style: Style = Style.TABLE) -> str:
    """Minutes under two hours, hours with one decimal above."""
    if style is not Style.AXIS and value and abs(value) < 2:
        minutes = value * 60
        return f"{rounded(minutes, 0 if _is_whole(minutes) or (abs(minutes) >= 10 and style is Style.TILE) else 1)} min"
    return f"{rounded(value, 0 if style is Style.AXIS else 1)} h"


def rate(value: Decimal, style: Style = Style.TABLE) -> str:
    return rounded(value, 2 if style in (Style.TILE, Style.AXIS) else 3)


def count(value: Decimal, style: Style = Style.TABLE) -> str:
    """Whole things without decimals; an average of things with two, a half with one."""
    if _is_whole(value) or style is Style.LIST:
        return rounded(value, 0)
    return rounded(value, 1 if _is_whole(value * 10) or style in (Style.TILE, Style.AXIS) else 2)


_WRITERS = {Unit.MONEY: money, Unit.PERCENT: percent, Unit.HOURS: hours, Unit.RATE: rate, Unit.COUNT: count}


def written(value: Decimal | int | None, unit: Unit, style: Style = Style.TABLE) -> str:
    return MISSING if value is None else _WRITERS[unit](Decimal(value), style)


UNIT_PRICES = frozenset({"aisp"})  # cents all down a column, also where there are none
AS_RATES = frozenset({"rhem"})  # hours for each endpoint are read beside tickets for each endpoint, as a plain rate


def of(metric: Metric, value: Decimal | int | None, style: Style = Style.TABLE) -> str:
    """A metric's value in its own unit."""
    if metric.key in UNIT_PRICES and value is not None and Decimal(value) < THOUSAND:
        return f"${rounded(Decimal(value), 2)}"  # a price for something is never negative
    return written(value, Unit.RATE if metric.key in AS_RATES else metric.unit, style)


RESOLVED = "resolved"  # ends the words that tell of coverage

# The word under a dash, where the value does not say its own cause.
REASONS = {
    State.INCOMPLETE: "incomplete",
    State.NOT_COLLECTED: "not collected",
    State.NOT_LINKED: "not linked",
    State.NOT_APPLICABLE: "does not apply",
    State.UNDEFINED: "nothing to divide by",
    State.INSUFFICIENT_COVERAGE: "too little covered",
    State.SO_FAR: "so far",
    State.MEASURED: "",
}


def reason(state: State, cause: str = "", style: Style = Style.TABLE) -> str:
    """In a few words; a measured value needs none."""
    if state is State.MEASURED:
        return ""
    if state is State.SO_FAR:
        return "so far"
    short = style is Style.LIST and state is not State.UNDEFINED
    return REASONS[state] if short or not cause else cause


def why(number: Number, style: Style = Style.TABLE) -> str:
    """What is said under a value: why it is missing or may still move, and how far it is resolved."""
    said = reason(number.state, number.cause, style)
    if number.is_whole or style is Style.LIST:
        return said
    if number.state is State.INSUFFICIENT_COVERAGE and said.endswith(RESOLVED):
        before, so_far, share = said.rpartition("so far, ")
        return f"{before}{so_far}only {share}"
    if number.state in (State.MEASURED, State.SO_FAR):
        return f"{said}, {number.cause}" if said else number.cause
    return said


def day(on: date) -> str:
    return f"{on.day} {MONTH_NAMES[on.month - 1]} {on.year}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M}"


def age(at: datetime, now: datetime) -> str:
    """How long ago, in one unit."""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            many = minutes // size
            return f"{many} {word}{'s' if many != 1 else ''} ago"
    return "just now"


def months_of(period: Span) -> str:
    """`Jan to Mar`, or the month itself."""
    first, last = period.months[0], period.months[-1]
    return (
        MONTH_NAMES[first.number - 1]
        if first == last
        else f"{MONTH_NAMES[first.number - 1]} to {MONTH_NAMES[last.number - 1]}"
    )


def plural(many: int, one: str, more: str = "") -> str:
    return f"{many:,} {one if many == 1 else more or one + 's'}"
