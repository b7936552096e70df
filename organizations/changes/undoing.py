"""Taking a change back: what it superseded stands again, by new rows, unless somebody has decided since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models, transaction
from django.utils import timezone

from collectors.facts.accounts import Account
from organizations import linking
from organizations.changes.journal import Fields, Refused, above, alone, in_json, put
from organizations.models import AccountLink, Domain, Organization, OrganizationChange

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Key: TypeAlias = tuple[int, date]  # an account and the day a link of it begins
Q = models.Q


@transaction.atomic
def undo(change: OrganizationChange, by: User | None) -> OrganizationChange:
    """Restore links and fields as they stood before. Refused, and nothing undone, if either was changed since."""
    alone()
    change = OrganizationChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
    if change.undone_at:
        raise Refused("This change has been undone already.")
    accounts = sorted(set(change.links.values_list("account", flat=True)))
    linking.hold(accounts)  # before organizations, as everybody does
    keys = [int(key) for key in change.before]
    rows = Organization.objects.select_for_update(of=("self",)).order_by("pk")
    organizations = {str(row.pk): row for row in rows.filter(pk__in=keys)}
    if len(organizations) < len(keys):
        raise Refused("An organization that this change touched is gone. Nothing was undone.")
    _fields_stand(change.after, organizations)
    _nothing_came(change)
    _links_stand(accounts, change)
    _restore_fields(change, organizations)
    _restore_links(accounts, change, by)
    change.undone_by, change.undone_at = by, timezone.now()
    change.save(update_fields=["undone_by", "undone_at"])
    return change


def _fields_stand(after: Fields, organizations: dict[str, Organization]) -> None:
    for key, fields in after.items():
        for name, value in fields.items():
            organization = organizations[key]
            if name == "domains":
                same = organization.domains.filter(name__in=value).count() == len(value)
            else:
                same = in_json(getattr(organization, name)) == value
            if not same:
                raise Refused(f"“{organization}” has been changed since. Nothing was undone.")


def _nothing_came(change: OrganizationChange) -> None:
    """An organization that a split made goes back whole: nothing but the split may have brought it anything."""
    if change.kind != OrganizationChange.Kind.SPLIT or change.other is None:
        return
    made = change.other
    links = AccountLink.objects.current().filter(organization=made).exclude(change=change)
    if links.exists() or made.subsidiaries.exists():
        raise Refused(f"“{made}” holds more than this split gave it. Nothing was undone.")


def _links_stand(accounts: list[int], change: OrganizationChange) -> None:
    after, now = (_told(links) for links in (_known(accounts, change.decided_at), _known(accounts)))
    if differing := {account for account, *_ in after ^ now}:
        first = Account.objects.filter(pk__in=differing).order_by("pk").first()
        raise Refused(f"Someone has decided on “{first}” since. Nothing was undone.")


def _told(links: Mapping[Key, AccountLink]) -> set[tuple[int, date, str, int | None]]:
    return {(*key, link.verdict, link.organization_id) for key, link in links.items()}


def _restore_fields(change: OrganizationChange, organizations: dict[str, Organization]) -> None:
    for key, fields in change.before.items():
        organization = organizations[key]
        if names := fields.get("domains"):
            Domain.objects.filter(name__in=names).update(organization=organization)
        for name in fields.keys() - {"domains"}:
            put(organization, name, _out_of_json(name, fields[name]))
    for key, fields in change.before.items():
        for name in sorted(fields):
            if name.endswith("_id") and fields[name]:
                _follow(organizations[key], name)


def _follow(organization: Organization, name: str) -> None:
    """What it points to again may have been merged away since; and nothing may stand under itself."""
    other = Organization.objects.select_related("merged_into").filter(pk=getattr(organization, name)).first()
    if other is None:
        raise Refused(f"What “{organization}” stood under is gone. Nothing was undone.")
    if other.merged_into:
        put(organization, name, other.merged_into.pk)
    if getattr(organization, name) == organization.pk or organization in above(organization):
        raise Refused(f"“{organization}” would stand under itself. Nothing was undone.")


def _out_of_json(name: str, value: Any) -> Any:
    return date.fromisoformat(value) if value and name == "client_to" else value


def _restore_links(accounts: list[int], change: OrganizationChange, by: User | None) -> None:
    before, now = _known(accounts, change.decided_at, before=True), _known(accounts)
    linking.put_back({
        link: then for key, link in now.items()
        if (then := before.get(key)) is None or (then.verdict, then.organization_id) != (
            link.verdict, link.organization_id)
    }, by)


def _known(accounts: list[int], at: datetime | None = None, *, before: bool = False) -> dict[Key, AccountLink]:
    """These accounts' links as known now, at a moment, or just before it."""
    links = AccountLink.objects.filter(account__in=accounts)
    if at is None:
        links = links.filter(superseded_at=None)
    elif before:
        links = links.filter(Q(superseded_at=None) | Q(superseded_at__gte=at), decided_at__lt=at)
    else:
        links = links.filter(Q(superseded_at=None) | Q(superseded_at__gt=at), decided_at__lte=at)
    return {(link.account_id, link.starts_on): link for link in links}
