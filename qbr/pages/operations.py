"""Operations: how large the estate is, whether it can be seen, and how much work it makes."""

from __future__ import annotations

from qbr.pages.charts import Kind
from qbr.pages.layout import Page, Width
from qbr.pages.panels import Tiles, Trend

ROWS = (
    (Tiles(key="numbers", title="Operations in figures", metrics=(
        "endpoints_managed", "seats_managed", "reactive_tickets_per_endpoint_per_month", "rhem",
    )),),
    (
        Trend(key="tickets-per-endpoint", title="Reactive tickets for each endpoint", width=Width.HALF,
              subtitle="New reactive tickets for each endpoint, by month",
              metrics=("reactive_tickets_per_endpoint_per_month",)),
        Trend(key="rhem-trend", title="RHEM", width=Width.HALF,
              subtitle="Reactive hours for each endpoint, by month", metrics=("rhem",)),
    ),
    (Trend(key="estate", title="Endpoints and seats managed", subtitle="At each month's end", kind=Kind.LINES,
           metrics=("endpoints_managed", "seats_managed")),),
)

PAGE = Page(
    slug="operations", title="Operations", lead="How large the estate is, and how much work it makes.",
    rows=ROWS, client_rows=ROWS,
)
