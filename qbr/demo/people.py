"""The demo's users, their roles, and which clients are whose."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User

from organizations.models import Organization
from qbr.access import clients, make_roles
from qbr.demo.sign_ins import SIGN_INS, SignIn


def create_people() -> int:
    make_roles()
    there = set(get_user_model().objects.values_list("username", flat=True))
    missing = [sign_in for sign_in in SIGN_INS if sign_in.username not in there]
    for sign_in in missing:
        _create(sign_in)
    return len(missing)


def _create(sign_in: SignIn) -> None:
    users = get_user_model().objects
    create = users.create_superuser if sign_in.role == "Admin" else users.create_user
    person = create(
        sign_in.username, f"{sign_in.username}@lanternworksit.example", sign_in.password,
        first_name=sign_in.first_name, last_name=sign_in.last_name,
    )  # fmt: skip
    if sign_in.role != "Admin":
        person.groups.add(Group.objects.get(name=sign_in.role))


def person(username: str) -> User:
    return get_user_model().objects.get(username=username)


def assign_clients() -> int:
    """Two clients in three are the vCIO's; the others nobody's yet, so that “my clients” is worth a click."""
    if Organization.objects.filter(owner__isnull=False).exists():
        return 0
    keys = clients().order_by("slug").values_list("pk", flat=True)
    mine = [key for place, key in enumerate(keys) if place % 3 != 2]
    return Organization.objects.filter(pk__in=mine).update(owner=person("vcio"))
