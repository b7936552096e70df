"""Financial: what the company earns, what it spends, and what its agreements are worth."""

from __future__ import annotations

from dataclasses import replace

from collectors.facts.money import LedgerAccount
from metrics import breakdowns, reading
from metrics.breakdowns import AgreementRow, MovedAgreement
from metrics.declare import Unit
from metrics.definitions import CATALOGUE
from qbr.pages import sales, tables
from qbr.pages.charts import Kind
from qbr.pages.filters import Question
from qbr.pages.layout import Page, Row, Width
from qbr.pages.panels import Bridge, FactTable, Tiles, Trend
from qbr.pages.tables import Column, Line, Table

SEES_AGREEMENTS = ("agreement_mrr",)


def agreements(question: Question) -> Table:
    columns = (
        *((Column("Client"),) if question.for_company else ()),
        Column("Agreement"),
        Column("Type"),
        Column("MRR", Unit.MONEY),
        Column("Seats", Unit.COUNT),
        Column("Hours used", Unit.HOURS),
        Column("Hours in budget", Unit.HOURS),
        Column("Ends"),
    )
    found = breakdowns.agreements(question.scope, question.period)
    return Table("Agreements", columns, tuple(_agreement(each, question) for each in found))


def _agreement(row: AgreementRow, question: Question) -> Line:
    client = (tables.client(row.client, row.slug, question),) if question.for_company else ()
    ends = row.cancelled_on or row.ends_on
    return Line(
        (
            *client,
            tables.text(row.name, row.link),
            tables.text(row.kind),
            tables.amount(row.mrr, Unit.MONEY),
            tables.amount(row.seats, Unit.COUNT),
            tables.amount(row.hours_used, Unit.HOURS),
            tables.amount(row.budget_hours, Unit.HOURS, why="" if row.budget_hours is not None else "no budget"),
            tables.on_day(ends) if ends else tables.text("open-ended"),
        )
    )


def moved(question: Question) -> Table:
    columns = (
        *((Column("Client"),) if question.for_company else ()),
        Column("Agreement"),
        Column("Month"),
        Column("What"),
        Column("Before", Unit.MONEY),
        Column("Now", Unit.MONEY),
    )
    found = breakdowns.moved_agreements(question.scope, question.period)
    return Table("Agreements that moved", columns, tuple(_moved(each, question) for each in found))


def _moved(row: MovedAgreement, question: Question) -> Line:
    client = (tables.client(row.client, row.slug, question),) if question.for_company else ()
    return Line(
        (
            *client,
            tables.text(row.name, row.link),
            tables.text(row.month.label),
            tables.text(str(row.part)),
            tables.amount(row.before, Unit.MONEY),
            tables.amount(row.now, Unit.MONEY),
        )
    )


def beside_ledger(question: Question) -> Table:
    """MRR twice: as the agreements bill it and as the ledger shows it."""
    columns = (
        Column("Month"),
        Column("Agreements", Unit.MONEY),
        Column("Ledger", Unit.MONEY),
        Column("Difference", Unit.MONEY),
    )
    return Table(
        "Agreement MRR beside ledger MRR",
        columns,
        tuple(
            Line(
                (
                    tables.text(each.month.label),
                    *(
                        tables.amount(value, Unit.MONEY, why="" if value is not None else "not read")
                        for value in (each.agreements, each.ledger, each.difference)
                    ),
                )
            )
            for each in breakdowns.mrr_beside_ledger(question.period)
        ),
    )


# Wages that nobody has put in a category yet stand among these.
PAY_SIDES = frozenset({LedgerAccount.Side.EXPENSE, LedgerAccount.Side.OTHER_EXPENSE, LedgerAccount.Side.COGS})


def unmapped(question: Question) -> Table:
    columns = (Column("Ledger account"), Column("Side"), Column("Months", Unit.COUNT), Column("Amount", Unit.MONEY))
    return Table(
        "Ledger accounts without a category",
        columns,
        tuple(
            Line(
                (
                    tables.text(" ".join(part for part in (each.number, each.name) if part)),
                    tables.text(each.side.label),
                    tables.amount(each.months, Unit.COUNT),
                    tables.amount(each.amount, Unit.MONEY),
                )
            )
            for each in breakdowns.unmapped_ledger(question.period)
            if each.side not in PAY_SIDES or reading.may_see(question.person, CATALOGUE["employee_expense"])
        ),
    )


