"""The ledger: the company's own books, by month and ledger account."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, one_record


class LedgerAccount(Record):
    """One line of the chart of accounts. Which category it counts in is a dated decision of people."""

    class Side(models.TextChoices):
        INCOME = "income", "Income"
        COGS = "cogs", "Cost of goods sold"
        EXPENSE = "expense", "Expense"
        OTHER_INCOME = "other_income", "Other income"
        OTHER_EXPENSE = "other_expense", "Other expense"
        NONE = "none", "Not in profit and loss"

    name = models.TextField()
    number = models.TextField(default="")
    side = models.TextField(choices=Side, default=Side.NONE)
    active = models.BooleanField(default=True)

    counted = Counted(account="", leaners=(("LedgerBalance", "ledger_account"),), leaned_on=("side",))

    class Meta:
        db_table = "ledger_account"
        constraints = one_record("ledger_account")

    def __str__(self) -> str:
        return self.name


class LedgerBalance(Record):
    """A ledger account's own amount in one month, as its profit-and-loss report shows it (costs are positive)."""

    ledger_account = models.ForeignKey(LedgerAccount, models.CASCADE, null=True, related_name="balances")
    month = models.DateField()  # its first day
    basis = models.TextField()  # cash or accrual
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.TextField(default="")

    counted = Counted(days={"month": ""}, account="")

    class Meta:
        db_table = "ledger_balance"
        constraints = one_record("ledger_balance")
        indexes = [models.Index(fields=["month"], name="ledger_balance_month")]


class InvoiceLine(Record):
    """What a client was invoiced, by line; a vendor that tells no lines has one line an invoice. Credits are negative.

    The PSA and the ledger both hold invoices: the layer says which one speaks, and the two never add up.
    """

    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    agreement = models.ForeignKey(
        "collectors.Agreement", models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    layer = models.TextField()
    number = models.TextField(default="")  # of the invoice
    kind = models.TextField(default="")  # agreement, time, product, credit, ... as the vendor says
    category = models.TextField(default="")  # the ledger's class, item or tracking category
    amount = models.DecimalField(max_digits=20, decimal_places=4)  # without tax
    cost = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.TextField(default="")
    posted_on = models.DateField()
    due_on = models.DateField(null=True)
    paid_on = models.DateField(null=True)

    counted = Counted(days={"posted_on": ""})

    class Meta:
        db_table = "invoice_line"
        constraints = one_record("invoice_line")
        indexes = [models.Index(fields=["posted_on"], name="invoice_line_posted")]
