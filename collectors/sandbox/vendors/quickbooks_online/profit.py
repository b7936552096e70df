"""The profit-and-loss report, added up from postings by account and column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

from collectors.sandbox.exchange import Row
from collectors.sandbox.vendors.quickbooks_online.entities import server_time
from collectors.sandbox.world.accounts import LedgerAccount, children
from collectors.sandbox.world.dates import first_day, last_day, month_of
from collectors.sandbox.world.ledger import Posting
from collectors.sandbox.world.world import World

Amounts: TypeAlias = list[Decimal]
COLUMNS = ("Total", "Year", "Quarter", "Month", "Days", "Customers")


@dataclass(frozen=True)
class Wanted:
    start: date
    end: date
    columns: str
    cash: bool
    with_keys: bool
    unspecified: str


@dataclass(frozen=True)
class Column:
    title: str
    start: date
    end: date
    customer: int | None = None
    unspecified: bool = False


class ProfitAndLoss:
    def __init__(self, world: World, wanted: Wanted) -> None:
        self.world, self.wanted = world, wanted
        self.moment = world.clock.now()
        self.amounts: dict[int, Amounts] = {}
        self.columns = self._columns()
        self._add_up()

    def report(self) -> Row:
        empty = not self.amounts
        options = [{"Name": "AccountingStandard", "Value": "GAAP"},
                   {"Name": "NoReportData", "Value": "true" if empty else "false"}]  # fmt: skip
        header = {
            "Time": server_time(self.moment), "ReportName": "ProfitAndLoss",
            "ReportBasis": "Cash" if self.wanted.cash else "Accrual",
            "StartPeriod": self.wanted.start.isoformat(), "EndPeriod": self.wanted.end.isoformat(),
            "SummarizeColumnsBy": self.wanted.columns, "Currency": "USD", "Option": options,
        }  # fmt: skip
        return {"Header": header, "Columns": {"Column": self._heads()}, "Rows": {"Row": [] if empty else self._rows()}}

    def _columns(self) -> list[Column]:
        start, end = self.wanted.start, self.wanted.end
        if self.wanted.columns == "Total":
            return []
        if self.wanted.columns == "Customers":
            return self._customers()
        columns, day = [], start
        while day <= end:
            until = min(end, _period_end(day, self.wanted.columns))
            columns.append(Column(_title(day, until, self.wanted.columns), day, until))
            day = until + timedelta(days=1)
        return columns

    def _customers(self) -> list[Column]:
        start, end = self.wanted.start, self.wanted.end
        served = {posting.client for posting in self._postings()}
        columns = [Column(self.world.clients.get(index).ledger_name, start, end, customer=index)
                   for index in sorted(index for index in served if index is not None)]  # fmt: skip
        return columns + [Column(self.wanted.unspecified, start, end, unspecified=True)] * (None in served)

    def _postings(self) -> Iterator[Posting]:
        first = month_of(self.wanted.start) - (3 if self.wanted.cash else 0)
        for posting in self.world.postings(first, month_of(self.wanted.end), self.moment):
            day = posting.day + timedelta(days=posting.paid_after if self.wanted.cash else 0)
            # A report ends with today: what is dated later is not in the books yet.
            if self.wanted.start <= day <= min(self.wanted.end, self.world.calendar.day(self.moment)):
                yield posting

    def _add_up(self) -> None:
        width = len(self.columns) + 1
        for posting in self._postings():
            amounts = self.amounts.setdefault(posting.account, [Decimal(0)] * width)
            day = posting.day + timedelta(days=posting.paid_after if self.wanted.cash else 0)
            place = self._place(day, posting.client)
            if place is not None:
                amounts[place] += posting.amount
            amounts[-1] += posting.amount

    def _place(self, day: date, client: int | None) -> int | None:
        for place, column in enumerate(self.columns):
            if column.unspecified or column.customer is not None:
                if column.unspecified == (client is None) and column.customer == client:
                    return place
            elif column.start <= day <= column.end:
                return place
        return None

    def _heads(self) -> list[Row]:
        heads: list[Row] = [{"ColTitle": "", "ColType": "Account",
                             "MetaData": [{"Name": "ColKey", "Value": "account"}]}]  # fmt: skip
        for column in self.columns:
            data = [{"Name": "StartDate", "Value": column.start.isoformat()},
                    {"Name": "EndDate", "Value": column.end.isoformat()}]  # fmt: skip
            if column.customer is not None:
                key = str(self.world.clients.get(column.customer).ledger_id)
                data = [{"Name": "ColKey", "Value": key}] if self.wanted.with_keys else []
            elif column.unspecified:
                data = []
            heads.append({"ColTitle": column.title, "ColType": "Money", "MetaData": data})
        total = [{"Name": "ColKey", "Value": "total"}]
        return [*heads, {"ColTitle": "Total", "ColType": "Money", "MetaData": total}]

    def _rows(self) -> list[Row]:
        rows: list[Row] = []
        sums: dict[str, Amounts] = {}
        for group, title in (("Income", "Income"), ("COGS", "Cost of Goods Sold")):
            self._section(rows, sums, group, title)
        gross = _minus(sums["Income"], sums["COGS"])
        rows.append(_line("GrossProfit", "Gross Profit", gross))
        self._section(rows, sums, "Expenses", "Expenses")
        operating = _minus(gross, sums["Expenses"])
        rows.append(_line("NetOperatingIncome", "Net Operating Income", operating))
        self._section(rows, sums, "OtherIncome", "Other Income")
        self._section(rows, sums, "OtherExpenses", "Other Expenses")
        other = _minus(sums["OtherIncome"], sums["OtherExpenses"])
        rows.append(_line("NetOtherIncome", "Net Other Income", other))
        rows.append(_line("NetIncome", "Net Income", _plus(operating, other)))
        return rows

    def _section(self, rows: list[Row], sums: dict[str, Amounts], group: str, title: str) -> None:
        total = self._zero()
        inner = []
        for account in children(None, group):
            row, amounts = self._account(account)
            total = _plus(total, amounts)
            inner += [row] if row is not None else []
        sums[group] = total
        rows.append({
            "type": "Section", "group": group, "Header": {"ColData": [{"value": title}] + [{"value": ""}] * len(total)},
            "Rows": {"Row": inner}, "Summary": {"ColData": _cells(f"Total {title}", total)},
        })  # fmt: skip

    def _account(self, account: LedgerAccount) -> tuple[Row | None, Amounts]:
        """The account's row, a section if accounts lie under it, and its sum."""
        own, below = self.amounts.get(account.id), [self._account(row) for row in children(account.id, account.group)]
        shown = [row for row, _ in below if row is not None]
        name = self._name(account)
        if not shown:
            if own is None:
                return None, self._zero()
            return {"type": "Data", "ColData": _cells(name, own, account.id)}, own
        total = own or self._zero()
        for _, amounts in below:
            total = _plus(total, amounts)
        head = _cells(name, own, account.id) if own else [{"value": name, "id": str(account.id)}] + [
            {"value": ""} for _ in self._zero()]  # fmt: skip
        return {"type": "Section", "Header": {"ColData": head}, "Rows": {"Row": shown},
                "Summary": {"ColData": _cells(f"Total {name}", total)}}, total  # fmt: skip

    def _name(self, account: LedgerAccount) -> str:
        name = account.name
        for edit in self.world.edits.of("accounts", account.id, self.moment):
            name = str(edit.set.get("Name", name))
        return name

    def _zero(self) -> Amounts:
        return [Decimal(0)] * (len(self.columns) + 1)


