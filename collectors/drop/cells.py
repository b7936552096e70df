"""What stands in a cell: text made a day, a number, a flag, however people and programs write it.

03/04/2026 and 1,234 can be read two ways. Which one a file means is told by its other cells; where none tells, such a
cell is set aside: a guess would be wrong by a month, or a thousand times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from collectors.convert import hashed
from collectors.drop.declare import Column, Kind

ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
NUMBERS_DAY = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})")
NAMED_DAY = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4})|([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?: ?([AaPp])\.?[Mm]\.?)?")
ISO_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]0?1)?")
MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
NAMED_MONTH = re.compile(r"([A-Za-z]{3,9})\.?[ ,'’/-]*(\d{4}|\d{2})")
NUMBER = re.compile(r"[+-]?(?:\d[\d.,]*|[.,]\d+)", re.ASCII)
MARKS = re.compile(r"[\s\u00a0\u202f'’$€£¥]|^(?:USD|CAD|AUD|NZD|EUR|GBP|CHF)|(?:USD|CAD|AUD|NZD|EUR|GBP|CHF)$")
YES = frozenset({"yes", "y", "true", "1", "x", "on"})
NO = frozenset({"no", "n", "false", "0", "off"})
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FORMULA = "=+-@\t\r"


@dataclass(frozen=True)
class Habits:
    """How a file writes days and numbers, as far as its cells tell."""

    zone: ZoneInfo
    day_first: bool | None = None  # of days in figures; None: no cell tells, or they contradict each other
    decimal: str = ""  # "." or ","; "": no cell tells


def habits(cells: Iterable[tuple[Kind, str]], zone: ZoneInfo, delimiter: str) -> Habits:
    """What the cells of a file tell of how it writes. Commas between cells leave the point to numbers."""
    orders: set[bool] = set()
    points: set[str] = set()
    for kind, text in cells:
        if kind in (Kind.DAY, Kind.MOMENT) and (found := NUMBERS_DAY.match(text)):
            first, second = int(found[1]), int(found[3])
            if found[2] == ".":
                orders.add(True)  # nobody writes month.day.year
            elif (first > 12) is not (second > 12):
                orders.add(first > 12)
        elif kind is Kind.NUMBER and (point := _point(MARKS.sub("", text).strip("()+-"))):
            points.add(point)
    day_first = orders.pop() if len(orders) == 1 else None
    point = points.pop() if len(points) == 1 else "" if points or delimiter == ";" else "."
    return Habits(zone, day_first, point)


def _point(text: str) -> str:
    """Which sign stands before the fraction, where the number alone tells."""
    dot, comma = text.rfind("."), text.rfind(",")
    if dot >= 0 and comma >= 0:
        return "." if dot > comma else ","
    sign = "." if dot >= 0 else "," if comma >= 0 else ""
    if not sign:
        return ""
    if text.count(sign) > 1:  # between thousands
        return "," if sign == "." else "."
    whole, _, fraction = text.partition(sign)
    return sign if len(fraction) != 3 or whole in ("", "0") or len(whole) > 3 else ""


def value(column: Column, text: str, told: Habits) -> Any:
    """What the cell means. Raises ValueError with a plain reason."""
    match column.kind:
        case Kind.MOMENT:
            return moment(text, told)
        case Kind.DAY:
            return _read(text, told).date()
        case Kind.MONTH:
            return month(text, told)
        case Kind.NUMBER:
            return number(text, told.decimal)
        case Kind.WHOLE:
            return whole(text, told.decimal)
        case Kind.FLAG:
            return flag(text)
        case Kind.CHOICE:
            return choice(column, text)
        case Kind.PERSON:
            return hashed(text)
    return text


def moment(text: str, told: Habits) -> datetime:
    """A moment in UTC; without its offset the clock is the business's, and a day alone is its midnight."""
    found = _read(text, told)
    return (found if found.tzinfo else found.replace(tzinfo=told.zone)).astimezone(UTC)


def _read(text: str, told: Habits) -> datetime:
    """The day and time as they are written: a plain day keeps its date, whatever offset its midnight has."""
    try:
        if ISO_DAY.match(text) and (":" in text or len(text) <= 10):
            found = datetime.fromisoformat(text) if len(text) >= 10 else datetime.combine(_iso(text), time())
        else:
            found = _written(text, told)
    except ValueError as fault:
        reason = str(fault) if isinstance(fault, Ambiguous) else f"“{text[:40]}” is no day; write it as 2026-04-30"
        raise ValueError(reason) from None
    if found.year not in range(1970, 2200):
        raise ValueError(f"“{text[:40]}” is a day outside of history")
    return found


