"""What people decide about findings: accept with a reason, open again, give to somebody."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from metrics.models import Finding

Life = Finding.Life


def accept(findings: QuerySet[Finding], reason: str, person: User) -> int:
    """Those that are open; how many. Raises ValueError with a sentence without a reason."""
    if not reason.strip():
        raise ValueError("Say why it may stay as it is: a reason is kept with what is accepted.")
    return findings.filter(life=Life.OPEN).update(
        life=Life.ACCEPTED, reason=reason.strip(), decided_by=person, decided_at=timezone.now()
    )


def open_again(findings: QuerySet[Finding], person: User) -> int:
    """Those that were accepted; how many."""
    return findings.filter(life=Life.ACCEPTED).update(
        life=Life.OPEN, reason="", decided_by=person, decided_at=timezone.now()
    )


def assign(findings: QuerySet[Finding], owner: User | None) -> int:
    return findings.exclude(life=Life.FIXED).update(owner=owner)
