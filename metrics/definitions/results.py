"""Results: revenue, expenses and profit from the ledger (R125 to R127, C33 to C36)."""

from __future__ import annotations

from metrics.declare import COMPANY_ONLY, Access, Better, Derived, Factor, Flow, Metric, Section, Total, Unit, at_least
from metrics.definitions.facts import AS_COST, AS_INCOME, COSTS, INCOME

BY_MONTH = "by the month of the profit and loss report"


def _revenue(key: str, label: str, spreadsheet_label: str, meaning: str) -> Flow:
    return Flow(
        key=key, label=label, section=Section.FINANCIAL, unit=Unit.MONEY, meaning=meaning, scopes=COMPANY_ONLY,
        access=Access.FINANCE, better=Better.HIGHER, facts=INCOME, dated="f.month", value=AS_INCOME,
        where=f"lc.category = '{key}'", where_words=f"ledger accounts in the category {label}, {BY_MONTH}",
        rules=("ledger_categories",), spreadsheet_label=spreadsheet_label, requirement="R125",
    )


def _cost(
    key: str, label: str, spreadsheet_label: str, meaning: str, access: Access = Access.FINANCE
) -> Flow:
    return Flow(
        key=key, label=label, section=Section.FINANCIAL, unit=Unit.MONEY, meaning=meaning, scopes=COMPANY_ONLY,
        access=access, better=Better.LOWER, facts=COSTS, dated="f.month", value=AS_COST,
        where=f"lc.category = '{key}'", where_words=f"ledger accounts in the category {label}, {BY_MONTH}",
        rules=("ledger_categories",), spreadsheet_label=spreadsheet_label, requirement="R126",
    )


def _total(
    key: str, label: str, spreadsheet_label: str, meaning: str, formula: str, better: Better, number: str
) -> Total:
    return Total(
        key=key, label=label, section=Section.FINANCIAL, unit=Unit.MONEY, meaning=meaning, scopes=COMPANY_ONLY,
        access=Access.FINANCE, better=better, formula=formula, spreadsheet_label=spreadsheet_label, requirement=number,
    )


MONTHLY: tuple[Metric, ...] = (
    _revenue("nrr", "NRR", "Non-recurring Revenue (NRR)",
             "Non-recurring revenue, such as projects. Credits can make it negative."),
    _revenue("mrr", "MRR billed", "Monthly Recurring Revenue (MRR)",
             "Recurring revenue billed in the ledger; a quarter adds its months."),
    _revenue("orr", "ORR", "Other Recurring Revenue (ORR)", "Recurring revenue that is not managed services."),
    _revenue("product_sales", "Product sales", "Product Sales", "Hardware, software and other things sold."),
    _revenue("misc_revenue", "Miscellaneous revenue", "Miscellaneous revenue", "Revenue that fits no other line."),
    _total("total_revenue", "Total revenue", "Total Revenue", "All revenue of the company.",
           "nrr + mrr + orr + product_sales + misc_revenue", Better.HIGHER, "R125"),
    _cost("employee_expense", "Employee expense", "Employee Expense", "What employees cost.", Access.WAGES),
    _cost("owner_comp_taxes", "Owner comp for quarterly taxes", "Owner Comp to pay QTR est taxes",
          "Set aside for the owner's estimated taxes.", Access.WAGES),
    _cost("owner_compensation", "Owner compensation", "Owner Compensation", "What the owner is paid.", Access.WAGES),
    _cost("cogs", "COGS", "Product Cost of Goods Sold (COGS)", "What the things sold cost to buy."),
    _cost("other_expenses", "Other expenses", "All Other Expenses", "Expenses that fit no other line.",
          Access.WAGES),  # beside the total and the cost of goods it would tell what wages come to
    _total("total_expenses", "Total expenses", "Total Expenses", "All expenses, the owner's pay and taxes included.",
           "employee_expense + owner_comp_taxes + owner_compensation + cogs + other_expenses", Better.LOWER, "R126"),
    _total("net_profit", "Net profit", "Net Profit Dollars", "Revenue less expenses, after the owner's pay and taxes.",
           "total_revenue - total_expenses", Better.HIGHER, "R127"),
)

RATIOS: tuple[Metric, ...] = (
    Derived(
        key="gross_margin", label="Gross margin", section=Section.FINANCIAL, unit=Unit.MONEY, scopes=COMPANY_ONLY,
        meaning="Revenue less the cost of the things sold.", access=Access.FINANCE, better=Better.HIGHER,
        formula="total_revenue - cogs", requirement="C34",
    ),
    Derived(
        key="gross_margin_pct", label="Gross margin %", section=Section.FINANCIAL, unit=Unit.PERCENT,
        scopes=COMPANY_ONLY, meaning="Gross margin as a share of revenue.", access=Access.FINANCE,
        better=Better.HIGHER, formula="gross_margin / total_revenue * 100", undefined="no revenue", requirement="C34",
    ),
    Derived(
        key="labor_efficiency_ratio", label="Labor efficiency ratio", section=Section.LEVERAGE, unit=Unit.RATE,
        scopes=COMPANY_ONLY, meaning="Gross margin earned for each dollar spent on employees.", access=Access.WAGES,
        better=Better.HIGHER, formula="gross_margin / employee_expense", undefined="no employee expense",
        goal=at_least("2"), requirement="C34",
        factors=(
            Factor(label="gross margin per dollar of revenue", formula="gross_margin / total_revenue",
                   more="a wider gross margin", fewer="a narrower gross margin"),
            Factor(label="revenue per dollar spent on employees", formula="total_revenue / employee_expense",
                   more="more revenue per dollar of pay", fewer="less revenue per dollar of pay"),
        ),
    ),
    Derived(
        key="profit_before_owner", label="Profit before owner's pay", section=Section.FINANCIAL, unit=Unit.MONEY,
        scopes=COMPANY_ONLY, meaning="Net profit with the owner's pay and tax reserve added back.",
        access=Access.WAGES, better=Better.HIGHER, formula="net_profit + owner_compensation + owner_comp_taxes",
        requirement="C33",
    ),
)