class Ambiguous(ValueError):
    """It can be read two ways."""


def _iso(text: str) -> date:
    found = ISO_DAY.fullmatch(text)
    if not found:
        raise ValueError(text)
    return date(*map(int, found.groups()))


def _written(text: str, told: Habits) -> datetime:
    clock = CLOCK.search(text)
    day = text[: clock.start()].rstrip(" T,") if clock else text
    return datetime.combine(_day(day, told), _clock(clock) if clock else time())


def _day(text: str, told: Habits) -> date:
    if ISO_DAY.fullmatch(text):
        return _iso(text)
    if found := NUMBERS_DAY.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), _year(found[4])
        day_first = first > 12 if (first > 12) is not (second > 12) else found[2] == "." or told.day_first
        if day_first is None and first != second:
            raise Ambiguous(f"“{text}” can be read two ways; write it as 2026-04-30")
        return date(year, second, first) if day_first else date(year, first, second)
    if found := NAMED_DAY.fullmatch(text):
        day, name, year_text = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        return date(int(year_text), _month_named(name), int(day))
    raise ValueError(text)


def _clock(found: re.Match[str]) -> time:
    hour, half = int(found[1]), (found[4] or "").lower()
    if half and not 1 <= hour <= 12:
        raise ValueError(found[0])
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    return time(hour, int(found[2]), int(found[3] or 0))


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _month_named(name: str) -> int:
    short = name[:3].lower()
    if short not in MONTHS:
        raise ValueError(name)
    return MONTHS.index(short) + 1


def month(text: str, told: Habits) -> date:
    """The first day of a month, from 2026-04, 04/2026, Apr 2026, or any day in it."""
    try:
        if found := ISO_MONTH.fullmatch(text):
            return date(int(found[1]), int(found[2]), 1)
        if found := MONTH_YEAR.fullmatch(text):
            return date(int(found[2]), int(found[1]), 1)
        if found := NAMED_MONTH.fullmatch(text):
            return date(_year(found[2]), _month_named(found[1]), 1)
        return _read(text, told).date().replace(day=1)
    except Ambiguous:
        raise
    except ValueError:
        raise ValueError(f"“{text[:40]}” is no month; write it as 2026-04") from None


def number(text: str, point: str = ".") -> Decimal:
    """An exact number: 1234.50, 1,234.50, 1.234,50, $1,234.50, and below nought -5, (5) or 5-."""
    plain = MARKS.sub("", text)
    negative = (plain.startswith("(") and plain.endswith(")")) or plain.endswith("-")
    plain = MARKS.sub("", plain.strip("()") if negative else plain).removesuffix("-" if negative else " ")
    if not NUMBER.fullmatch(plain):
        raise ValueError(f"“{text[:40]}” is no number")
    sign = _point(plain.lstrip("+-")) or ("" if not re.search("[.,]", plain) else point)
    if not sign and re.search("[.,]", plain):
        raise ValueError(f"“{text[:40]}” can be read two ways; write it without a sign between thousands")
    grouped = "," if sign == "." else "."
    if sign and grouped in plain and not re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(grouped)}\d{{3}})+"
                                                      rf"(?:{re.escape(sign)}\d*)?", plain):  # fmt: skip
        raise ValueError(f"“{text[:40]}” is no number")
    try:
        found = Decimal(plain.replace(grouped, "").replace(sign, ".") if sign else plain)
    except InvalidOperation:
        raise ValueError(f"“{text[:40]}” is no number") from None
    return -found if negative else found


def whole(text: str, point: str = ".") -> int:
    found = number(text, point or ".")
    if found != found.to_integral_value():
        raise ValueError(f"“{text[:40]}” is no whole number")
    return int(found)


def flag(text: str) -> bool:
    if text.casefold() in YES:
        return True
    if text.casefold() in NO:
        return False
    raise ValueError(f"“{text[:40]}” is neither yes nor no")


def choice(column: Column, text: str) -> str:
    wanted = {theirs.casefold(): ours for theirs, ours in column.choices.items()}
    found = wanted.get(text.casefold())
    if found is None:
        raise ValueError(f"“{text[:40]}” is not one of {', '.join(column.choices)}")
    return found


def harmless(text: str) -> str:
    """The text for a cell or report that a spreadsheet may open: nothing it would run as a formula."""
    return "'" + text if text.startswith(tuple(FORMULA)) else text
