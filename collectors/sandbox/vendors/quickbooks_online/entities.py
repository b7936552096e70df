"""QuickBooks entities as JSON: customers, accounts, employees, company and preferences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from collectors.sandbox.exchange import Row
from collectors.sandbox.vendors.quickbooks_online import sales
from collectors.sandbox.world import names
from collectors.sandbox.world.accounts import ACCOUNTS, BALANCE_SHEET, LedgerAccount
from collectors.sandbox.world.clients import Client
from collectors.sandbox.world.dates import parse_moment
from collectors.sandbox.world.world import World

# Intuit writes its times with its servers' offset, not the company's.
SERVERS = ZoneInfo("America/Los_Angeles")
_TYPES = {
    "Income": ("Revenue", "Income", "ServiceFeeIncome"),
    "COGS": ("Expense", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    "Expenses": ("Expense", "Expense", "OtherBusinessExpenses"),
    "OtherIncome": ("Revenue", "Other Income", "InterestEarned"),
    "OtherExpenses": ("Expense", "Other Expense", "OtherMiscellaneousExpense"),
}


def server_time(moment: int) -> str:
    return datetime.fromtimestamp(moment, SERVERS).isoformat(timespec="seconds")


def changed_at(row: Row) -> int:
    return parse_moment(cast("dict[str, str]", row["MetaData"])["LastUpdatedTime"])


class Entities:
    def __init__(self, world: World) -> None:
        self.world = world
        self.start = world.calendar.month_start(world.options.first_month)

    def rows(self, entity: str, moment: int) -> Iterator[Row]:
        if entity in sales.DOCUMENTS:
            return sales.documents(self.world, entity, moment, self._frame)
        return {"Customer": self._customers, "Account": self._accounts, "Employee": self._employees,
                "CompanyInfo": self._companies, "Preferences": self._preferences}[entity](moment)  # fmt: skip

    def _frame(self, identity: int, created_at: int, updated_at: int) -> Row:
        times = {"CreateTime": server_time(created_at), "LastUpdatedTime": server_time(updated_at)}
        return {"domain": "QBO", "sparse": False, "Id": str(identity), "SyncToken": "0", "MetaData": times}

    def _edited(self, kind: str, row: Row, moment: int) -> Row:
        for edit in self.world.edits.of(kind, int(str(row["Id"])), moment):
            times = {**row["MetaData"], "LastUpdatedTime": server_time(edit.at)}  # type: ignore[dict-item]
            row = row | edit.set | edit.raw | {"MetaData": times}
            if edit.delete:
                # QuickBooks keeps what is "deleted" from a list, inactive and renamed.
                row |= {"Active": False, "DisplayName": f"{row.get('DisplayName', row.get('Name'))} (deleted)"}
        return row

    def _customers(self, moment: int) -> Iterator[Row]:
        for index in self.world.clients.served:
            client = self.world.clients.get(index)
            if client.ledger_id is None or (client.joined_at or 0) > moment:
                continue
            yield self._edited("customers", self._customer(client, moment), moment)
            for place, job in enumerate(client.jobs, start=1):
                yield self._edited("customers", self._job(client, place, job), moment)

    def _customer(self, client: Client, moment: int) -> Row:
        gone = client.left_at is not None and client.left_at + 60 * 86_400 <= moment
        created_at = client.joined_at or self.start
        updated_at = client.left_at + 60 * 86_400 if gone and client.left_at is not None else created_at
        name = f"{client.ledger_name} (deleted)" if gone else client.ledger_name
        made: Row = self._frame(client.ledger_id or 0, created_at, updated_at) | {
            "DisplayName": name, "CompanyName": client.ledger_name, "FullyQualifiedName": name,
            "Active": not gone, "Job": False, "IsProject": False, "Level": 0, "BillWithParent": False,
            "Balance": 0.0, "BalanceWithJobs": 0.0,
        }  # fmt: skip
        if client.ledger_email is not None:
            made["PrimaryEmailAddr"] = {"Address": client.ledger_email}
        if client.index % 4:  # three in four have the telephone and address that the PSA has
            street, city, code = names.address(client.index, client.psa_name)
            made["PrimaryPhone"] = {"FreeFormNumber": names.written_phone(client.phone, client.index + 1)}
            made["BillAddr"] = {"Id": str(client.ledger_id), "Line1": street, "City": city,
                                "CountrySubDivisionCode": "IL", "PostalCode": code}  # fmt: skip
        if client.ledger_website is not None:
            made["WebAddr"] = {"URI": client.ledger_website}
        return made

    def _job(self, client: Client, place: int, job: str) -> Row:
        created_at = client.joined_at or self.start
        return self._frame((client.ledger_id or 0) + place, created_at, created_at) | {
            "DisplayName": job if place == 1 and client.index % 3 else f"{job} {client.index}",
            "FullyQualifiedName": f"{client.ledger_name}:{job}", "Active": True, "Job": True,
            "IsProject": place == 2, "Level": 1, "BillWithParent": True, "Balance": 0.0, "BalanceWithJobs": 0.0,
            "ParentRef": {"value": str(client.ledger_id)},
        }  # fmt: skip

    def _accounts(self, moment: int) -> Iterator[Row]:
        for account in ACCOUNTS.values():
            yield self._edited("accounts", self._ledger_account(account), moment)
        for identity, name, classification, kind, subtype in BALANCE_SHEET:
            yield self._edited("accounts", self._frame(identity, self.start, self.start) | {
                "Name": name, "FullyQualifiedName": name, "Active": True, "SubAccount": False,
                "Classification": classification, "AccountType": kind, "AccountSubType": subtype,
                "CurrentBalance": 0.0}, moment)  # fmt: skip

    def _ledger_account(self, account: LedgerAccount) -> Row:
        classification, kind, subtype = _TYPES[account.group]
        parent = ACCOUNTS.get(account.parent or 0)
        name = f"{parent.name}:{account.name}" if parent else account.name
        made = self._frame(account.id, self.start, self.start) | {
            "Name": account.name, "FullyQualifiedName": name, "AcctNum": str(4_000 + account.id * 10),
            "Active": account.active, "SubAccount": parent is not None, "Classification": classification,
            "AccountType": kind, "AccountSubType": subtype, "CurrentBalance": 0.0,
        }  # fmt: skip
        if parent is not None:
            made["ParentRef"] = {"value": str(parent.id)}
        return made

    def _employees(self, moment: int) -> Iterator[Row]:
        for member in self.world.people.members:
            if member.licence == "F" and (member.joined_at or 0) <= moment:
                changed_at = member.left_at if member.left_at and member.left_at <= moment else None
                yield self._frame(member.id, member.joined_at or self.start,
                                  changed_at or member.joined_at or self.start) | {
                    "DisplayName": f"{member.first_name} {member.last_name}", "Active": changed_at is None,
                    "CostRate": float(member.hourly_cost)}  # fmt: skip

    def _companies(self, moment: int) -> Iterator[Row]:
        yield self._frame(1, self.start, self.start) | {
            "CompanyName": "Lanternworks IT", "CompanyStartDate": "2014-01-01",
            "FiscalYearStartMonth": "January", "DefaultTimeZone": self.world.options.zone, "Country": "USA",
        }  # fmt: skip

    def _preferences(self, moment: int) -> Iterator[Row]:
        yield self._frame(1, self.start, self.start) | {
            "ReportPrefs": {"ReportBasis": "Accrual"}, "AccountingInfoPrefs": {"FirstMonthOfFiscalYear": "January"},
            "CurrencyPrefs": {"HomeCurrency": {"value": "USD"}, "MultiCurrencyEnabled": False},
        }  # fmt: skip
