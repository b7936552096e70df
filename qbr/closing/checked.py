"""What is asked before a close, as it is shown: what holds, what does not, and where it is mended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from metrics.closing import Outcome
from metrics.models import PeriodChange
from metrics.periods import Span
from metrics.reading import Person
from qbr import access


@dataclass(frozen=True)
class Mended:
    """Where people put right what a check names: an address of the product, or one of the administration's."""

    label: str
    name: str
    rest: str = ""  # of the address; {} is the period

    def address(self, person: Person, span: Span) -> str:
        """Nowhere for those who may not go there."""
        if self.name.startswith("admin:") and not getattr(person, "is_staff", False):
            return ""
        if self.name == "entry" and not access.may_enter(person):
            return ""
        return reverse(self.name) + self.rest.format(span)


MENDED = {
    "sources_read": Mended("Collect on the Data page", "data"),
    "ledger_mapped": Mended("Decide ledger accounts", "admin:collectors_ledgeraccount_changelist"),
    "queues_decided": Mended("Decide queues", "admin:collectors_queue_changelist"),
    "quarantine_empty": Mended("Look at the records", "admin:collectors_quarantinedrecord_changelist"),
    "covered": Mended("Map accounts", "admin:organizations_waitingaccount_changelist"),
    "given": Mended("Enter numbers", "entry"),
    "reconciled": Mended("See what differs", "quality", "?period={}#strip"),
    "findings": Mended("See the findings", "quality", "?severity=stop#findings"),
}
# Checks whose sentences hold amounts that not everyone may see.
GUARDED = {"ledger_mapped": access.SEE_WAGES, "reconciled": access.SEE_FINANCE, "findings": access.SEE_WAGES}
UNSEEN = "This does not hold. What it names are figures you may not see."


@dataclass(frozen=True)
class Checked:
    """One check written for a person; `accepted` is why the period was closed all the same."""

    key: str
    label: str
    holds: bool
    says: str
    mend: str = ""
    href: str = ""
    accepted: str = ""


@dataclass(frozen=True)
class Checks:
    """All of a period: as they stand now, or stood at its close, which may have been that of a longer period."""

    rows: Sequence[Checked]
    of_close: bool = False
    closed_with: Span | None = None


def of_outcomes(person: Person, span: Span, outcomes: Iterable[Outcome]) -> list[Checked]:
    """As it stands now: what does not hold comes first, with where it is mended."""
    found = []
    for each in outcomes:
        mended = MENDED.get(each.key) if not each.holds else None
        href = mended.address(person, span) if mended else ""
        says = _seen(person, each.key, each.says, each.holds)
        found.append(Checked(each.key, each.label, each.holds, says, mended.label if mended else "", href))
    return sorted(found, key=lambda each: each.holds)


def of_change(person: Person, change: PeriodChange) -> list[Checked]:
    """As it stood when the period was closed."""
    told: list[Mapping[str, Any]] = change.checks
    found = [
        Checked(each["check"], each.get("label", each["check"]), each["holds"],
                _seen(person, each["check"], each["says"], each["holds"]), accepted=each.get("accepted", ""))
        for each in told
    ]  # fmt: skip
    return sorted(found, key=lambda each: each.holds)


def _seen(person: Person, key: str, says: str, holds: bool) -> str:
    permission = GUARDED.get(key)
    if holds or permission is None or person.has_perm(f"metrics.{permission}"):
        return says
    return UNSEEN
