"""QuickBooks Desktop's profit and loss, by month or by customer, as rows of one ledger account, month and amount.

The report is a picture of a table: headings, accounts under them, and totals that repeat what stands above. Each line
`Total X` closes the heading or the account X, so that indentation, which exports lose, is never needed. Whatever the
report sums up is summed up again, and one that does not come out is refused whole: a line was lost on the way.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from collectors.drop.declare import Line as Row
from collectors.drop.declare import Span
from collectors.drop.table import DropError, Table
from collectors.facts.money import LedgerAccount

Grid = Sequence[tuple[int, Sequence[str]]]  # the rows that hold anything, each with its number in the file
Side = LedgerAccount.Side

SECTIONS = {
    "income": Side.INCOME, "cost of goods sold": Side.COGS, "cogs": Side.COGS, "cost of sales": Side.COGS,
    "expense": Side.EXPENSE, "expenses": Side.EXPENSE, "other income": Side.OTHER_INCOME,
    "other expense": Side.OTHER_EXPENSE, "other expenses": Side.OTHER_EXPENSE,
}  # fmt: skip
FRAMES = {"ordinary income/expense", "other income/expense"}  # headings around sections
GAINS, LOSSES = (Side.INCOME, Side.OTHER_INCOME), (Side.COGS, Side.EXPENSE, Side.OTHER_EXPENSE)
RESULTS = {
    "gross profit": {Side.INCOME, Side.COGS},
    "net ordinary income": {Side.INCOME, Side.COGS, Side.EXPENSE},
    "net operating income": {Side.INCOME, Side.COGS, Side.EXPENSE},
    "net other income": {Side.OTHER_INCOME, Side.OTHER_EXPENSE},
    "net income": set(Side),
}
NOBODY = {"not classified", "unclassified", "not specified", "no name", "no customer"}
NUMBERED = re.compile(r"(?P<number>\d[\w.-]*)\s+[·•\u00b7-]\s+(?P<name>.+)")
JOB = re.compile(r"(?P<job>.+?)\s*\n?\s*\((?P<customer>[^()]+)\)", re.DOTALL)
MONTHS = {name[:3].casefold(): place for place, name in enumerate(calendar.month_name) if name}
NAMED = re.compile(r"(?P<name>[A-Za-z]{3,9})\.?(?P<days>\s+\d{1,2}\s*-\s*\d{1,2},)?[\s,'’-]*(?P<year>\d{4}|\d{2})")
NUMBERS = re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})(?:[-/]0?1)?")  # a spreadsheet took “Jan 26” for the 26th
AMERICAN = re.compile(r"(?P<month>\d{1,2})/(?P<year>\d{4})")
BASIS = re.compile(r"\b(?P<basis>accrual|cash)\s+basis\b", re.IGNORECASE)
TO = re.compile(r"\s+(?:through|to|thru)\s+", re.IGNORECASE)


Told = TypeVar("Told")


@dataclass
class Line:
    """An account's own amounts by column, or a heading's none; `path` are the accounts it lies in, from the top."""

    row: int
    label: str
    amounts: Mapping[int, Decimal]
    side: Side
    path: list[str] = field(default_factory=list)
    nested: bool = False  # in an account that is closed already


@dataclass(frozen=True)
class Report:
    """What a report says: its lines, its columns by place, and from its title the months it covers and its basis."""

    lines: Sequence[Line]
    columns: Mapping[int, str]
    title: Sequence[str]

    @property
    def basis(self) -> str:
        """cash or accrual; "" where the title does not say."""
        found = BASIS.search(" ".join(self.title))
        return found["basis"].lower() if found else ""

    @property
    def month(self) -> date | None:
        """The one month that the title names. Raises DropError where it names several."""
        for text in self.title:
            begin, *rest = TO.split(text)
            if last := month_of(rest[0] if rest else begin):
                year = f" {last.year}" if rest and not re.search(r"\d{4}", begin) else ""
                first = month_of(begin + year)
                if rest and first != last:
                    raise DropError(
                        f"The report covers “{text}”. Months are kept, so run it for one month at a time, "
                        "or run the profit and loss by month."
                    )
                return last
        return None


def by_month(table: Table, _: Span | None = None) -> list[Row]:
    """The rows of a profit and loss with months across. Raises DropError."""
    report = read(table.numbered)
    months = {place: month_of(name) for place, name in report.columns.items()}
    totals = {place for place, name in report.columns.items() if name.casefold() == "total"}
    for place, name in report.columns.items():
        if months[place] is None and place not in totals:
            raise DropError(
                f"The column “{name}” is no month. Run the report with columns by month, and load it as exported."
            )
    known = {place: month for place, month in months.items() if month is not None}
    if len(set(known.values())) < len(known):
        raise DropError("Two columns of the report are the same month.")
    _across(report, totals, known)
    return [_row(report, line, month, line.amounts[place]) for line, place, month in _cells(report, known)]


def by_customer(table: Table, span: Span | None = None) -> list[Row]:
    """The accounts of a profit and loss of one month with customers across: what all of them come to."""
    report, month, customers = _of_customers(table, span)
    return [
        _row(
            report, line, month, sum((line.amounts[place] for place in customers if place in line.amounts), Decimal(0))
        )
        for line in report.lines
    ]


def income_by_customer(table: Table, span: Span | None = None) -> list[Row]:
    """What each customer was charged by account in the same report; a job's amounts are its customer's."""
    report, month, customers = _of_customers(table, span)
    found: dict[tuple[int, str], tuple[Line, Decimal]] = {}
    for line, place, customer in _cells(report, customers):
        if customer and line.side in GAINS:
            _, before = found.get((line.row, customer), (line, Decimal(0)))
            found[line.row, customer] = (line, before + line.amounts[place])
    return [_sold(line, month, amount, customer) for (_, customer), (line, amount) in found.items() if amount]


def _sold(line: Line, month: date, amount: Decimal, customer: str) -> Row:
    """One row in the form of an invoice's line; its id is the same when the report is run again."""
    account, number = account_of(line.path)
    return line.row, {
        "Invoiced": month.isoformat(), "Company": customer, "Amount": f"{amount:f}", "Category": account,
        "Kind": line.side.label, "Line id": f"{month:%Y-%m} / {number or account.casefold()} / {customer.casefold()}",
    }  # fmt: skip


