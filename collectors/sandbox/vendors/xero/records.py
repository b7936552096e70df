"""Xero's records: accounts, contacts, invoices and credit notes, with dates as Microsoft writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.accounts import ACCOUNTS, BALANCE_SHEET
from collectors.sandbox.world.billing import Invoice, InvoiceLine
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.world import World

CENT, TAX = Decimal("0.01"), Decimal("0.07")
TYPES = {"Income": "REVENUE", "COGS": "DIRECTCOSTS", "Expenses": "EXPENSE", "OtherIncome": "OTHERINCOME",
         "OtherExpenses": "OVERHEADS"}  # fmt: skip
CLASSES = {"Income": "REVENUE", "OtherIncome": "REVENUE"}
REBATED, REBATE = 4, Decimal(25)
BOUGHT, DRAFTED = 10, 17  # every so many invoices there is a bill, and a draft, with the same lines


def account_id(number: int) -> str:
    return opaque(f"xero/account/{number}")


def contact_id(client: int) -> str:
    return opaque(f"xero/contact/{client}")


class Records:
    def __init__(self, world: World) -> None:
        self.world = world
        self.start = world.calendar.month_start(world.options.first_month)

    def owners(self) -> dict[str, int | None]:
        served = (index for index in self.world.clients.served if self.world.clients.get(index).ledger_id is not None)
        return {contact_id(index): index for index in served}

    def organisation(self) -> Row:
        return {"OrganisationID": opaque("xero/organisation"), "Name": "Lanternworks IT", "BaseCurrency": "USD",
                "CountryCode": "US", "SalesTaxBasis": "ACCRUALS"}  # fmt: skip

    def accounts(self, moment: int) -> Iterator[Row]:
        for account in ACCOUNTS.values():
            yield {"AccountID": account_id(account.id), "Code": str(200 + account.id), "Name": account.name,
                   "Type": TYPES[account.group], "Class": CLASSES.get(account.group, "EXPENSE"),
                   "Status": "ACTIVE" if account.active else "ARCHIVED",
                   "UpdatedDateUTC": stamp(self.start)}  # fmt: skip
        for number, name, classification, *_ in BALANCE_SHEET:
            yield {"AccountID": account_id(number), "Code": str(200 + number), "Name": name, "Status": "ACTIVE",
                   "Type": {"Asset": "CURRENT", "Liability": "CURRLIAB"}.get(classification, "EQUITY"),
                   "Class": classification.upper(), "UpdatedDateUTC": stamp(self.start)}  # fmt: skip

    def contacts(self, moment: int) -> Iterator[Row]:
        for index in self.world.clients.served:
            client = self.world.clients.get(index)
            if client.ledger_id is None or (client.joined_at or 0) > moment:
                continue
            gone = client.left_at is not None and client.left_at + 60 * DAY <= moment
            row: Row = {
                "ContactID": contact_id(index), "Name": client.ledger_name, "IsCustomer": True, "IsSupplier": False,
                "ContactStatus": "ARCHIVED" if gone else "ACTIVE",
                "UpdatedDateUTC": stamp(client.joined_at or self.start), "EmailAddress": client.ledger_email or "",
                "Phones": [], "Addresses": [],
            }  # fmt: skip
            if client.ledger_website is not None:
                row["Website"] = client.ledger_website
            if index % 3 == 0:
                row["AccountNumber"] = f"PSA: {client.psa_id}"
            yield row
        yield {"ContactID": opaque("xero/landlord"), "Name": "Old Mill Properties", "IsCustomer": False,
               "IsSupplier": True, "ContactStatus": "ACTIVE", "UpdatedDateUTC": stamp(self.start)}  # fmt: skip

    def invoices(self, moment: int) -> Iterator[Row]:
        for invoice in self._billed(moment):
            if invoice.total >= 0:
                asked = replace(invoice, lines=(*invoice.lines, *_given_back(invoice)))
                yield self._document(asked, "Invoice", "ACCREC", str(invoice.id))
                if invoice.id % BOUGHT == 0:
                    yield self._document(invoice, "Invoice", "ACCPAY", f"bill {invoice.id}")
                if invoice.id % DRAFTED == 0:
                    yield self._document(invoice, "Invoice", "ACCREC", f"draft {invoice.id}") | {"Status": "DRAFT"}

    def credit_notes(self, moment: int) -> Iterator[Row]:
        for invoice in self._billed(moment):
            if invoice.total < 0:
                yield self._document(invoice, "CreditNote", "ACCRECCREDIT", str(invoice.id))
            elif lines := tuple(replace(line, amount=-line.amount) for line in _given_back(invoice)):
                note = replace(invoice, lines=lines, number=f"CN-{invoice.id}")
                yield self._document(note, "CreditNote", "ACCRECCREDIT", str(invoice.id))

    def _billed(self, moment: int) -> Iterator[Invoice]:
        for invoice in self.world.billing.invoices(moment):
            if self.world.clients.get(invoice.client).ledger_id is not None:
                yield invoice

    def _document(self, invoice: Invoice, name: str, kind: str, key: str) -> Row:
        """Every second client's prices include the tax."""
        sign, inclusive = (-1 if kind == "ACCRECCREDIT" else 1), invoice.client % 2 == 0
        lines = [_line(line, sign, inclusive, key) for line in invoice.lines]
        tax = sign * sum((_tax(line) for line in invoice.lines), Decimal(0))
        row: Row = {
            f"{name}ID": opaque(f"xero/{name}/{key}"), f"{name}Number": invoice.number, "Type": kind,
            "Status": "AUTHORISED" if invoice.paid_on is None else "PAID",
            "Contact": {"ContactID": contact_id(invoice.client),
                        "Name": self.world.clients.get(invoice.client).ledger_name},
            "Date": stamp_of(invoice.posted_on), "DateString": f"{invoice.posted_on}T00:00:00",
            "DueDate": stamp_of(invoice.due_on), "DueDateString": f"{invoice.due_on}T00:00:00",
            "LineAmountTypes": "Inclusive" if inclusive else "Exclusive", "LineItems": lines,
            "SubTotal": float(sign * invoice.total), "TotalTax": float(tax), "Total": float(sign * invoice.total + tax),
            "CurrencyCode": "USD", "CurrencyRate": 1.0, "UpdatedDateUTC": stamp(invoice.updated_at),
        }  # fmt: skip
        return row if invoice.paid_on is None else row | {"FullyPaidOnDate": stamp_of(invoice.paid_on)}


