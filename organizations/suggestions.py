"""Whose a waiting account may be: ranked, with what speaks for and against it in words. People decide."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from django.db import connection, transaction

from collectors.facts.accounts import Account
from organizations import blocking
from organizations.claims import Claim
from organizations.judging import judge
from organizations.known import Known
from organizations.models import Organization, Proposal

Strength: TypeAlias = Proposal.Strength
SHOWN = 3
AT_ONCE = 5_000

# Clients' accounts that nobody has decided on, or that were taken back.
WAITING = """
SELECT a.id FROM account a
WHERE a.kind = 'client' AND {only} AND coalesce((
    SELECT l.verdict FROM account_link l WHERE l.account_id = a.id AND l.superseded_at IS NULL
    ORDER BY l.starts_on DESC LIMIT 1), 'open') = 'open'
ORDER BY a.id
"""
FORGET = """
DELETE FROM proposal p WHERE NOT (p.account_id = ANY(%(waiting)s)) AND {only}
"""


@dataclass(frozen=True)
class Suggestion:
    """An organization an account may be of; `evidence` speaks for it and `against` contradicts, in words."""

    organization: Organization
    strength: Strength
    evidence: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def is_strong(self) -> bool:
        return self.strength >= Strength.STRONG and not self.against

    @property
    def is_conflict(self) -> bool:
        return bool(self.against)

    @property
    def reason(self) -> str:
        """The lines in one."""
        said = "; ".join(self.evidence)
        return f"{said}. But: {'; '.join(self.against)}" if self.against else said


def suggestions(accounts: Sequence[Account]) -> dict[int, list[Suggestion]]:
    """The best few for each account, in a number of queries that does not grow with their number."""
    wanted = [account.pk for account in accounts]
    blocking.refresh_new(wanted)
    known = Known.around(wanted)
    best = {account: judge(known, account)[:SHOWN] for account in wanted}
    organizations = Organization.objects.in_bulk({claim.organization for few in best.values() for claim in few})
    return {
        account: [
            Suggestion(
                organizations[claim.organization], claim.strength, tuple(claim.evidence), tuple(claim.against)
            )
            for claim in few
        ]
        for account, few in best.items()
    }


@transaction.atomic
def refresh(accounts: Collection[int] | None = None) -> int:
    """Work out the proposals of all accounts that wait, or of those among these; how many they are now."""
    blocking.refresh(accounts)
    blocking.refresh_names()
    found = waiting(accounts)
    store(Known.around(found), found, all_of_them=accounts is None, among=accounts or ())
    return len(found)


def waiting(accounts: Collection[int] | None = None) -> list[int]:
    """Clients' accounts that wait, all or among these."""
    only = "true" if accounts is None else "a.id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(WAITING.format(only=only), None if accounts is None else [list(accounts)])
        return [row[0] for row in cursor.fetchall()]


def store(known: Known, accounts: Sequence[int], *, all_of_them: bool, among: Collection[int] = ()) -> None:
    """Keep what was worked out for these accounts, and drop what was kept for those that wait no more."""
    only = "true" if all_of_them else "p.account_id = ANY(%(among)s)"
    with connection.cursor() as cursor:
        cursor.execute(FORGET.format(only=only), {"waiting": list(accounts), "among": list(among)})
    left = iter(accounts)
    while batch := list(islice(left, AT_ONCE)):
        Proposal.objects.bulk_create(
            _proposals(known, batch), update_conflicts=True, unique_fields=["account"],
            update_fields=["organization", "strength", "evidence", "against", "runner_up"],
        )  # fmt: skip


def _proposals(known: Known, accounts: Iterable[int]) -> list[Proposal]:
    return [_proposal(account, judge(known, account)) for account in accounts]


def _proposal(account: int, claims: Sequence[Claim]) -> Proposal:
    if not claims:
        return Proposal(account_id=account)
    best = claims[0]
    return Proposal(
        account_id=account, organization_id=best.organization, strength=best.strength, evidence=best.evidence,
        against=best.against, runner_up_id=claims[1].organization if len(claims) > 1 else None,
    )  # fmt: skip
