"""Deciding whose an account is. A decision supersedes the one before it and is never edited or deleted.

Each decision marks its accounts, so that the next roll-up works out their open months again with nothing collected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import connection, transaction
from django.utils import timezone

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from organizations.as_of import DEEPEST
from organizations.founding import found, is_psa, learn_domains, left_empty
from organizations.models import AccountLink, Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Method: TypeAlias = AccountLink.Method
Verdict: TypeAlias = AccountLink.Verdict

# Held so that none of them is merged away meanwhile; what is meant for one that was goes to the one it went into, which
# is held in its turn with the others.
STANDING = """
SELECT id, coalesce(merged_into_id, id) FROM organization
WHERE id = ANY(%(asked)s) OR id IN (SELECT merged_into_id FROM organization WHERE id = ANY(%(asked)s))
ORDER BY id FOR KEY SHARE"""

# A mark in the earliest month stands for every open month of the account; from a later day on, each month has its own.
# A month still to come is worked out whole when it begins. Sites that may inherit are marked too.
MARK = """
INSERT INTO touched (entity, account, month)
WITH RECURSIVE family(id, since, depth) AS (
    SELECT id, since, 0 FROM unnest(%(accounts)s::bigint[], %(since)s::date[]) asked(id, since)
    UNION SELECT a.id, f.since, f.depth + 1 FROM account a JOIN family f ON a.parent_id = f.id
    WHERE a.kind = 'site' AND f.depth < %(deepest)s
)
SELECT DISTINCT 'AccountLink', f.id, m.month FROM family f CROSS JOIN LATERAL (
    SELECT f.since AS month WHERE f.since = %(earliest)s
    UNION ALL
    SELECT generate_series(date_trunc('month', f.since), now() + interval '1 day', interval '1 month')::date
    WHERE f.since > %(earliest)s
) m
ON CONFLICT DO NOTHING
"""


class Superseded(Exception):
    """Someone decided again in the meantime, so there is nothing to undo; the message says it to a person."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whose an account is from a day on, and why."""

    account: int
    verdict: Verdict = Verdict.LINKED
    organization: int | None = None
    method: Method = Method.PERSON
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    starts_on: date = EARLIEST
    change: int | None = None  # the change of organizations it belongs to


@transaction.atomic
def decide(
    decisions: Sequence[Decision], by: User | None = None, moment: datetime | None = None
) -> list[AccountLink]:
    """Write the decisions in one go; whoever decides on the same accounts at the same time waits.

    `moment` is given by whoever holds the accounts already and writes more at that moment.
    """
    hold({decision.account for decision in decisions})
    standing = _standing({decision.organization for decision in decisions if decision.organization})
    moment = moment or timezone.now()
    days: dict[date, list[int]] = {}
    for decision in decisions:
        days.setdefault(decision.starts_on, []).append(decision.account)
    for day, decided in days.items():
        AccountLink.objects.current().filter(starts_on=day, account__in=decided).update(superseded_at=moment)
    links = AccountLink.objects.bulk_create([
        AccountLink(
            account_id=decision.account, verdict=decision.verdict,
            organization_id=standing[decision.organization] if decision.organization else None,
            method=decision.method, reason=decision.reason, evidence=dict(decision.evidence),
            starts_on=decision.starts_on, decided_by=by, decided_at=moment, change_id=decision.change,
        )
        for decision in decisions
    ])
    mark_since((decision.account, decision.starts_on) for decision in decisions)
    return links


def _standing(organizations: Iterable[int]) -> dict[int, int]:
    """Each of these as it stands: itself, or what it was merged into."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, {"asked": sorted(organizations)})
        return dict(cursor.fetchall())


def hold(accounts: Iterable[int]) -> None:
    """Until the transaction ends nobody else decides on these accounts; loading facts onto them goes on.

    Accounts are held before organizations, by changes of organizations as well: the other way round two would wait for
    each other.
    """
    held = Account.objects.select_for_update(no_key=True).filter(pk__in=list(accounts))
    list(held.order_by("pk").values_list("pk"))


def mark(accounts: Iterable[int], since: date = EARLIEST) -> None:
    """Ask the next roll-up to work out these accounts and the sites under them again, in open months since a day."""
    mark_since((account, since) for account in accounts)


def mark_since(days: Iterable[tuple[int, date]]) -> None:
    """The same, for each account since a day of its own."""
    asked = sorted(set(days))
    with connection.cursor() as cursor:
        cursor.execute(MARK, {
            "accounts": [account for account, _ in asked], "since": [day for _, day in asked],
            "deepest": DEEPEST, "earliest": EARLIEST,
        })


def mark_organization(organization: Organization, since: date = EARLIEST) -> None:
    """The same for all accounts of an organization, after its kind or its days as a client have changed."""
    linked = AccountLink.objects.current().filter(organization=organization)
    mark(linked.values_list("account_id", flat=True), since)


@transaction.atomic
def link(
    account: Account, organization: Organization, by: User | None, reason: str = "",
    method: Method = Method.PERSON, evidence: Mapping[str, Any] | None = None, starts_on: date = EARLIEST,
) -> AccountLink:
    """This account is this organization's, from a day on. A PSA company brings its domains along."""
    [made] = decide([Decision(
        account=account.pk, organization=organization.pk, method=method, reason=reason,
        evidence=evidence or {}, starts_on=starts_on,
    )], by)
    if is_psa(account) and made.organization:
        learn_domains({account: made.organization})
    return made


