"""Changed rows of closed months in words: what became of an hour entry, a ticket or an amount in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from collectors.facts.changed import FactChange
from collectors.facts.money import LedgerAccount
from collectors.facts.service import Queue

TOLD_SINGLY = 2
NOUNS = {  # one, many
    "TimeEntry": ("hour entry", "hour entries"), "Ticket": ("ticket", "tickets"),
    "LedgerBalance": ("ledger amount", "ledger amounts"), "LedgerAccount": ("ledger account", "ledger accounts"),
    "Alert": ("alert", "alerts"), "Incident": ("incident", "incidents"), "Backup": ("backup", "backups"),
    "BackupRun": ("backup run", "backup runs"), "RecoveryTest": ("recovery test", "recovery tests"),
    "PostureCheck": ("posture check", "posture checks"), "Seat": ("sign-in", "sign-ins"),
    "License": ("licence", "licences"),
    "Asset": ("device", "devices"), "Agreement": ("agreement", "agreements"), "Addition": ("addition", "additions"),
}
DONE = {
    FactChange.Kind.ADDED: "added", FactChange.Kind.CHANGED: "changed", FactChange.Kind.RETIRED: "gone at the source",
}
Row = Mapping[str, Any]


def in_words(changes: Sequence[FactChange], hidden: Collection[int] = ()) -> str:
    """All of them in one line: one or two as they are, more by their kinds; the hidden by their kind alone."""
    if len(changes) <= TOLD_SINGLY and sum(change.pk in hidden for change in changes) <= 1:
        return "; ".join(kind_of(change) if change.pk in hidden else words_of(change) for change in changes)
    counts = Counter((change.entity, change.kind) for change in changes)
    return ", ".join(
        f"{many:,} {NOUNS.get(entity, ('row', 'rows'))[many > 1]} {DONE[FactChange.Kind(kind)]}"
        for (entity, kind), many in counts.most_common()
    )


def kind_of(change: FactChange) -> str:
    """“a ledger amount changed”: what may be told to everyone."""
    return f"a {NOUNS.get(change.entity, ('row', ''))[0]} {DONE[FactChange.Kind(change.kind)]}"


def ledger_accounts_of(change: FactChange) -> set[int]:
    """Those a ledger amount was and is on."""
    return {row["ledger_account_id"] for row in (change.before, change.after) if row.get("ledger_account_id")}


def words_of(change: FactChange) -> str:
    """“hour entry 812 changed from 1.50 to 2.50 h”."""
    noun = NOUNS.get(change.entity, ("row", ""))[0]
    if change.entity == "LedgerBalance":
        return _ledger(change)
    named = f"{noun} {change.external_id}".strip()
    if change.kind != FactChange.Kind.CHANGED:
        return f"{named} {DONE[FactChange.Kind(change.kind)]}"
    told = next((words for tell in TELLERS if (words := tell(change.before, change.after))), "changed")
    return f"{named} {told}"


def _hours(before: Row, after: Row) -> str:
    was, now = before.get("hours"), after.get("hours")
    return f"changed from {_amount(was)} to {_amount(now)} h" if was != now and was and now else ""


def _queue(before: Row, after: Row) -> str:
    was, now = before.get("queue_id"), after.get("queue_id")
    if was == now:
        return ""
    names: dict[Any, str] = dict(
        Queue.objects.filter(pk__in=[key for key in (was, now) if key]).values_list("pk", "name")
    )
    return f"moved from {names.get(was, 'no queue')} to {names.get(now, 'no queue')}"


def _reopened(before: Row, after: Row) -> str:
    if before.get("closed") and after.get("closed") is False:
        return "reopened"
    if after.get("closed") and before.get("closed") is False:
        return f"closed on {_day(after.get('closed_on'))}" if after.get("closed_on") else "closed"
    return ""


def _merged(before: Row, after: Row) -> str:
    for column, words in (("merged_into_id", "merged into another"), ("parent_id", "put under another")):
        if not before.get(column) and after.get(column):
            return words
    return ""


def _other_client(before: Row, after: Row) -> str:
    return "moved to another client" if before.get("account_id") != after.get("account_id") else ""


def _dated(before: Row, after: Row) -> str:
    for column in ("entered_on", "closed_on", "opened_on", "worked_on"):
        was, now = before.get(column), after.get(column)
        if was != now:
            return f"dated {_day(now)} instead of {_day(was)}" if was and now else f"dated {_day(now or was)}"
    return ""


def _back(before: Row, after: Row) -> str:
    return "back at the source" if before.get("retired_on") and not after.get("retired_on") else ""


TELLERS: tuple[Callable[[Row, Row], str], ...] = (
    _back, _other_client, _queue, _reopened, _merged, _hours, _dated,
)


def _ledger(change: FactChange) -> str:
    row = change.after or change.before
    account = LedgerAccount.objects.filter(pk=row.get("ledger_account_id")).values_list("name", flat=True).first()
    month = f"{date.fromisoformat(row['month']):%b %Y}"
    subject = f"an amount dated back to {month}: {account or 'a ledger account'}"
    if change.kind == FactChange.Kind.ADDED:
        return f"{subject} {_amount(change.after.get('amount'))}"
    if change.kind == FactChange.Kind.RETIRED:
        return f"{account or 'a ledger account'} of {month} gone at the source"
    return f"{subject} {_amount(change.before.get('amount'))} became {_amount(change.after.get('amount'))}"


def _amount(text: Any) -> str:
    return f"{Decimal(str(text)):,.2f}" if text is not None else "nothing"


def _day(text: Any) -> str:
    return f"{date.fromisoformat(str(text)):%-d %b %Y}" if text else "no day"
