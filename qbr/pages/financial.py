"""Financial: what the company earns, what it spends, and what its agreements are worth."""

from __future__ import annotations

from qbr.pages.charts import Kind
from qbr.pages.layout import Page, Width
from qbr.pages.panels import Bridge, Tiles, Trend

BRIDGE = Bridge(
    key="bridge", title="How agreement MRR moved", subtitle="From the month before the period to its end",
    metrics=("opening_mrr", "new_mrr", "expansion_mrr", "contraction_mrr", "lost_mrr", "agreement_mrr"),
    takes_away=frozenset({"contraction_mrr", "lost_mrr"}), width=Width.HALF,
)
AGREEMENT_TREND = Trend(
    key="agreement-mrr", title="Agreement MRR", subtitle="At each month's end", width=Width.HALF, metrics=("agreement_mrr",),
)

ROWS = (
    (Tiles(key="numbers", title="Results in figures", metrics=(
        "total_revenue", "total_expenses", "net_profit", "net_profit_pct", "gross_margin_pct", "agreement_mrr", "aisp",
        "mrr_per_agreement",
    )),),
    (Trend(key="revenue", title="Revenue by category", subtitle="By month", kind=Kind.STACK, width=Width.TWO_THIRDS,
           metrics=("mrr", "nrr", "orr", "product_sales", "misc_revenue")),
     Trend(key="profit", title="Net profit", subtitle="By month", kind=Kind.BARS, width=Width.THIRD, metrics=("net_profit",))),
    (Trend(key="result", title="Revenue and expenses", subtitle="By month", width=Width.HALF,
           metrics=("total_revenue", "total_expenses")),
     Trend(key="margin", title="Gross margin", subtitle="Share of revenue, by month", width=Width.HALF,
           metrics=("gross_margin_pct",))),
    (BRIDGE, AGREEMENT_TREND),
    (Tiles(key="leverage", title="Leverage", metrics=(
        "service_revenue_per_employee", "service_revenue_per_technical_employee", "labor_efficiency_ratio",
        "gross_revenue_retention", "net_revenue_retention",
    )),),
)
CLIENT_ROWS = (
    (Tiles(key="numbers", title="Agreements in figures", metrics=(
        "agreement_mrr", "managed_services_agreements", "agreement_seats", "aisp", "mrr_per_agreement",
        "net_revenue_retention",
    )),),
    (BRIDGE, AGREEMENT_TREND),
    (Trend(key="hours-used", title="Hours used", subtitle="Hours logged for the client, by month", kind=Kind.BARS,
           metrics=("hours_logged",)),),
)

PAGE = Page(
    slug="financial", title="Financial", lead="What comes in, what it costs, and what the agreements are worth.",
    rows=ROWS, client_rows=CLIENT_ROWS,
)
