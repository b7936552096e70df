"""One client at a glance: estate, service and agreements on one screen."""

from __future__ import annotations

from qbr.pages.charts import Kind
from qbr.pages.layout import Page, Row, Width
from qbr.pages.panels import Tiles, Trend
from qbr.pages.panels.restated import Restated

ROWS: tuple[Row, ...] = (
    (Restated(key="restated", title="Since it was closed"),),
    (
        Tiles(
            key="numbers",
            title="The quarter in figures",
            metrics=(
                "endpoints_managed",
                "reactive_tickets_per_endpoint_per_month",
                "rhem",
                "total_close_pct",
                "average_resolution_time",
                "tickets_sla_met_pct",
                "agreement_mrr",
                "aisp",
            ),
        ),
    ),
    (
        Trend(
            key="flow",
            title="Reactive tickets created and closed",
            subtitle="By month",
            kind=Kind.BARS,
            width=Width.HALF,
            metrics=("reactive_tickets_created", "reactive_tickets_closed"),
        ),
        Trend(
            key="estate",
            title="Endpoints managed",
            subtitle="At each month's end",
            width=Width.HALF,
            metrics=("endpoints_managed",),
        ),
    ),
    (
        Trend(
            key="hours",
            title="Hours logged",
            subtitle="By month",
            kind=Kind.BARS,
            width=Width.HALF,
            metrics=("hours_logged",),
        ),
        Trend(
            key="agreement-mrr",
            title="Agreement MRR",
            subtitle="At each month's end",
            width=Width.HALF,
            metrics=("agreement_mrr",),
        ),
    ),
)

PAGE = Page(
    slug="client",
    title="Overview",
    lead="The client's quarter on one screen.",
    rows=ROWS,
    client_rows=ROWS,
    client_only=True,
)