def _of_customers(table: Table, span: Span | None) -> tuple[Report, date, dict[int, str]]:
    """The report, its month and whose each column is. The person's month is taken where the title names none."""
    report = read(table.numbered)
    if named := [name for name in report.columns.values() if month_of(name)]:
        raise DropError(f"The column “{named[0]}” is a month, not a customer. Load it as a profit and loss by month.")
    month = report.month or _month_given(span)
    customers, totals = _customers(report.columns)
    for place, name in report.columns.items():
        if place not in customers and place not in totals:
            _subtotal(report, place, [at for at, who in customers.items() if who == name.partition(" ")[2]])
    _across(report, totals, customers)
    return report, month, customers


def _month_given(span: Span | None) -> date:
    if span is None:
        raise DropError("The report does not say which month it covers. Give its first and last day.")
    first = span.from_on.replace(day=1)
    if span.through_on.replace(day=1) != first:
        raise DropError("A profit and loss by customer covers one month. Run it for one month at a time.")
    return first


def _customers(columns: Mapping[int, str]) -> tuple[dict[int, str], set[int]]:
    """Whose each column is, "" for nobody's, and the places of the total; a customer's subtotals are neither."""
    names = set(columns.values())
    whole = {name.removeprefix("Total ") for name in names if name.startswith("Total ")}
    customers, totals = {}, set()
    for place, name in columns.items():
        job = JOB.fullmatch(name)
        if name.casefold() == "total":
            totals.add(place)
        elif name.casefold() in NOBODY:
            customers[place] = ""
        elif job and (job["customer"] in whole or "\n" in name):
            customers[place] = job["customer"].strip()
        elif not (name.startswith("Total ") and name.removeprefix("Total ") in _owners(names - {name})):
            customers[place] = name.partition(":")[0].strip()
    return customers, totals


def _owners(names: set[str]) -> set[str]:
    jobs = {job["customer"].strip() for name in names if (job := JOB.fullmatch(name))}
    return jobs | {name.partition(":")[0].strip() for name in names}


