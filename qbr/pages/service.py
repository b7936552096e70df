"""Service: what came in, what was done, how long it waited and where the time went."""

from __future__ import annotations

from qbr.pages.charts import Kind
from qbr.pages.layout import Page, Row, Width
from qbr.pages.panels import Tiles, Trend

HOURS = ("reactive_hours", "project_hours", "professional_services_hours", "alignment_hours", "internal_hours")

TILES = Tiles(key="numbers", title="Service in figures", metrics=(
    "reactive_tickets_created", "reactive_tickets_closed", "total_close_pct", "average_resolution_time",
    "tickets_sla_met_pct", "reopened_pct", "reactive_tickets_per_tech_per_month", "reactive_service_pct",
))
FLOW: Row = (
    Trend(key="flow", title="Reactive tickets created and closed", subtitle="By month, parent tickets only",
          kind=Kind.BARS, metrics=("reactive_tickets_created", "reactive_tickets_closed")),
)
WORK: Row = (
    Trend(key="hours", title="Hours by kind of work", subtitle="By the month they were entered", kind=Kind.STACK,
          width=Width.TWO_THIRDS, metrics=HOURS),
    Trend(key="sla", title="SLA met", subtitle="Share of closed tickets", width=Width.THIRD, metrics=("tickets_sla_met_pct",)),
)

ROWS = ((TILES,), FLOW, WORK)
PAGE = Page(
    slug="service", title="Service", lead="What came in, what was done about it, and where the time went.",
    rows=ROWS, client_rows=ROWS,
)
