"""Operations: how large the estate is, whether it can be seen, and how much work it makes."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from collectors.declare import Layer
from collectors.facts.estate import AssetKind
from metrics import breakdowns
from metrics.breakdowns import Contact, Supported, Unseen
from metrics.declare import Unit
from qbr.pages import formats, tables
from qbr.pages.filters import TREND_MONTHS, Question
from qbr.pages.layout import Page, Width
from qbr.pages.panels import BySystem, FactTable, LayerTable, LayerTiles, Over, Ranked, Ranking, Stacked, Tiles, Trend
from qbr.pages.tables import Column, Line, Table

QUIET_DAYS = 30
NO_DEVICES = "No device has been listed yet."


def _over(question: Question, by: Literal["kind", "location"]) -> Over:
    found = breakdowns.endpoints_over(question.scope, question.last_month, by, TREND_MONTHS)
    return Over(
        tuple(month.label for month in found.months),
        tuple(
            (
                series.name or "No place named",
                tuple(None if value is None else Decimal(value) for value in series.values),
            )
            for series in found.series
        ),
    )


def by_class(question: Question) -> Over:
    return _over(question, "kind")


def by_location(question: Question) -> Over:
    return _over(question, "location")


def last_contact(question: Question) -> Sequence[Ranked]:
    found = breakdowns.last_contact(question.scope, question.now.astimezone(question.zone))
    return [Ranked(_since(each), each.devices) for each in found] if any(each.devices for each in found) else []


def _since(contact: Contact) -> str:
    if contact.from_days is None:
        return "Never"
    if contact.from_days == 0:
        return "Within a day"
    if contact.until_days is None:
        return f"{contact.from_days} days or more"
    return (
        f"{contact.from_days} to {contact.until_days - 1} days"
        if contact.until_days - 1 > contact.from_days
        else "1 day"
    )


def not_seen(question: Question) -> Table:
    found = breakdowns.not_seen(question.scope, question.now.astimezone(question.zone), QUIET_DAYS)
    columns = (
        Column("Device"),
        Column("Class"),
        *((Column("Client"),) if question.for_company else ()),
        Column("Location"),
        Column("Last contact"),
    )
    note = f"The {len(found.devices)} longest unseen of {found.total:,}." if found.total > len(found.devices) else ""
    return Table("Agents not seen", columns, tuple(_quiet(each, question) for each in found.devices), note)


def _quiet(device: Unseen, question: Question) -> Line:
    client = (tables.client(device.client, device.slug, question),) if question.for_company else ()
    seen = device.last_seen_at.astimezone(question.zone).date() if device.last_seen_at else None
    return Line(
        (
            tables.text(device.name, device.link),
            tables.text(str(AssetKind(device.kind).label)),
            *client,
            tables.text(device.location),
            tables.on_day(seen) if seen else tables.text("never"),
        )
    )


def online(question: Question) -> Table:
    columns = (
        Column("Class"), Column("Online", Unit.COUNT), Column("Offline", Unit.COUNT), Column("Not told", Unit.COUNT)
    )  # fmt: skip
    found = breakdowns.online_now(question.scope, question.now.astimezone(question.zone))
    rows = (
        (tables.text(str(AssetKind(each.kind).label)),
         *(tables.amount(many, Unit.COUNT) for many in (each.online, each.offline, each.untold)))
        for each in found
    )  # fmt: skip
    return Table("Online at the last reading", columns, tables.lines(list(rows)))


def by_support(question: Question) -> Table:
    columns = (Column("Operating system"), Column("Supported until"), Column(""), Column("Endpoints", Unit.COUNT))
    found = breakdowns.by_support(question.scope, question.last_month)
    return Table("Endpoints by end of support", columns, tuple(_supported(each, question) for each in found))


def _supported(row: Supported, question: Question) -> Line:
    has_ended = row.until is not None and row.until < question.last_day
    return Line(
        (
            tables.text(row.os),
            tables.on_day(row.until) if row.until else tables.text("not in the table"),
            tables.text("out of support" if has_ended else " ", css="provisional" if has_ended else ""),
            tables.amount(row.devices, Unit.COUNT),
        )
    )


ROWS = (
    (
        Tiles(
            key="numbers",
            title="Operations in figures",
            metrics=(
                "endpoints_managed",
                "seats_managed",
                "reactive_tickets_per_endpoint_per_month",
                "rhem",
            ),
        ),
    ),
    (
        Trend(
            key="tickets-per-endpoint",
            title="Reactive tickets per endpoint",
            width=Width.HALF,
            subtitle="New reactive tickets for each endpoint, by month",
            metrics=("reactive_tickets_per_endpoint_per_month",),
        ),
        Trend(
            key="rhem-trend",
            title="RHEM",
            width=Width.HALF,
            subtitle="Reactive hours for each endpoint, by month",
            metrics=("rhem",),
        ),
    ),
    (
        Stacked(
            key="by-class",
            stands_on="endpoints_managed",
            title="Endpoints by class",
            subtitle="At each month's end",
            width=Width.HALF,
            slow=True,
            read=by_class,
            empty=NO_DEVICES,
        ),
        Stacked(
            key="by-location",
            stands_on="endpoints_managed",
            title="Endpoints by location",
            subtitle="At each month's end",
            width=Width.HALF,
            slow=True,
            read=by_location,
            empty=NO_DEVICES,
        ),
    ),
    (
        Ranking(
            key="last-contact",
            stands_on="endpoints_managed",
            title="Last contact",
            subtitle="Endpoints by how long ago they were last seen, now",
            width=Width.THIRD,
            slow=True,
            read=last_contact,
            unit=Unit.COUNT,
            of="Last seen",
            figure="Endpoints",
            empty=NO_DEVICES,
        ),
        FactTable(
            key="not-seen",
            stands_on="endpoints_managed",
            calm=True,
            title=f"Agents not seen for {QUIET_DAYS} days",
            subtitle="Longest unseen first, now",
            width=Width.TWO_THIRDS,
            slow=True,
            read=not_seen,
            at_most=15,
            empty=f"Every agent was seen in the last {formats.plural(QUIET_DAYS, 'day')}.",
        ),
    ),
    (
        LayerTiles(
            key="patches",
            title="Patches",
            subtitle="Endpoints, at month ends; a quarter or year as their mean",
            metrics=(
                "patch_compliance",
                "devices_patched",
                "devices_many_patches_missing",
                "devices_not_restarted",
                "devices_restarted",
            ),
            gaps=("patches",),
        ),
    ),
    (
        LayerTiles(
            key="support",
            title="Support and warranty",
            subtitle="Endpoints, at month ends; a quarter or year as their mean",
            metrics=(
                "devices_out_of_support",
                "devices_support_ends_soon",
                "devices_out_of_warranty",
                "devices_warranty_due",
            ),
            gaps=("out-of-support",),
        ),
    ),
    (
        LayerTable(
            key="by-support",
            stands_on="devices_out_of_support",
            title="Endpoints by end of support",
            subtitle="At the period's end, by operating system, those that end first before the others",
            width=Width.TWO_THIRDS,
            slow=True,
            read=by_support,
            at_most=12,
            empty=NO_DEVICES,
        ),
        LayerTable(
            key="online",
            stands_on="endpoints_managed",
            title="Online at the last reading",
            subtitle="Endpoints, now; no RMM read here tells how long they were up",
            width=Width.THIRD,
            calm=True,
            slow=True,
            read=online,
            empty="No system tells whether a device is online.",
        ),
    ),
    (
        LayerTiles(
            key="alerts",
            title="Alerts",
            subtitle="Raised by the RMM's monitors",
            metrics=("alerts_raised", "alerts_serious", "alerts_open"),
        ),
    ),
    (
        LayerTiles(
            key="backups",
            title="Backups",
            subtitle="Servers and seats, runs and recoveries",
            metrics=(
                "backup_coverage",
                "backup_success",
                "recovery_tested",
                "servers_not_backed_up",
                "continuity_failing_48_hours",
                "continuity_failing_7_days",
                "saas_failing_48_hours",
                "saas_failing_7_days",
            ),
            gaps=("not-backed-up", "unknown-backups"),
        ),
    ),
    (
        BySystem(
            key="backup-systems",
            title="Backups by system",
            subtitle="What each holds at the period's end, and its runs over the period",
            layers=(Layer.BACKUP,),
            metrics=(
                "continuity_backups",
                "continuity_failing_48_hours",
                "saas_backups",
                "saas_failing_48_hours",
                "backup_runs",
                "backup_success",
            ),
            headings={
                "continuity_backups": "Continuity",
                "continuity_failing_48_hours": "Failing 48 h",
                "saas_backups": "SaaS",
                "saas_failing_48_hours": "Failing 48 h",
                "backup_runs": "Runs",
                "backup_success": "Success",
            },
        ),
    ),
    (
        LayerTiles(
            key="licences",
            title="Licences",
            subtitle="Paid seats, at the period's end",
            metrics=(
                "license_seats",
                "license_seats_assigned",
                "license_seats_unused",
                "license_use",
                "license_spend",
                "license_charges",
            ),
        ),
    ),
    (
        BySystem(
            key="licence-systems",
            title="Licences by system",
            subtitle="What the tenant counts and what the marketplace charges, at the period's end",
            layers=(Layer.TENANT, Layer.MARKETPLACE),
            metrics=("license_seats", "license_seats_assigned", "licensed_users", "license_spend", "license_charges"),
            headings={
                "license_seats": "Seats bought",
                "license_seats_assigned": "Assigned",
                "license_spend": "Spend a month",
                "license_charges": "Charges a month",
            },
        ),
    ),
)

PAGE = Page(
    slug="operations",
    title="Operations",
    lead="How large the estate is, whether it can be seen, and how much work it makes.",
    rows=ROWS,
    client_rows=ROWS,
)