def _row(report: Report, line: Line, month: date, amount: Decimal) -> Row:
    """One row in the ledger's plain form. The account's number, where it has one, outlives its name."""
    account, number = account_of(line.path)
    return line.row, {
        "Month": month.isoformat(), "Account": account, "Number": number, "Account id": number,
        "Type": line.side.label, "Amount": f"{amount:f}", "Basis": report.basis,
    }  # fmt: skip


def _cells(report: Report, told: Mapping[int, Told]) -> Iterator[tuple[Line, int, Told]]:
    """Every account's cells that hold an amount, in the columns that tell something."""
    for line in report.lines:
        for place, what in told.items():
            if place in line.amounts:
                yield line, place, what


def _across(report: Report, totals: set[int], parts: Mapping[int, object]) -> None:
    for place in totals:
        _subtotal(report, place, list(parts))


def _subtotal(report: Report, place: int, parts: Sequence[int]) -> None:
    """A column must be what its parts come to, account by account."""
    for line in report.lines:
        come_to = sum((line.amounts.get(at, Decimal(0)) for at in parts), Decimal(0))
        _agree(line.row, line.label, report.columns[place], line.amounts.get(place, Decimal(0)), come_to)


def _agree(row: int, label: str, column: str, stated: Decimal, found: Decimal) -> None:
    if stated != found:
        raise DropError(
            f"Row {row}, “{label}”, column “{_flat(column)}”: the report says {stated:,.2f} and its lines come to "
            f"{found:,.2f}. Nothing was read. Export the report again with every line in it."
        )


def read(grid: Grid) -> Report:
    """The report's lines, once all of its totals have been found right. Raises DropError."""
    head, columns = _head(grid)
    lines: list[Line] = []
    side: Side | None = None
    section: tuple[str, int] = ("", 0)
    for number, cells in grid[head + 1 :]:
        label, amounts = _line(number, cells, columns)
        if not label or label.casefold() in FRAMES:
            continue
        wanted = label.casefold()
        if side is None and not amounts and wanted in SECTIONS:
            side, section = SECTIONS[wanted], (label, len(lines))
        elif wanted in RESULTS and side is None:
            _result(number, label, amounts, lines, columns)
        elif side is None:
            raise DropError(f"Row {number}, “{label}”, stands in no section such as Income or Expense.")
        elif wanted.startswith("total ") and SECTIONS.get(wanted[6:]) is side and _opened(lines, section[1], label) < 0:
            _close(number, label, amounts, lines[section[1] :], columns)
            side = None
        elif wanted.startswith("total ") and (start := _opened(lines, section[1], label)) >= 0:
            _close(number, label, amounts, lines[start:], columns)
            _nest(lines[start:])
        else:
            lines.append(Line(number, label, amounts, side, [part.strip() for part in label.split(":")]))
    if side is not None:
        raise DropError(f"The section {section[0]} has no total: the report was cut short. Export it again.")
    told = [line for line in lines if line.amounts]
    if not told:
        raise DropError("The report names no account with an amount.")
    _once(told)
    return Report(told, columns, _title(grid[: head + 1]))


def _once(lines: Sequence[Line]) -> None:
    """No account may stand twice, by its number or its name: one of the two amounts would be lost."""
    before: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.side.value, account_of(line.path)[1] or account_of(line.path)[0].casefold())
        if key in before:
            raise DropError(f"Rows {before[key]} and {line.row} are both the account “{':'.join(line.path)}”.")
        before[key] = line.row


def account_of(path: Sequence[str]) -> tuple[str, str]:
    """The full name of an account, without the numbers in it, and its own number, or ""."""
    found = [NUMBERED.fullmatch(part) for part in path]
    names = [part["name"] if part else text for part, text in zip(found, path, strict=True)]
    return ":".join(names), found[-1]["number"] if found[-1] else ""


