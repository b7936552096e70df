"""An invented company whose stored values are written straight into the value tables: two years, some clients."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from django.contrib.auth.models import User

from collectors.facts.touched import Calendar
from metrics.declare import Derived, For, Metric, Unit, fingerprint
from metrics.definitions import CATALOGUE
from metrics.models import (
    Basis,
    Definition,
    MonthlyValue,
    Origin,
    Period,
    QuarterlyValue,
    Rollup,
    Scope,
    State,
    Value,
    YearlyValue,
)
from metrics.periods import Month, Quarter, Span, Year, months_between
from organizations.models import Organization

LAST = Month(2026, 9)
NAMES = (
    "Alder Dental Group",
    "Birchwood Architects",
    "Cedar Point Logistics",
    "Dogwood Legal",
    "Elm Street Clinic",
    "Fernhill Foods",
    "Goldleaf Insurance",
    "Hawthorn Manufacturing",
    "Ivy Lane Schools",
    "Juniper Homes",
)
TABLES: dict[str, type[Value]] = {"month": MonthlyValue, "quarter": QuarterlyValue, "year": YearlyValue}
LEVELS = {
    "reactive_tickets_created": 360,
    "reactive_tickets_closed": 355,
    "reactive_hours": 151,
    "endpoints_managed": 594,
    "mrr": 109900,
    "nrr": 10800,
    "orr": 3100,
    "product_sales": 41200,
    "misc_revenue": 900,
    "total_revenue": 165900,
    "employee_expense": 71200,
    "owner_comp_taxes": 4200,
    "owner_compensation": 12100,
    "cogs": 39800,
    "other_expenses": 17900,
    "total_expenses": 145200,
    "net_profit": 20700,
    "employees": 8.5,
    "technical_employees": 5.5,
    "seats_managed": 546,
    "managed_services_agreements": 37,
    "agreement_mrr": 110200,
    "average_agreement_mrr": 110200,
    "agreement_seats": 551,
    "new_mrr": 1450,
    "lost_mrr": 840,
    "expansion_mrr": 610,
    "contraction_mrr": 220,
    "opening_mrr": 109200,
    "telemarketing_dials": 0,
    "first_time_appointments": 1,
    "prospects_pbr": 2,
    "new_agreements": 1,
    "reactive_tickets_per_tech_per_month": 65.45,
    "total_close_pct": 99.9,
    "reactive_tickets_per_endpoint_per_month": 0.607,
    "rhem": 0.254,
    "average_resolution_time": 0.4186,
    "reactive_service_pct": 16.4,
    "net_profit_pct": 10.5,
    "service_revenue_pct": 70.3,
    "services_from_mrr_pct": 91.1,
    "service_revenue_per_employee": 170464.94,
    "service_revenue_per_technical_employee": 263445.82,
    "aisp": 201.44,
    "mrr_per_agreement": 2972.60,
    "gross_margin": 126100,
    "gross_margin_pct": 76,
    "labor_efficiency_ratio": 1.77,
    "profit_before_owner": 37000,
    "gross_revenue_retention": 97.8,
    "net_revenue_retention": 100.6,
    "tickets_open": 58,
    "tickets_with_sla": 350,
    "tickets_sla_met": 327,
    "tickets_sla_met_pct": 93.4,
    "tickets_with_reopen_count": 355,
    "tickets_reopened": 14,
    "reopened_pct": 3.9,
    "tickets_created": 470,
    "tickets_closed": 462,
    "professional_services_hours": 38,
    "alignment_hours": 27,
    "project_hours": 64,
    "sales_hours": 9,
    "internal_hours": 41,
    "undecided_hours": 0,
    "hours_logged": 330,
}


def fill(
    *, clients: int = 5, owner: User | None = None, prefix: str = "client", months: int = 27
) -> list[Organization]:
    """Values for the company and for each client: every month, quarter and year of the span."""
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    made = [
        Organization.objects.create(
            slug=f"{prefix}-{at}",
            name=f"{NAMES[at % len(NAMES)]}{'' if at < len(NAMES) else f' {at}'}",
            owner=owner if at % 2 == 0 else None,
        )
        for at in range(clients)
    ]
    company, is_new = Scope.objects.get_or_create(kind="company", organization=None, key=None)
    scopes = [(company, For.COMPANY, Decimal(1))] if is_new else []
    scopes += [
        (Scope.objects.create(kind="organization", organization=each), For.ORGANIZATION, Decimal(2 + at % 7) / 40)
        for at, each in enumerate(made)
    ]
    rollup = Rollup.objects.create(cause="test", ended_at=datetime(2026, 10, 1, 6, tzinfo=UTC))
    periods = {period: _period(period) for period in _periods(months)}
    bases = {key: _basis(metric) for key, metric in CATALOGUE.items()}
    for grain, table in TABLES.items():
        spans = [(span, row) for span, row in periods.items() if span.grain == grain]
        table.objects.bulk_create(
            [
                table(
                    scope=scope,
                    definition=bases[key].definition,
                    basis=bases[key],
                    period=row,
                    rollup=rollup,
                    value=_value(metric, span, share),
                    state=State.MEASURED,
                    fact_rows=12,
                    origin=Origin.DERIVED if isinstance(metric, Derived) else Origin.COLLECTED,
                    months=span.of_months,
                    of_months=span.of_months,
                )
                for scope, whose, share in scopes
                for key, metric in CATALOGUE.items()
                if whose in metric.scopes
                for span, row in spans
            ],
            batch_size=5000,
        )
    return made


def _periods(many: int) -> Iterator[Span]:
    months = list(months_between(LAST.shift(1 - many), LAST))
    yield from months
    yield from dict.fromkeys(Quarter.holding(month.starts_on) for month in months)
    yield from dict.fromkeys(Year.holding(month.starts_on) for month in months)


def _period(span: Span) -> Period:
    return Period.objects.get_or_create(grain=span.grain, starts_on=span.starts_on, ends_on=span.ends_on)[0]


def _basis(metric: Metric) -> Basis:
    definition, _ = Definition.objects.get_or_create(
        metric=metric.key,
        version=metric.version,
        defaults={"fingerprint": fingerprint(metric), "since": date(2024, 1, 1)},
    )
    return Basis.objects.get_or_create(definition=definition, fingerprint=f"test-{metric.key}")[0]


def _value(metric: Metric, span: Span, share: Decimal) -> Decimal:
    """A level that grows slowly and has a season; sums grow with the period, ratios do not."""
    level = Decimal(str(LEVELS.get(metric.key, 10)))
    if (metric.unit in (Unit.COUNT, Unit.MONEY) and not isinstance(metric, Derived)) or metric.key.endswith("_hours"):
        level = level * share * (span.of_months if _adds(metric) else 1)
    month = Month.holding(span.starts_on)
    growth = 1 + Decimal((month.year - 2024) * 12 + month.number) / 400
    season = 1 + Decimal(((month.number * 7 + len(metric.key) * 3) % 12) - 6) / 60
    value = level * growth * season
    return value.quantize(Decimal(1) if metric.unit is Unit.COUNT and level >= 20 else Decimal("0.0001"))


def _adds(metric: Metric) -> bool:
    return str(getattr(metric, "across", "")) == "sum"
