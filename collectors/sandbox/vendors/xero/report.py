"""Profit and loss of one span of days, in Xero's standard layout."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from collectors.sandbox.exchange import Row
from collectors.sandbox.vendors.xero.records import account_id
from collectors.sandbox.world.accounts import ACCOUNTS
from collectors.sandbox.world.dates import month_of
from collectors.sandbox.world.world import World

SECTIONS = (
    ("Income", " Income", "Total Income"), ("COGS", "Less Cost of Sales", "Total Cost of Sales"),
    ("Expenses", "Less Operating Expenses", "Total Operating Expenses"),
    ("OtherIncome", "Plus Other Income", "Total Other Income"),
    ("OtherExpenses", "Less Other Expenses", "Total Other Expenses"),
)  # fmt: skip


def profit_and_loss(world: World, start: date, end: date, cash: bool, moment: int, label: str) -> Row:
    sums = _sums(world, start, end, cash, moment)
    rows: list[Row] = [{"RowType": "Header", "Cells": [{"Value": ""}, {"Value": _label(end, label)}]}]
    totals: dict[str, Decimal] = {}
    for group, title, last in SECTIONS:
        listed = [number for number, account in ACCOUNTS.items() if account.group == group and number in sums]
        totals[group] = sum((sums[number] for number in listed), Decimal(0))
        if listed:
            inner = [_row(ACCOUNTS[number].name, sums[number], account_id(number)) for number in listed]
            inner.append({"RowType": "SummaryRow", "Cells": _row(last, totals[group])["Cells"]})
            rows.append({"RowType": "Section", "Title": title, "Rows": inner})
        if group == "COGS":
            gross = totals["Income"] - totals["COGS"]
            rows.append({"RowType": "Section", "Title": "", "Rows": [_row("Gross Profit", gross)]})
    net = gross - totals["Expenses"] + totals["OtherIncome"] - totals["OtherExpenses"]
    rows.append({"RowType": "Section", "Title": "", "Rows": [_row("Net Profit", net)]})
    titles = ["Profit & Loss", "Lanternworks IT", f"{start:%-d %B %Y} to {end:%-d %B %Y}"]
    report = {"ReportID": "ProfitAndLoss", "ReportName": "Profit and Loss", "ReportType": "ProfitAndLoss",
              "ReportTitles": titles, "ReportDate": f"{end:%-d %B %Y}", "Rows": rows}  # fmt: skip
    return {"Reports": [report]}


def _sums(world: World, start: date, end: date, cash: bool, moment: int) -> dict[int, Decimal]:
    """By account. A report ends with today: what is dated later is not in the books yet."""
    sums: dict[int, Decimal] = defaultdict(Decimal)
    last = min(end, world.calendar.day(moment))
    for posting in world.postings(month_of(start) - (3 if cash else 0), month_of(end), moment):
        day = posting.day + timedelta(days=posting.paid_after if cash else 0)
        if start <= day <= last:
            sums[posting.account] += posting.amount
    return sums


def _row(name: str, amount: Decimal, account: str = "") -> Row:
    more: Row = {"Attributes": [{"Value": account, "Id": "account"}]} if account else {}
    return {"RowType": "Row", "Cells": [{"Value": name} | more, {"Value": f"{amount:.2f}"} | more]}


def _label(day: date, like: str) -> str:
    patterns = {"28 Feb 18": "%-d %b %y", "28 February 2018": "%-d %B %Y", "Feb 28, 2018": "%b %-d, %Y"}
    return day.strftime(patterns[like])