def _head(grid: Grid) -> tuple[int, dict[int, str]]:
    """The row that heads the columns: the last one with a text beyond the labels before the first section begins."""
    begin = next(
        (at for at, (_, cells) in enumerate(grid) if (names := _texts(cells)) and len(names) == 1
         and names[0].casefold() in FRAMES | SECTIONS.keys()), None,
    )  # fmt: skip
    if begin is None:
        raise DropError("No section such as Income or Expense begins here. This is no profit and loss of QuickBooks.")
    for at in range(begin - 1, -1, -1):
        found = {place: text.strip() for place, text in enumerate(grid[at][1]) if place and text.strip()}
        if found:
            return at, {place: name for place, name in found.items() if not name.startswith("%")}
    raise DropError("The columns have no heads. Export the report with its column headings.")


def _line(number: int, cells: Sequence[str], columns: Mapping[int, str]) -> tuple[str, dict[int, Decimal]]:
    label = next((text.strip() for text in cells[: min(columns)] if text.strip()), "")
    amounts = {
        place: _amount(cells[place], number, name)
        for place, name in columns.items()
        if place < len(cells) and cells[place].strip()
    }
    if amounts and not label:
        raise DropError(f"Row {number} holds amounts and no account.")
    return label, amounts


def _amount(text: str, row: int, column: str) -> Decimal:
    """An amount as QuickBooks writes it; a negative one stands in parentheses or has its sign in front or behind."""
    plain = text.strip().replace("$", "").replace(",", "").replace(" ", "")
    negative = (plain.startswith("(") and plain.endswith(")")) or plain.startswith("-") or plain.endswith("-")
    try:
        amount = Decimal(plain.strip("()-")).quantize(Decimal("0.0001"))
    except InvalidOperation:
        raise DropError(f"Row {row}, column “{_flat(column)}”: “{text[:40]}” is no amount.") from None
    return -amount if negative else amount


def _opened(lines: Sequence[Line], start: int, label: str) -> int:
    """Where the heading or account that a total closes stands; -1 where nothing of that name is open."""
    wanted = label[len("Total ") :].casefold()
    for at in range(len(lines) - 1, start - 1, -1):
        if not lines[at].nested and lines[at].label.casefold() == wanted:
            return at
    return -1


def _nest(lines: Sequence[Line]) -> None:
    """Put what a closed account holds under it; its own postings, which stand as “X - Other”, are its own."""
    top = lines[0].path
    for line in lines[1:]:
        line.nested = True
        if line.label == f"{lines[0].label} - Other":
            line.path = top
        elif line.path[: len(top)] != top:
            line.path = [*top, *line.path]


def _close(
    row: int, label: str, stated: Mapping[int, Decimal], lines: Sequence[Line], columns: Mapping[int, str]
) -> None:
    for place, name in columns.items():
        come_to = sum((line.amounts.get(place, Decimal(0)) for line in lines), Decimal(0))
        _agree(row, label, name, stated.get(place, Decimal(0)), come_to)


def _result(
    row: int, label: str, stated: Mapping[int, Decimal], lines: Sequence[Line], columns: Mapping[int, str]
) -> None:
    """A line such as the gross profit, which is income less costs."""
    sides = RESULTS[label.casefold()]
    counted = [
        line if line.side in GAINS else replace(line, amounts={at: -one for at, one in line.amounts.items()})
        for line in lines
        if line.side in sides
    ]
    _close(row, label, stated, counted, columns)


def month_of(text: str) -> date | None:
    """The first day of the month that a text names, such as Jan 26, January 2026, Nov 1 - 21, 26 or 2026-01-01."""
    text = text.strip()
    if found := NAMED.fullmatch(text):
        place = MONTHS.get(found["name"][:3].casefold(), 0)
        whole = calendar.month_name[place].casefold().startswith(found["name"].casefold()) or found["name"] == "Sept"
        begins = not found["days"] or found["days"].split("-")[0].strip() == "1"
        year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
        return date(year, place, 1) if place and whole and begins else None
    found = NUMBERS.fullmatch(text) or AMERICAN.fullmatch(text)
    if found and 1 <= int(found["month"]) <= 12:
        return date(int(found["year"]), int(found["month"]), 1)
    return None


def _title(grid: Grid) -> list[str]:
    return [text for _, cells in grid for text in _texts(cells)]


def _texts(cells: Sequence[str]) -> list[str]:
    return [text.strip() for text in cells if text.strip()]


def _flat(text: str) -> str:
    return " ".join(text.split())
