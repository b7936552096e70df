"""Why closed values would differ, as a person may read it.

A change of a ledger amount names the account and what it held. Only who may see the metric of every category the
account was ever in reads that; of an account nobody has put in one, only who may see wages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from collectors.facts.changed import FactChange
from metrics.definitions import CATALOGUE
from metrics.late_changes import in_words, ledger_accounts_of
from metrics.models import LedgerCategory, Restatement
from metrics.reading.shapes import PERMISSIONS, Person, may_see

NOT_KEPT = "changed at the source"
GUARDED = [metric for metric in CATALOGUE.values() if metric.access in PERMISSIONS]


class Causes:
    """The causes of some restatements for one person; a person who may see every amount costs no statement."""

    def __init__(self, person: Person, rows: Iterable[Restatement]) -> None:
        self.person = person
        self.wanted = {change for row in rows for change in row.changes}

    def of(self, row: Restatement) -> str:
        """As it was stored, where none of its rows is hidden from the person."""
        if self._sees_all or not row.changes:
            return row.cause
        if not self.gone.isdisjoint(row.changes):
            return NOT_KEPT
        if self.hidden.isdisjoint(row.changes):
            return row.cause
        return in_words([self._changes[change] for change in row.changes], self.hidden)

    @cached_property
    def hidden(self) -> frozenset[int]:
        """The changes of ledger amounts that the person may not read."""
        if self._sees_all:
            return frozenset()
        changes = [change for change in self._changes.values() if change.entity == "LedgerBalance"]
        seen = self._accounts_seen({account for change in changes for account in ledger_accounts_of(change)})
        return frozenset(change.pk for change in changes if not ledger_accounts_of(change) <= seen)

    @cached_property
    def gone(self) -> frozenset[int]:
        """What is kept no longer may have been anything."""
        return frozenset(self.wanted - self._changes.keys())

    @cached_property
    def _sees_all(self) -> bool:
        return all(may_see(self.person, metric) for metric in GUARDED)

    @cached_property
    def _changes(self) -> dict[int, FactChange]:
        return FactChange.objects.in_bulk(self.wanted)

    def _accounts_seen(self, accounts: set[int]) -> set[int]:
        categories: dict[int, set[str]] = defaultdict(set)
        decided = LedgerCategory.objects.filter(ledger_account__in=accounts)
        for account, category in decided.values_list("ledger_account", "category"):
            categories[account].add(category)
        return {account for account, found in categories.items() if all(map(self._may_see, found))}

    def _may_see(self, category: str) -> bool:
        """What counts nowhere may be anything as well."""
        return category in CATALOGUE and may_see(self.person, CATALOGUE[category])
