"""Ledger accounts in no category, and agreements beside the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from metrics import breakdowns
from metrics.models import LedgerCategory
from tests.metrics.breakdowns.world import JUNE, MAY, SECOND_QUARTER, World


def test_ledger_accounts_in_no_category_are_named_with_their_amounts(world: World) -> None:
    mapped = world.balance("Managed Services", "income", JUNE, "1000")
    LedgerCategory.objects.create(ledger_account=mapped, category="mrr")
    world.balance("Odd income", "income", JUNE, "70")
    world.balance("Odd income", "income", MAY, "5")
    world.balance("Odd cost", "expense", JUNE, "90")
    world.balance("Odd cost", "expense", JUNE, "7000", basis="cash")
    world.balance("Zero", "income", JUNE, "0")
    world.balance("Bank", "none", JUNE, "8")
    rows = breakdowns.unmapped_ledger(SECOND_QUARTER)
    assert [(row.name, row.side, row.amount, row.months) for row in rows] == [
        ("Odd cost", "expense", Decimal(90), 1), ("Odd income", "income", Decimal(75), 2),
    ]  # fmt: skip


def test_agreement_mrr_stands_beside_ledger_mrr_where_each_was_read(world: World) -> None:
    world.listed(world.psa, [date(2026, 5, 31), date(2026, 6, 30)], "Agreement", "Addition")
    world.agreement("acme", "Care", [(date(2026, 1, 1), "100")])
    mapped = world.balance("Managed Services", "income", JUNE, "120")
    LedgerCategory.objects.create(ledger_account=mapped, category="mrr")
    rows = breakdowns.mrr_beside_ledger(SECOND_QUARTER)
    assert [(row.agreements, row.ledger, row.difference) for row in rows] == [
        (None, None, None), (Decimal(100), None, None), (Decimal(100), Decimal(120), Decimal(20)),
    ]  # fmt: skip
