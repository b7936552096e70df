"""Numbers as people write them: “1,234.50”, “$1,234”, “(123)”, “12 %”, “−2,044”. Pure; knows no database."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from metrics.declare import Across, Derived, Manual, Metric, Stock, Total, Unit

PLACES = Decimal("0.00000001")  # values are stored to eight decimals
LARGEST = Decimal("999999999999")

SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]+")
MINUSES = str.maketrans("−–‒﹣－", "-----")
CURRENCY = re.compile(r"^(?:[$€£¥]|USD|EUR|GBP|CAD|AUD|US\$)|(?:[$€£¥]|USD|EUR|GBP|CAD|AUD)$", re.IGNORECASE)
PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?", re.ASCII)
NOTHING = frozenset({"", "-", "--", "—", "n/a", "na", "null", "none"})


def read_number(text: str) -> Decimal | None:
    """The number a person wrote, to eight decimals, or None for an empty cell. ValueError says what is wrong."""
    shown = text.strip()
    bare = SPACES.sub("", shown).translate(MINUSES)
    if bare.lower() in NOTHING:
        return None
    if negative := bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    sign, bare = ("-", bare[1:]) if bare.startswith("-") else ("", bare)
    bare = sign + CURRENCY.sub("", CURRENCY.sub("", bare.removesuffix("%")))
    if GROUPED.fullmatch(bare):
        bare = bare.replace(",", "")
    if not PLAIN.fullmatch(bare) or (negative and sign):
        raise ValueError(f"“{_short(shown)}” is not a number")
    value = Decimal(bare)
    if abs(value) > LARGEST:
        raise ValueError(f"“{_short(shown)}” is too large")
    return (-value if negative else value).quantize(PLACES, ROUND_HALF_UP)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def plain_decimal(value: Decimal) -> str:
    """No exponent and no trailing zeros: 65.45454545, 2902, 0."""
    text = format(value if value else Decimal(0), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def may_be_entered(metric: Metric) -> bool:
    """What is collected or entered; what is worked out is not, unless it may be given whole (C36)."""
    return not isinstance(metric, Derived) or isinstance(metric, Total)


def out_of_range(metric: Metric, value: Decimal) -> str:
    """Why this cannot be the metric's value for a month, or nothing. Only money may be negative (C18)."""
    if value < 0 and metric.unit is not Unit.MONEY:
        return "cannot be negative"
    if metric.unit is Unit.COUNT and value % 1 and not _may_be_in_parts(metric):
        return "must be a whole number"
    return ""


def _may_be_in_parts(metric: Metric) -> bool:
    """Half an employee is a fair headcount; half a ticket is not. What stands is averaged, what happens is counted."""
    return isinstance(metric, Manual | Stock) and metric.across is not Across.SUM
