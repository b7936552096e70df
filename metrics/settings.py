"""The rules people own: dated settings with a default, a type and a plain sentence each, kept in `Rule` rows.

Each value lasts until the next begins. A period reads the values in force on its last day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import DataError, connection, transaction

from collectors.facts.estate import AssetKind
from collectors.facts.shapes import EARLIEST
from metrics.models import Rule
from metrics.models.rules import begins_in_closed


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One rule: what a person reads about it, what it is unless someone says otherwise, and its type in SQL.

    `check` returns the value as it is kept and raises ValueError with a sentence; `column` is empty where no
    metric reads it.
    """

    key: str
    label: str
    help: str
    default: Any
    check: Callable[[Any], Any]
    column: str = ""


def _number(value: Any) -> str:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ValueError(f"“{value}” is not a number.") from error
    if not number.is_finite() or number <= 0:
        raise ValueError("Give a number above zero.")
    return f"{number:f}"


def _percent(value: Any) -> str:
    try:
        share = Decimal(str(value).strip().removesuffix("%"))
    except InvalidOperation as error:
        raise ValueError(f"“{value}” is not a number.") from error
    if not share.is_finite() or not 0 <= share <= 100:
        raise ValueError("Give a percentage from 0 to 100.")
    return f"{share:f}"


def _days(value: Any) -> int:
    if not str(value).strip().isdigit() or int(value) > 31:
        raise ValueError("Give a whole number of days from 0 to 31.")
    return int(value)


def _pattern(value: Any) -> str:
    try:
        re.compile(str(value))
    except re.error as error:
        raise ValueError(f"The pattern cannot be read: {error}.") from error
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT '' ~* %s", [str(value)])  # PostgreSQL's patterns differ from Python's in places
    except DataError as error:
        raise ValueError("The database cannot read this pattern; use plain text, ^, $, | and brackets.") from error
    return str(value)