BRIDGE = Bridge(
    key="bridge",
    title="How agreement MRR moved",
    subtitle="From the month before the period to its end",
    metrics=("opening_mrr", "new_mrr", "expansion_mrr", "contraction_mrr", "lost_mrr", "agreement_mrr"),
    takes_away=frozenset({"contraction_mrr", "lost_mrr"}),
    width=Width.HALF,
)
AGREEMENT_TREND = Trend(
    key="agreement-mrr",
    title="Agreement MRR",
    subtitle="At each month's end",
    width=Width.HALF,
    metrics=("agreement_mrr",),
)

AGREEMENTS: Row = (
    FactTable(
        key="agreements",
        stands_on="agreement_mrr",
        title="Agreements",
        subtitle="As listed last in the period, largest first",
        slow=True,
        guarded_by=SEES_AGREEMENTS,
        read=agreements,
        at_most=15,
        empty="No agreement billed in this period.",
    ),
)
MOVED = FactTable(
    key="moved",
    stands_on="agreement_mrr",
    calm=True,
    title="Agreements that moved",
    subtitle="Behind new, lost, expansion and contraction MRR",
    slow=True,
    guarded_by=SEES_AGREEMENTS,
    read=moved,
    at_most=10,
    empty="No agreement's MRR moved in this period.",
)

ROWS: tuple[Row, ...] = (
    (
        Tiles(
            key="numbers",
            title="Results in figures",
            metrics=(
                "total_revenue",
                "total_expenses",
                "net_profit",
                "net_profit_pct",
                "gross_margin_pct",
                "agreement_mrr",
                "aisp",
                "mrr_per_agreement",
            ),
        ),
    ),
    (
        Trend(
            key="revenue",
            title="Revenue by category",
            subtitle="By month",
            kind=Kind.STACK,
            width=Width.TWO_THIRDS,
            metrics=("mrr", "nrr", "orr", "product_sales", "misc_revenue"),
        ),
        Trend(
            key="profit",
            title="Net profit",
            subtitle="By month",
            kind=Kind.BARS,
            width=Width.THIRD,
            metrics=("net_profit",),
        ),
    ),
    (
        Trend(
            key="result",
            title="Revenue and expenses",
            subtitle="By month",
            width=Width.HALF,
            metrics=("total_revenue", "total_expenses"),
        ),
        Trend(
            key="margin",
            title="Gross margin",
            subtitle="Share of revenue, by month",
            width=Width.HALF,
            metrics=("gross_margin_pct",),
        ),
    ),
    (BRIDGE, AGREEMENT_TREND),
    (
        Tiles(
            key="leverage",
            title="Leverage and retention",
            metrics=(
                "service_revenue_per_employee",
                "service_revenue_per_technical_employee",
                "labor_efficiency_ratio",
                "gross_revenue_retention",
                "net_revenue_retention",
            ),
        ),
    ),
    (
        Trend(
            key="aisp-trend", title="AISP", subtitle="MRR for each seat, by month", width=Width.HALF, metrics=("aisp",)
        ),
        FactTable(
            key="beside-ledger",
            stands_on="mrr",
            title="Agreement MRR beside ledger MRR",
            subtitle="What is agreed, and what was booked",
            width=Width.HALF,
            slow=True,
            guarded_by=("agreement_mrr", "mrr"),
            read=beside_ledger,
        ),
    ),
    (MOVED,),
    AGREEMENTS,
    *sales.FOR_COMPANY,
    (
        FactTable(
            key="unmapped",
            stands_on="total_revenue",
            calm=True,
            title="Ledger accounts without a category",
            subtitle="Their months stay incomplete until someone decides",
            slow=True,
            guarded_by=("total_revenue", "total_expenses"),
            read=unmapped,
            empty="Every ledger account with an amount has its category.",
        ),
    ),
)
CLIENT_ROWS: tuple[Row, ...] = (
    (
        Tiles(
            key="numbers",
            title="Agreements in figures",
            metrics=(
                "agreement_mrr",
                "managed_services_agreements",
                "agreement_seats",
                "aisp",
                "mrr_per_agreement",
            ),
        ),
    ),
    (BRIDGE, AGREEMENT_TREND),
    AGREEMENTS,
    (
        Trend(
            key="hours-used",
            title="Hours used",
            subtitle="Hours logged for the client, by month",
            kind=Kind.BARS,
            width=Width.HALF,
            metrics=("hours_logged",),
        ),
        replace(MOVED, width=Width.HALF),
    ),
    *sales.FOR_CLIENT,
)

PAGE = Page(
    slug="financial",
    title="Financial",
    lead="What comes in, what it costs, and what the agreements are worth.",
    rows=ROWS,
    client_rows=CLIENT_ROWS,
)
