"""What customers are charged by: invoices, credit memos, and sales receipts for what is paid on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.billing import Invoice, InvoiceLine
from collectors.sandbox.world.world import World

DOCUMENTS = ("Invoice", "CreditMemo", "SalesReceipt")
CENT, TAX = Decimal("0.01"), Decimal("0.07")
CLASSES = {name: str(9_100 + place) for place, name in enumerate(("Managed services", "Projects", "Cloud"))}
ITEMS = {name: str(9_200 + place) for place, name in enumerate(
    ("MS-BASE", "MS-SEAT", "MS-SERVER", "LABOR", "CREDIT", "CLOUD", "HARDWARE"))}  # fmt: skip


def documents(world: World, wanted: str, moment: int, frame: Callable[[int, int, int], Row]) -> Iterator[Row]:
    for invoice in world.billing.invoices(moment):
        customer = world.clients.get(invoice.client)
        if customer.ledger_id is not None and _document(invoice) == wanted:
            told = frame(invoice.id, invoice.created_at, invoice.updated_at)
            yield told | _told(invoice, wanted, str(customer.ledger_id), customer.ledger_name)


def _document(invoice: Invoice) -> str:
    if invoice.total < 0:
        return "CreditMemo"
    return "SalesReceipt" if invoice.kind == "product" and invoice.client % 2 else "Invoice"


def _told(invoice: Invoice, document: str, customer: str, name: str) -> Row:
    sign = -1 if document == "CreditMemo" else 1
    taxed = sum((line.amount for line in invoice.lines if line.kind == "product"), Decimal(0))
    tax = (taxed * TAX).quantize(CENT)
    total = float(sign * invoice.total + tax)
    lines = [_line(place, line, sign) for place, line in enumerate(invoice.lines, start=1)]
    lines.append({"Amount": float(sign * invoice.total), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    owed = total if document == "Invoice" and invoice.paid_on is None else 0.0
    row: Row = {
        "DocNumber": invoice.number, "TxnDate": invoice.posted_on.isoformat(), "TotalAmt": total, "Balance": owed,
        "CustomerRef": {"value": customer, "name": name}, "CurrencyRef": {"value": "USD", "name": "US Dollar"},
        "Line": lines, "TxnTaxDetail": {"TotalTax": float(tax)}, "EmailStatus": "NotSet",
    }  # fmt: skip
    return row | ({"DueDate": invoice.due_on.isoformat()} if document == "Invoice" else {})


def _line(place: int, line: InvoiceLine, sign: int) -> Row:
    """A line of hardware has an item and no class."""
    detail: Row = {
        "ItemRef": {"value": ITEMS[line.item], "name": line.item}, "Qty": float(line.quantity),
        "UnitPrice": float(sign * line.unit_price), "TaxCodeRef": {"value": "TAX" if line.kind == "product" else "NON"},
    }  # fmt: skip
    if line.ledger_class in CLASSES:
        detail["ClassRef"] = {"value": CLASSES[line.ledger_class], "name": line.ledger_class}
    return {"Id": str(place), "LineNum": place, "Description": line.description, "Amount": float(sign * line.amount),
            "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}  # fmt: skip
