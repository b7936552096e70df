"""Merge, split, move, parent, rename, former client: what each does, and what it refuses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from organizations import linking
from organizations.changes import days
from organizations.changes.journal import Change, Refused, above, alone, named, on, since, standing
from organizations.evidence import domains_of
from organizations.models import AccountLink, Organization, OrganizationChange
from organizations.names import free_slug

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind = OrganizationChange.Kind
INTERNAL = Organization.Kind.INTERNAL


@transaction.atomic
def merge(
    gone: Organization, into: Organization, by: User | None, *, reason: str, starts_on: date = EARLIEST
) -> OrganizationChange:
    """From a day on everything of the one is the other's: accounts, domains, subsidiaries.

    From the beginning, the one becomes a pointer to the other; from a later day it stands on as a former client.
    """
    if gone == into:
        raise Refused(f"“{gone}” cannot be merged into itself.")
    alone()
    change = Change(Kind.MERGE, reason, by, starts_on)
    holding = _hold(days.held_itself(gone.pk, starts_on))
    gone, into = standing(gone, into)
    _fit(gone, into, starts_on)
    held = _held_from(gone, starts_on, holding)
    if not held and starts_on > EARLIEST:
        raise Refused(f"“{gone}” holds no account {since(starts_on)}: nothing would move.")
    if starts_on == EARLIEST:
        _point(change, gone, into)
    elif gone.kind != INTERNAL and (gone.client_to is None or gone.client_to > starts_on):
        change.set(gone, "client_to", starts_on)
    change.give_domains(gone.domains.values_list("name", flat=True), gone, into)
    _adopt(change, gone, into)
    return _handed(change, gone, into, held)


@transaction.atomic
def split(
    organization: Organization, accounts: Collection[Account], name: str, by: User | None, *, reason: str,
    starts_on: date = EARLIEST, kind: Organization.Kind | None = None, parent: Organization | None = None,
) -> OrganizationChange:
    """Make an organization (the change's `other`) that holds these accounts from a day on."""
    alone()
    change = Change(Kind.SPLIT, reason, by, starts_on)
    name = named(name)
    _hold(account.pk for account in accounts)
    organization, *parents = standing(organization, *([parent] if parent else []))
    held = _held_of(accounts, organization, starts_on)
    taken = set(Organization.objects.values_list("slug", flat=True))
    made = Organization.objects.create(
        name=name, slug=free_slug(name, f"client-{min(held)}", taken), kind=kind or organization.kind,
        parent=parents[0] if parents else None,
    )
    change.found(made, organization)
    change.give_domains(_domains_leaving(organization, set(held)), organization, made)
    return _handed(change, organization, made, held)


@transaction.atomic
def move(
    account: Account, to: Organization, by: User | None, *, reason: str, starts_on: date = EARLIEST
) -> OrganizationChange:
    """From a day on one account, with the sites that belong with it, is another's."""
    alone()
    change = Change(Kind.MOVE, reason, by, starts_on)
    _hold([account.pk])
    owner, to = standing(_owner(account, starts_on), to)
    if owner == to:
        raise Refused(f"“{account}” is “{to}”'s {on(starts_on)} already.")
    _open_to(to, starts_on)
    held = _held_of([account], owner, starts_on)
    change.give_domains(_domains_leaving(owner, set(held)), owner, to)
    return _handed(change, owner, to, held)


@transaction.atomic
def set_parent(
    organization: Organization, parent: Organization | None, by: User | None, *, reason: str,
    starts_on: date = EARLIEST,
) -> OrganizationChange:
    """One organization becomes another's subsidiary, or no one's."""
    alone()
    change = Change(Kind.PARENT, reason, by, starts_on)
    organization, *parents = standing(organization, *([parent] if parent else []))
    over = parents[0] if parents else None
    if over == organization:
        raise Refused(f"“{organization}” cannot be its own parent.")
    whose = f"“{over}”'s" if over else "no one's"
    if organization.parent == over:
        raise Refused(f"“{organization}” is already {whose} subsidiary.")
    if over and organization in above(over):
        raise Refused(f"“{over}” stands under “{organization}” itself, so it cannot be its parent.")
    change.set(organization, "parent_id", over.pk if over else None)
    return change.write(organization, over)


@transaction.atomic
def rename(
    organization: Organization, name: str, by: User | None, *, reason: str, starts_on: date = EARLIEST
) -> OrganizationChange:
    """Another name from now on. The slug stays, since it stands in addresses; the old name stays in the change."""
    alone()
    change = Change(Kind.RENAME, reason, by, starts_on)
    name = named(name)
    [organization] = standing(organization)
    if name == organization.name:
        raise Refused(f"“{name}” is its name already.")
    change.set(organization, "name", name)
    return change.write(organization)


@transaction.atomic
def make_former(
    organization: Organization, by: User | None, *, reason: str, starts_on: date
) -> OrganizationChange:
    """A client no more from a day on, which is the day after its last."""
    alone()
    change = Change(Kind.FORMER, reason, by, starts_on)
    [organization] = standing(organization)
    if organization.kind == INTERNAL:
        raise Refused(f"“{organization}” is the company itself and no client.")
    if starts_on == EARLIEST:
        raise Refused("Say from which day it is a client no more.")
    if organization.client_to == starts_on:
        raise Refused(f"“{organization}” is a client no more {since(starts_on)} already.")
    _after_its_first_day(organization, starts_on)
    change.set(organization, "client_to", starts_on)
    return change.write(organization)


def _owner(account: Account, on_day: date) -> Organization:
    found = days.owners(account.pk)
    for first, until, organization in found:
        if first <= on_day < until:
            return Organization.objects.get(pk=organization)
    later = next(((first, organization) for first, _, organization in found if first > on_day), None)
    hint = "Link it in the mapping queue."
    if later:
        hint = f"It is “{Organization.objects.get(pk=later[1])}”'s {since(later[0])}."
    raise Refused(f"“{account}” is no client's {on(on_day)}. {hint}")


def _fit(gone: Organization, into: Organization, starts_on: date) -> None:
    if (gone.kind == INTERNAL) != (into.kind == INTERNAL):
        ours, client = (gone, into) if gone.kind == INTERNAL else (into, gone)
        raise Refused(f"“{ours}” is the company itself and “{client}” is not: their numbers are counted apart.")
    _open_to(into, starts_on)
    if starts_on > EARLIEST:
        _after_its_first_day(gone, starts_on)


def _open_to(to: Organization, starts_on: date) -> None:
    """What goes to a former client would count nowhere. From the beginning is its past as well, and may."""
    if to.client_to and starts_on > EARLIEST and to.client_to <= starts_on:
        raise Refused(f"“{to}” is a client no more {since(to.client_to)}, so nothing can go there later.")


def _after_its_first_day(organization: Organization, starts_on: date) -> None:
    if organization.client_from and organization.client_from >= starts_on:
        raise Refused(f"“{organization}” is a client only {since(organization.client_from)}.")


def _point(change: Change, gone: Organization, into: Organization) -> None:
    """The gone one and what went into it before lead to the other."""
    for pointing in [gone, *Organization.objects.filter(merged_into=gone).order_by("pk")]:
        change.set(pointing, "merged_into_id", into.pk)


def _adopt(change: Change, gone: Organization, into: Organization) -> None:
    """Its subsidiaries become the other's; the other, if it stood under it, comes up in its place."""
    if gone in above(into):
        change.set(into, "parent_id", gone.parent_id)
    for child in Organization.objects.filter(parent=gone).exclude(pk=into.pk).order_by("pk"):
        change.set(child, "parent_id", into.pk)


def _hold(accounts: Iterable[int]) -> set[int]:
    """Accounts come before organizations: so everybody who holds both waits for the other and never in a circle."""
    holding = set(accounts)
    linking.hold(holding)
    return holding


def _held_from(organization: Organization, starts_on: date, holding: set[int]) -> days.Held:
    """What its own accounts hold from a day on; read once more now that nothing can come to it."""
    held = days.held_itself(organization.pk, starts_on)
    if held.keys() - holding:
        raise Refused(f"Someone has just linked an account to “{organization}”. Nothing was changed: try again.")
    return held


def _held_of(accounts: Collection[Account], organization: Organization, starts_on: date) -> days.Held:
    """The same of chosen accounts. Refuses none, and one that is not the organization's on that day."""
    if not accounts:
        raise Refused("Choose at least one account.")
    held = days.held({account.pk for account in accounts}, organization.pk, starts_on)
    for account in accounts:
        if account.pk not in held or held[account.pk][0][0] != starts_on:
            raise Refused(f"“{account}” is not “{organization}”'s {on(starts_on)}.")
    return held


def _domains_leaving(organization: Organization, leaving: set[int]) -> set[str]:
    """The organization's domains that these accounts carry and none of those that stay."""
    linked = AccountLink.objects.current().filter(organization=organization).values_list("account", flat=True)
    carried: dict[bool, set[str]] = {True: set(), False: set()}
    for account in Account.objects.filter(pk__in={*linked, *leaving}).only("evidence"):
        carried[account.pk in leaving].update(domains_of(account))
    return set(organization.domains.filter(name__in=carried[True] - carried[False]).values_list("name", flat=True))


def _handed(change: Change, of: Organization, to: Organization, held: days.Held) -> OrganizationChange:
    written = change.write(of, to)
    change.hand_over(written, held, to)
    return written