def _given_back(invoice: Invoice) -> tuple[InvoiceLine, ...]:
    """What every fourth client is charged each month and given back by a credit note of the same day."""
    if invoice.client % REBATED or invoice.kind != "agreement":
        return ()
    first = invoice.lines[0]
    return (replace(first, id=first.id + len(invoice.lines), description="Onboarding", amount=REBATE,
                    unit_price=REBATE),)  # fmt: skip


def _tax(line: InvoiceLine) -> Decimal:
    return (line.amount * TAX).quantize(CENT) if line.kind == "product" else Decimal(0)


def _line(line: InvoiceLine, sign: int, inclusive: bool, key: str) -> Row:
    """A line of hardware has an item and no tracking."""
    tracking: list[Row] = [{"TrackingCategoryID": opaque("xero/tracking"), "Name": "Service line",
                            "Option": line.ledger_class}]  # fmt: skip
    return {
        "LineItemID": opaque(f"xero/line/{key}/{line.id}"), "Description": line.description, "ItemCode": line.item,
        "Quantity": float(line.quantity), "UnitAmount": float(sign * line.unit_price),
        "TaxAmount": float(sign * _tax(line)),
        "LineAmount": float(sign * (line.amount + (_tax(line) if inclusive else 0))),
        "AccountCode": str(200 + line.account), "Tracking": [] if line.kind == "product" else tracking,
    }  # fmt: skip


def stamp(moment: int) -> str:
    return f"/Date({moment * 1000}+0000)/"


def stamp_of(day: date) -> str:
    return stamp((day - date(1970, 1, 1)).days * DAY)
