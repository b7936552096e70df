"""Marks that ask the next roll-up to work out open months again, with nothing collected anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import EVERY_ACCOUNT, NO_ACCOUNT, Touched

__all__ = ["EVERY_ACCOUNT", "EVERY_MONTH", "NO_ACCOUNT", "mark_accounts", "mark_all", "rule_changed"]
EVERY_MONTH = EARLIEST


def mark_all(reason: str) -> None:
    """Every open month of everyone: a rule, a queue's kind or a ledger account's category has changed."""
    _leave(reason, [EVERY_ACCOUNT])


def mark_accounts(accounts: Iterable[int], reason: str = "AccountLink") -> None:
    """Every open month of these accounts' organizations, before and after."""
    _leave(reason, accounts)


def rule_changed(sender: type[Any], **_: Any) -> None:
    """Told by Django when a dated rule was saved or deleted."""
    mark_all(sender.__name__)


def _leave(reason: str, accounts: Iterable[int]) -> None:
    Touched.objects.bulk_create(
        [Touched(entity=reason, account=account, month=EVERY_MONTH) for account in sorted(set(accounts))],
        ignore_conflicts=True,
    )
