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
