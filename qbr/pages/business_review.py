"""The monthly business review, the way the owner's spreadsheet looks."""

from __future__ import annotations

from qbr.pages.layout import Page
from qbr.pages.panels.months import Block, MonthlyReview

BLOCKS = (
    Block("Operations", ("reactive_tickets_created", "reactive_tickets_closed", "reactive_hours", "endpoints_managed")),
    Block("Revenue", ("nrr", "mrr", "orr", "product_sales", "misc_revenue", "total_revenue"), ("total_revenue",)),
    Block(
        "Expenses",
        ("employee_expense", "owner_comp_taxes", "owner_compensation", "cogs", "other_expenses", "total_expenses"),
        ("total_expenses",),
    ),
    Block("Profit", ("net_profit",), ("net_profit",)),
    Block("General", ("employees", "technical_employees", "seats_managed", "managed_services_agreements")),
    Block(
        "Sales",
        ("telemarketing_dials", "first_time_appointments", "prospects_pbr", "new_agreements", "new_mrr", "lost_mrr"),
    ),
)

PAGE = Page(
    slug="business-review",
    title="Monthly business review",
    lead="A calendar year by month. Revenue, expenses and profit carry the year before beneath them.",
    rows=(
        (
            MonthlyReview(
                key="months",
                title="Monthly business review",
                blocks=BLOCKS,
                metrics=tuple(key for block in BLOCKS for key in block.metrics),
            ),
        ),
    ),
)