def _period_end(day: date, columns: str) -> date:
    month = month_of(day)
    if columns == "Days":
        return day
    if columns == "Month":
        return last_day(month)
    return last_day(month // 12 * 12 + 11 if columns == "Year" else month + 2 - month % 3)


def _title(start: date, end: date, columns: str) -> str:
    if columns == "Month" and start.day == 1 and end == last_day(month_of(start)):
        return f"{start:%b %Y}"
    if columns == "Month":
        return f"{start:%b} {start.day}-{end.day}, {start.year}"
    return f"{start:%b} {start.day}, {start.year}" if start == end else f"{start:%b %Y} - {end:%b %Y}"


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return [a + b for a, b in zip(one, other, strict=True)]


def _minus(one: Amounts, other: Amounts) -> Amounts:
    return [a - b for a, b in zip(one, other, strict=True)]


def _cells(name: str, amounts: Amounts, identity: int | None = None) -> list[Row]:
    first: Row = {"value": name}
    if identity is not None:
        first["id"] = str(identity)
    rest: list[Row] = [{"value": f"{amount:.2f}" if amount else ""} for amount in amounts]
    return [first, *rest]


def _line(group: str, name: str, amounts: Amounts) -> Row:
    return {"type": "Section", "group": group, "Summary": {"ColData": _cells(name, amounts)}}


def period_of(macro: str, today: date) -> tuple[date, date] | None:
    """The days a date_macro stands for, if it is one that is played."""
    month = month_of(today)
    quarter = month - month % 3
    spans = {
        "This Month": (month, month), "Last Month": (month - 1, month - 1),
        "This Fiscal Quarter": (quarter, quarter + 2), "Last Fiscal Quarter": (quarter - 3, quarter - 1),
        "This Fiscal Year": (month // 12 * 12, month // 12 * 12 + 11),
        "Last Fiscal Year": (month // 12 * 12 - 12, month // 12 * 12 - 1),
    }  # fmt: skip
    if macro not in spans:
        return None
    return first_day(spans[macro][0]), last_day(spans[macro][1])