@transaction.atomic
def create_and_link(
    account: Account, by: User | None, reason: str = "", method: Method = Method.PERSON,
    evidence: Mapping[str, Any] | None = None, kind: Organization.Kind = Organization.Kind.CLIENT,
) -> AccountLink:
    """Make an organization of this account, with the domains that are its alone, and link it."""
    organization = left_empty(account) or found({account: kind})[account]
    return link(account, organization, by, reason, method, evidence)


def ignore(account: Account, by: User | None, reason: str = "", starts_on: date = EARLIEST) -> AccountLink:
    """This account is nobody's: its facts count nowhere, and it is listed as ignored."""
    [made] = decide([Decision(account=account.pk, verdict=Verdict.IGNORED, reason=reason, starts_on=starts_on)], by)
    return made


def unlink(account: Account, by: User | None, reason: str = "", starts_on: date = EARLIEST) -> AccountLink:
    """Take the question back: the account waits again, or a site belongs with its parent again."""
    [made] = decide([Decision(account=account.pk, verdict=Verdict.OPEN, reason=reason, starts_on=starts_on)], by)
    return made


@transaction.atomic
def undo(links: Sequence[AccountLink], by: User | None) -> list[AccountLink]:
    """Restore what each of these decisions superseded, by new rows. Raises Superseded, and undoes none, if one fell."""
    hold(link.account_id for link in links)
    keys = [link.pk for link in links]
    if AccountLink.objects.current().filter(pk__in=keys).count() != len(links):
        raise Superseded("Someone has decided on this account since. Nothing was undone.")
    fallen = AccountLink.objects.filter(
        account__in=[link.account_id for link in links], superseded_at__in={link.decided_at for link in links}
    ).exclude(pk__in=keys)
    before = {(old.account_id, old.starts_on, old.superseded_at): old for old in fallen.order_by("decided_at", "pk")}
    return put_back(
        {link: before.get((link.account_id, link.starts_on, link.decided_at)) for link in links}, by
    )


@transaction.atomic
def put_back(before: Mapping[AccountLink, AccountLink | None], by: User | None) -> list[AccountLink]:
    """In place of each of these current links what stood on its day before it, by new rows.

    Where nothing did, the link before it reaches on again; where there is none, the account waits.
    """
    reached = _reached(before)
    moment = timezone.now()
    made = decide([_restored(link, then) for link, then in before.items() if then or link not in reached], by, moment)
    gone = [link for link, then in before.items() if then is None and link in reached]
    AccountLink.objects.filter(pk__in=[link.pk for link in gone]).update(superseded_at=moment)
    # Never in force: it tells who took the link back, when and why.
    told = AccountLink.objects.bulk_create([
        AccountLink(
            account_id=link.account_id, starts_on=link.starts_on, verdict=Verdict.OPEN, method=Method.PERSON,
            reason="Undone", evidence={"undone": link.pk}, decided_by=by, decided_at=moment, superseded_at=moment,
        )
        for link in gone
    ])
    mark_since((link.account_id, link.starts_on) for link in gone)
    return made + told


def _reached(links: Iterable[AccountLink]) -> set[AccountLink]:
    """Those of these links on whose day an earlier link of the account would be in force without them."""
    links = list(links)
    days: dict[int, set[date]] = {}
    current = AccountLink.objects.current().filter(account__in={link.account_id for link in links})
    for account, starts_on in current.values_list("account", "starts_on"):
        days.setdefault(account, set()).add(starts_on)
    return {link for link in links if min(days[link.account_id]) < link.starts_on}


def _restored(link: AccountLink, before: AccountLink | None) -> Decision:
    undone = {"undone": link.pk}
    if before is None:
        return Decision(
            account=link.account_id, verdict=Verdict.OPEN, reason="Undone", evidence=undone, starts_on=link.starts_on
        )
    return Decision(
        account=before.account_id, verdict=Verdict(before.verdict), organization=before.organization_id,
        method=Method(before.method), reason=before.reason or "Undone", evidence=before.evidence | undone,
        starts_on=before.starts_on, change=before.change_id,
    )
