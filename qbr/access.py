"""Who may do what: roles are groups, and a group is a handful of permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group, Permission
from django.db.models import QuerySet

from organizations.models import Organization

if TYPE_CHECKING:
    from metrics.reading import Person

SEE_FINANCE = "see_finance"
SEE_WAGES = "see_wages"
ENTER_NUMBERS = "enter_numbers"

# Administrators are superusers and need no group.
ROLES: dict[str, tuple[str, ...]] = {
    "vCIO": (SEE_FINANCE,),
    "Editor": (SEE_FINANCE, ENTER_NUMBERS),
    "Finance": (SEE_FINANCE, SEE_WAGES, ENTER_NUMBERS),
}


def make_roles() -> dict[str, Group]:
    """The groups with exactly the permissions written here; running it again changes nothing."""
    permissions = {
        permission.codename: permission
        for permission in Permission.objects.filter(content_type__app_label="metrics", content_type__model="entry")
    }
    groups = {}
    for role, codenames in ROLES.items():
        groups[role], _ = Group.objects.get_or_create(name=role)
        groups[role].permissions.set(permissions[codename] for codename in codenames)
    return groups


def may_enter(person: Person) -> bool:
    return person.has_perm(f"metrics.{ENTER_NUMBERS}")


def clients() -> QuerySet[Organization]:
    """Clients as they stand: neither merged into another nor a part of the company itself."""
    return Organization.objects.filter(kind=Organization.Kind.CLIENT, merged_into=None)


def own_clients(person: Person) -> QuerySet[Organization]:
    """The clients a person looks after. Everyone may see every client; these come first."""
    return clients().filter(owner=person.pk)
