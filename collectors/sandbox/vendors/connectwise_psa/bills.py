"""What ConnectWise PSA says was invoiced, and how clients answered."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.sandbox.exchange import Refusal, Row
from collectors.sandbox.vendors.connectwise_psa.rows import Rows, day_text
from collectors.sandbox.world.billing import Invoice
from collectors.sandbox.world.world import World

TYPES = {"agreement": "Agreement", "project": "Progress", "product": "Standard", "cloud": "Miscellaneous",
         "credit": "CreditMemo"}  # fmt: skip
SURVEYS = {1: "How did we do?", 2: "After a visit", 3: "After a call"}


class Bills:
    def __init__(self, world: World, rows: Rows) -> None:
        self.world, self.rows = world, rows

    def invoices(self, moment: int) -> list[Row]:
        told = sorted(self.world.billing.invoices(moment), key=lambda invoice: invoice.id)
        return [self._invoice(invoice) for invoice in told]

    def _invoice(self, invoice: Invoice) -> Row:
        agreement = next((line.agreement for line in invoice.lines if line.agreement is not None), None)
        total, balance = float(invoice.total), float(invoice.balance())
        tax = round(total * 0.06, 2)
        made: Row = {
            "id": invoice.id, "invoiceNumber": invoice.number, "type": TYPES[invoice.kind],
            "status": {"id": 2, "name": "Closed", "isClosed": True} if not balance else
                      {"id": 1, "name": "Sent", "isClosed": False},
            "company": self.rows.company_reference(invoice.client), "date": day_text(invoice.posted_on),
            "dueDate": day_text(invoice.due_on), "subtotal": total, "total": round(total + tax, 2),
            "salesTax": tax, "balance": balance, "payments": total - balance,
            "credits": 0.0, "currency": {"id": 1, "currencyCode": "USD", "name": "US Dollar"},
            "_info": self.rows.stamps(invoice.created_at, invoice.updated_at),
        }  # fmt: skip
        if agreement is not None:
            made["agreement"] = {"id": agreement, "name": "Managed Services"}
        return made

    def surveys(self) -> list[Row]:
        history = self.rows.history()
        return [{"id": number, "name": name, "inactiveFlag": False, "_info": self.rows.stamps(history, history)}
                for number, name in SURVEYS.items()]  # fmt: skip

    def answers(self, survey: int, moment: int) -> Iterator[Row]:
        if survey not in SURVEYS:
            raise Refusal(404, "survey not found", "NotFound")
        for one in self.world.quality.surveys(moment):
            if one.id % len(SURVEYS) == survey - 1:
                yield {
                    "id": one.id, "surveyId": survey, "ticketId": one.ticket, "totalPoints": one.score,
                    "company": self.rows.company_reference(one.client), "contactMeFlag": False,
                    "results": [{"questionId": 1, "answer": str(one.score)}],
                    "_info": self.rows.stamps(one.answered_at, one.updated_at),
                }  # fmt: skip