def _names(value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("Give a list of names.")
    return [str(name).strip() for name in value if str(name).strip()]


def _asset_kinds(value: Any) -> list[str]:
    kinds = _names(value)
    if unknown := [kind for kind in kinds if kind not in AssetKind.values]:
        raise ValueError(f"There is no kind “{unknown[0]}”: choose from {', '.join(AssetKind.values)}.")
    return kinds


def _fiscal_start(value: Any) -> int:
    if str(value) not in {"1", "4", "7", "10"}:
        raise ValueError("A fiscal year starts in month 1, 4, 7 or 10, so that its quarters are calendar quarters.")
    return int(value)


def _hours(value: Any) -> dict[str, Any]:
    try:
        days = sorted({int(day) for day in value["days"]})
        opens, closes = (time.fromisoformat(value[end]) for end in ("from", "to"))
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError("Give the days (1 Monday to 7 Sunday) and two times such as 08:00 and 17:00.") from error
    if not days or days[0] < 1 or days[-1] > 7 or opens >= closes:
        raise ValueError("Business hours need at least one day, and must open before they close.")
    return {"days": days, "from": f"{opens:%H:%M}", "to": f"{closes:%H:%M}"}


def _holidays(value: Any) -> list[str]:
    try:
        return sorted({date.fromisoformat(str(day)).isoformat() for day in value})
    except (TypeError, ValueError) as error:
        raise ValueError("Give holidays as days, such as 2026-12-25.") from error


SETTINGS: Mapping[str, Setting] = {
    setting.key: setting
    for setting in (
        Setting(
            key="hours_per_month", label="Working hours a month", default="167", check=_number, column="numeric",
            help="Hours one full-time technician works in a month (52 weeks of 40 hours make 173).",
        ),
        Setting(
            key="spare_pattern", label="Name of a spare", default="^spare", check=_pattern, column="text",
            help="Devices whose name matches are spares and are not counted. Empty: no spares.",
        ),
        Setting(
            key="endpoint_kinds", label="Kinds of endpoint", default=["workstation", "server", "vm_host"],
            check=_asset_kinds, column="text[]", help="Kinds of device that count as endpoints managed.",
        ),
        Setting(
            key="seat_kinds", label="Kinds of seat", default=["workstation"], check=_asset_kinds, column="text[]",
            help="Kinds of device that count as seats managed.",
        ),
        Setting(
            key="seat_products", label="Products that are seats", default="seat|user", check=_pattern, column="text",
            help="Additions to agreements whose product matches are seats, so that backup or onboarding is not counted "
            "as one. Name one product a person, or people count twice. Empty: every addition.",
        ),
        Setting(
            key="closed_statuses", label="Closed statuses", default=[], check=_names, column="text[]",
            help="Ticket statuses that count as closed beside those the PSA itself marks as closed.",
        ),
        Setting(
            key="listing_tolerance_days", label="Age of a month-end listing", default=7, check=_days, column="integer",
            help="How many days before the month's end its last listing may have been taken.",
        ),
        Setting(
            key="managed_agreement_kinds", label="Managed agreement types", default=[], check=_names, column="text[]",
            help="Agreement types that count as managed services. Empty: every agreement that bills.",
        ),
        Setting(
            key="many_patches", label="Many patches missing", default="5", check=_number, column="numeric",
            help="A device that lacks more patches than this is told of.",
        ),
        Setting(
            key="free_licenses", label="Free licences", check=_pattern, column="text",
            default="free|viral|trial|^POWER_BI_STANDARD$|^TEAMS_EXPLORATORY$|^WINDOWS_STORE$|^RIGHTSMANAGEMENT_ADHOC$",
            help="Licences whose product or SKU matches cost nothing and are left out of seats bought and unused.",
        ),
        Setting(
            key="first_appointment_types", label="Meetings that are first-time appointments", check=_pattern,
            default="^(first.?time appointment|fta)$", column="text",
            help="Meetings whose type in the CRM matches are first-time appointments. Empty: none is.",
        ),
        Setting(
            key="pbr_types", label="Meetings that are PBRs", default="^pbr$", check=_pattern, column="text",
            help="Meetings whose type in the CRM matches are PBRs. Empty: none is.",
        ),
        Setting(
            key="positive_score", label="Points of a good answer", default="80", check=_percent, column="numeric",
            help="Of a hundred, whatever the scale of the survey: an answer with at least so many counts as good. 80 "
            "is four of five.",
        ),
        Setting(
            key="least_resolved", label="Share that must be resolved", default="80", check=_percent, column="numeric",
            help="In percent: a number joined from several systems, or summed over clients, of whose hours, devices or "
            "money less than this belongs to a client we know is marked as insufficient coverage. 0: never.",
        ),
        Setting(
            key="jump_percent", label="A jump, in percent", default="50", check=_number,
            help="A month that differs by more than this from the month before is told of as a jump.",
        ),
        Setting(
            key="jump_floor", label="A jump, at the least", default="20", check=_number,
            help="Tickets, hours or devices by which a month has to differ to be a jump, so that 2 and 4 are none.",
        ),
        Setting(
            key="jump_floor_money", label="A jump of money, at the least", default="1000", check=_number,
            help="Money by which a month has to differ to be a jump.",
        ),
        Setting(
            key="mrr_tolerance", label="MRR of agreements and ledger", default="2", check=_percent,
            help="In percent of the ledger's: by how much agreement MRR and ledger MRR may differ.",
        ),
        Setting(
            key="bridge_tolerance", label="Remainder of the MRR bridge", default="0.1", check=_percent,
            help="In percent of the closing MRR: how much of its change new, lost, expansion and contraction may leave "
            "unexplained.",
        ),
        Setting(
            key="seat_tolerance", label="Seats of PSA and RMM", default="5", check=_percent,
            help="In percent of the larger: by how much seats billed and seats managed may differ.",
        ),
        Setting(
            key="invoice_tolerance", label="Invoices of two systems", default="2", check=_percent,
            help="In percent of the larger: by how much what two systems say was invoiced or earned may differ.",
        ),
        Setting(
            key="licensed_user_tolerance", label="Seats billed and licensed users", default="5", check=_percent,
            help="In percent of the larger: by how much seats billed and people with a licence may differ.",
        ),
        Setting(
            key="fiscal_year_start", label="Fiscal year starts in month", default=1, check=_fiscal_start,
            help="January, April, July or October. It names the year to date; quarters stay calendar quarters.",
        ),
        Setting(
            key="business_hours", label="Business hours", check=_hours,
            default={"days": [1, 2, 3, 4, 5], "from": "08:00", "to": "17:00"},
            help="The days (1 Monday to 7 Sunday) and hours on which the desk is open, in the business time zone.",
        ),
        Setting(
            key="holidays", label="Holidays", default=[], check=_holidays,
            help="Days on which the desk is closed.",
        ),
    )
}
COLUMNS = {key: setting.column for key, setting in SETTINGS.items() if setting.column}
NUMBERS = frozenset(key for key, column in COLUMNS.items() if column == "numeric")  # words a formula may use


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def in_words(key: str, value: Any) -> str:
    """A rule's value as a person reads it; empty where it says nothing."""
    if key == "business_hours":
        days: list[int] = value["days"]
        together = len(days) > 2 and days[-1] - days[0] == len(days) - 1
        named = [WEEKDAYS[day - 1] for day in days]
        week = f"{named[0]} to {named[-1]}" if together else ", ".join(named)
        return f"{week}, {value['from']} to {value['to']}"
    return (", ".join(map(str, value)) if isinstance(value, list) else str(value)).replace("_", " ")


def in_force(key: str, on: date) -> Any:
    """The rule's value on a day: the last that began by then, or the default."""
    return all_in_force([on])[on][key]


def all_in_force(days: Iterable[date]) -> dict[date, dict[str, Any]]:
    """Every rule's value on each of these days, in one query."""
    rows = list(Rule.objects.filter(key__in=SETTINGS).order_by("from_on").values_list("key", "from_on", "value"))
    found: dict[date, dict[str, Any]] = {}
    for day in days:
        values = {key: setting.default for key, setting in SETTINGS.items()}
        values.update({key: value for key, from_on, value in rows if from_on <= day})
        found[day] = values
    return found


def decide(key: str, value: Any, *, from_on: date = EARLIEST, note: str = "", by: Any = None) -> Rule:
    """Set a rule from a day on. Raises ValueError with a sentence where the value or the day makes no sense."""
    if problem := begins_in_closed(from_on):
        raise ValueError(problem)
    rule, _ = Rule.objects.update_or_create(
        key=key, from_on=from_on, defaults={"value": SETTINGS[key].check(value), "note": note, "by": by}
    )
    return rule


def lay_rules(table: str, days: Mapping[int, date]) -> None:
    """Fill a temporary table (period_id and one column a rule) with the values in force on each period's day."""
    values = all_in_force(set(days.values()))
    columns = ", ".join(f"{key} {column} NOT NULL" for key, column in COLUMNS.items())
    slots = ", ".join(["%s", *(f"%s::{column}" for column in COLUMNS.values())])
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        cursor.execute(f"CREATE TEMPORARY TABLE {table} (period_id bigint PRIMARY KEY, {columns}) ON COMMIT DROP")
        cursor.execute(
            f"INSERT INTO {table} VALUES {', '.join([f'({slots})'] * len(days))}",  # noqa: S608 - names of our own
            [value for period, day in days.items()
             for value in (period, *(for_sql(key, values[day][key]) for key in COLUMNS))],
        )
        cursor.execute(f"ANALYZE {table}")


def for_sql(key: str, value: Any) -> Any:
    """A rule's value as its column holds it. Statuses and agreement types are compared without regard to case."""
    return [str(name).lower() for name in value] if isinstance(value, list) else value
