"""QuickBooks Desktop's profit and loss: what stands in it, line by line, and nothing that does not add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
import xlsxwriter

from collectors.drop import quickbooks_desktop
from collectors.drop.declare import Span
from collectors.drop.quickbooks_desktop import month_of
from collectors.drop.table import DropError, Table
from collectors.drop.table import table as open_table

Cells = list[list[str]]
Told = dict[str, str]


def grid(text: str) -> Cells:
    """Cells between bars; the labels are indented by columns, as in an export to Excel."""
    return [[cell.strip() for cell in line.split("|")] for line in text.strip("\n").splitlines()]


def table(cells: Cells) -> Table:
    return Table("report.csv", tuple((at, tuple(row)) for at, row in enumerate(cells, start=1) if any(row)), ",")


def by_month(cells: Cells) -> list[Told]:
    return [{**row, "row": str(at)} for at, row in quickbooks_desktop.by_month(table(cells))]


def by_customer(cells: Cells, span: Span | None = None) -> list[Told]:
    return [dict(row) for _, row in quickbooks_desktop.by_customer(table(cells), span)]


def income(cells: Cells) -> list[Told]:
    return [dict(row) for _, row in quickbooks_desktop.income_by_customer(table(cells))]


BY_MONTH = grid("""
Lanternworks IT
Profit & Loss
January through February 2026
Accrual Basis
|||Jan 26|Feb 26|TOTAL
|Ordinary Income/Expense
||Income
|||
||4000 · Managed services
||  4010 · Server care|1,000.00|1,100.00|2,100.00
||  4020 · Backup|200.50|0.00|200.50
||  4000 · Managed services - Other|50.00|(25.00)|25.00
||Total 4000 · Managed services|1,250.50|1,075.00|2,325.50
||4100 · Projects|(300.00)||-300.00
||Total Income|950.50|1,075.00|2,025.50
||Cost of Goods Sold
||5000 · Hardware|400.00|100.00|500.00
||Total COGS|400.00|100.00|500.00
||Gross Profit|550.50|975.00|1,525.50
||Expense
||6000 · Payroll
||6010 · Wages
||6011 · Technicians|90.00|95.00|185.00
||Total 6010 · Wages|90.00|95.00|185.00
||Total 6000 · Payroll|90.00|95.00|185.00
||Rent|60.00|60.00|120.00
||Total Expense|150.00|155.00|305.00
|Net Ordinary Income||400.50|820.00|1,220.50
|Other Income/Expense
||Other Income
||Interest|0.75|0.25|1.00
||Total Other Income|0.75|0.25|1.00
||Other Expense
||Bank fees|1.25|1.25|2.50
||Total Other Expense|1.25|1.25|2.50
|Net Other Income||-0.50|-1.00|-1.50
Net Income|||400.00|819.00|1,219.00
""")

BY_CUSTOMER = grid("""
Lanternworks IT
Profit & Loss by Job
January 2026
|Setup (Otterfield Dental)|Other (Otterfield Dental)|Total Otterfield Dental|Acorn:Move|Acorn|Not classified|TOTAL
Income
Managed services|100.00|900.00|1,000.00|0.00|500.00||1,500.00
Projects|0.00|0.00|0.00|250.00|50.00|(20.00)|280.00
Total Income|100.00|900.00|1,000.00|250.00|550.00|-20.00|1,780.00
Net Income|100.00|900.00|1,000.00|250.00|550.00|-20.00|1,780.00
""")


def changed(sheet: Cells, label: str, place: int, text: str) -> Cells:
    """The sheet with one cell of the line of that label changed."""
    rows = [list(row) for row in sheet]
    [row] = [row for row in rows if label in row]
    row[place] = text
    return rows


def amounts(rows: list[Told], month: str) -> dict[str, Decimal]:
    return {row["Account"]: Decimal(row["Amount"]) for row in rows if row["Month"] == month}


def test_each_account_of_each_month_is_a_row_and_no_total_is() -> None:
    rows = by_month(BY_MONTH)
    assert amounts(rows, "2026-01-01") == {
        "Managed services:Server care": Decimal(1000), "Managed services:Backup": Decimal("200.50"),
        "Managed services": Decimal(50), "Projects": Decimal(-300), "Hardware": Decimal(400),
        "Payroll:Wages:Technicians": Decimal(90), "Rent": Decimal(60), "Interest": Decimal("0.75"),
        "Bank fees": Decimal("1.25"),
    }  # fmt: skip
    assert amounts(rows, "2026-02-01")["Managed services"] == Decimal(-25)
    assert "Projects" not in amounts(rows, "2026-02-01")  # an empty cell is no amount, not nought


def test_an_account_has_its_own_number_its_side_and_the_row_of_the_file() -> None:
    found = {row["Account"]: row for row in by_month(BY_MONTH)}
    technicians = found["Payroll:Wages:Technicians"]
    assert (technicians["Number"], technicians["Type"], technicians["row"]) == ("6011", "Expense", "23")
    assert (found["Managed services"]["Number"], found["Managed services"]["Type"]) == ("4000", "Income")
    assert {found[name]["Type"] for name in ("Hardware", "Interest", "Bank fees")} == {
        "Cost of goods sold", "Other income", "Other expense"
    }  # fmt: skip
    assert found["Rent"]["Number"] == ""
    assert {row["Basis"] for row in found.values()} == {"accrual"}


@pytest.mark.parametrize(
    "label, place, text, says",
    [
        ("4010 · Server care", 3, "999.00", "“Total 4000 · Managed services”, column “Jan 26”: the report says 1,250"),
        ("Total Income", 4, "1,075.01", "“Total Income”, column “Feb 26”: the report says 1,075.01"),
        ("Rent", 5, "119.00", "“Total Expense”, column “TOTAL”: the report says 305.00 and its lines come to 304.00"),
        ("Gross Profit", 3, "550.51", "“Gross Profit”, column “Jan 26”"),
        ("Net Ordinary Income", 4, "1.00", "“Net Ordinary Income”, column “Feb 26”"),
        ("Net Income", 5, "(1,219.00)", "“Net Income”, column “TOTAL”"),
        ("Rent", 3, "sixty", "Row 26, column “Jan 26”: “sixty” is no amount"),
    ],
)
def test_what_does_not_add_up_is_refused_by_account_and_column(label: str, place: int, text: str, says: str) -> None:
    with pytest.raises(DropError) as refused:
        by_month(changed(BY_MONTH, label, place, text))
    assert says in str(refused.value)


def test_a_line_that_does_not_come_to_its_total_across_is_refused() -> None:
    sheet = changed(BY_MONTH, "Rent", 5, "119.00")
    for label, text in (("Total Expense", "304.00"), ("Net Ordinary Income", "1,221.50"), ("Net Income", "1,220.00")):
        sheet = changed(sheet, label, 5, text)
    with pytest.raises(DropError, match="Row 26, “Rent”, column “TOTAL”: the report says"):
        by_month(sheet)


def test_a_line_that_was_lost_is_missed_by_the_total_above_it() -> None:
    with pytest.raises(DropError, match="“Total Income”, column “Jan 26”"):
        by_month([row for row in BY_MONTH if "4100 · Projects" not in row])


def test_a_report_that_was_cut_short_is_refused() -> None:
    with pytest.raises(DropError, match="The section Expense has no total"):
        by_month(BY_MONTH[:26])


def test_labels_need_no_indentation_and_may_be_joined_by_colons() -> None:
    rows = by_month(
        grid("""
        |January 2026
        Income
        4000 · Managed services|50.00
        4000 · Managed services:4010 · Server care|1,000.00
        Total Care plans|10.00
        Total Income|1,060.00
    """)
    )
    assert amounts(rows, "2026-01-01") == {
        "Managed services": Decimal(50), "Managed services:Server care": Decimal(1000), "Total Care plans": Decimal(10)
    }  # fmt: skip


def test_an_account_with_amounts_of_its_own_may_hold_others() -> None:
    rows = by_month(
        grid("""
        |2026-01-01
        Expenses
        Payroll|10.00
        Wages|90.00
        Total Payroll|100.00
        Total Expenses|$100.00
    """)
    )
    assert amounts(rows, "2026-01-01") == {"Payroll": Decimal(10), "Payroll:Wages": Decimal(90)}


def test_no_account_may_stand_twice() -> None:
    with pytest.raises(DropError, match="Rows 3 and 4 are both the account “Rent”"):
        by_month(grid("|Jan 26\nExpense\nRent|1.00\nRent|2.00\nTotal Expense|3.00"))


@pytest.mark.parametrize(
    "sheet, says",
    [
        ("date,amount", "No section such as Income or Expense begins here"),
        ("Income\nSales|1.00\nTotal Income|1.00", "The columns have no heads"),
        ("|Jan - Mar 26\nIncome\nSales|1.00\nTotal Income|1.00", "The column “Jan - Mar 26” is no month"),
        ("|Jan 26|January 2026\nIncome\nSales|1|1\nTotal Income|1|1", "Two columns of the report are the same month"),
        ("|Jan 26\nIncome\nTotal Income|", "The report names no account with an amount"),
        ("|Jan 26\nIncome\n|5.00\nTotal Income|5.00", "Row 3 holds amounts and no account"),
        ("|Jan 26\nIncome\nSales|1\nTotal Income|1\nMore|1", "Row 5, “More”, stands in no section"),
    ],
)
def test_a_file_that_is_no_such_report_says_what_is_wrong(sheet: str, says: str) -> None:
    with pytest.raises(DropError, match=says):
        by_month(grid(sheet))


@pytest.mark.parametrize(
    "text, month",
    [
        ("Jan 26", 1), ("January 2026", 1), ("Feb '26", 2), ("Mar-26", 3), ("Sept 2026", 9), ("2026-04-01", 4),
        ("05/2026", 5), ("Nov 1 - 21, 26", 11), ("Nov 5 - 21, 26", 0), ("Jan - Mar 26", 0), ("TOTAL", 0),
        ("13/2026", 0), ("Mayor 2026", 0), ("2026-01-25", 0), ("25-Jan", 0),
    ],
)  # fmt: skip
def test_a_column_is_a_month_by_its_head(text: str, month: int) -> None:
    assert month_of(text) == (date(2026, month, 1) if month else None)


def test_a_job_belongs_to_its_customer() -> None:
    rows = income(BY_CUSTOMER)
    assert [(row["Category"], row["Company"], Decimal(row["Amount"])) for row in rows] == [
        ("Managed services", "Otterfield Dental", Decimal(1000)),
        ("Managed services", "Acorn", Decimal(500)),
        ("Projects", "Acorn", Decimal(300)),
    ]
    assert {row["Invoiced"] for row in rows} == {"2026-01-01"}


def test_the_accounts_come_to_what_all_customers_and_nobody_make_together() -> None:
    assert amounts(by_customer(BY_CUSTOMER), "2026-01-01") == {
        "Managed services": Decimal(1500),
        "Projects": Decimal(280),
    }


def test_a_customer_of_which_a_column_is_missing_is_refused() -> None:
    with pytest.raises(DropError, match="“Managed services”, column “Total Otterfield Dental”"):
        by_customer([[*row[:1], *row[2:]] for row in BY_CUSTOMER])


def test_brackets_in_a_customers_name_are_no_job() -> None:
    rows = income(grid("January 2026\n|Otterfield (Dental)\nIncome\nSales|1.00\nTotal Income|1.00"))
    assert [row["Company"] for row in rows] == ["Otterfield (Dental)"]


def test_the_person_says_the_month_where_the_report_does_not() -> None:
    sheet = [row for row in BY_CUSTOMER if "January 2026" not in row]
    with pytest.raises(DropError, match="Give its first and last day"):
        by_customer(sheet)
    march = Span(date(2026, 3, 1), date(2026, 3, 31))
    assert {row["Month"] for row in by_customer(sheet, march)} == {"2026-03-01"}
    with pytest.raises(DropError, match="one month at a time"):
        by_customer(sheet, Span(date(2026, 3, 1), date(2026, 4, 30)))


@pytest.mark.parametrize("title", ["January through March 2026", "October 2025 through March 2026"])
def test_a_quarter_by_customer_cannot_be_parted_into_months(title: str) -> None:
    with pytest.raises(DropError, match="one month at a time"):
        by_customer(changed(BY_CUSTOMER, "January 2026", 0, title))


def test_a_report_by_month_is_none_by_customer() -> None:
    with pytest.raises(DropError, match="Load it as a profit and loss by month"):
        by_customer(BY_MONTH)


def test_a_workbook_is_read_as_quickbooks_makes_it() -> None:
    """Labels go a column further in by level, empty columns part the months, and amounts are numbers."""
    rows: list[tuple[int, dict[int, str | float]]] = [
        (0, {6: "Jan 26", 8: "Feb 26", 10: "TOTAL"}),
        (1, {1: "Ordinary Income/Expense"}),
        (2, {2: "Income"}),
        (3, {3: "4000 · Managed services"}),
        (4, {4: "4010 · Server care", 6: 0.1, 8: 1000, 10: 1000.1}),
        (5, {4: "4000 · Managed services - Other", 6: 0.2, 8: -25.5, 10: -25.3}),
        (6, {3: "Total 4000 · Managed services", 6: 0.1 + 0.2, 8: 974.5, 10: 974.8}),
        (8, {2: "Total Income", 6: 0.1 + 0.2, 8: 974.5, 10: 974.8}),
        (9, {1: "Net Ordinary Income", 6: 0.1 + 0.2, 8: 974.5, 10: 974.8}),
        (10, {0: "Net Income", 6: 0.1 + 0.2, 8: 974.5, 10: 974.8}),
    ]
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        for at, cells in rows:
            for place, cell in cells.items():
                sheet.write(at, place, cell)
    found = quickbooks_desktop.by_month(open_table(content.getvalue(), "report.xlsx"))
    assert [(at, row["Account"], row["Month"], Decimal(row["Amount"])) for at, row in found] == [
        (5, "Managed services:Server care", "2026-01-01", Decimal("0.1")),
        (5, "Managed services:Server care", "2026-02-01", Decimal(1000)),
        (6, "Managed services", "2026-01-01", Decimal("0.2")),
        (6, "Managed services", "2026-02-01", Decimal("-25.5")),
    ]
