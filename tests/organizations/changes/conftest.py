"""Whose an account is on which days, given and read."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth.models import User

from collectors.facts.accounts import Account
from organizations import linking
from organizations.models import Organization
from tests.organizations.test_as_of import owners

MARCH, JUNE, AUGUST = date(2024, 3, 1), date(2024, 6, 1), date(2024, 8, 1)


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("noor")


def held(account: Account) -> list[tuple[date, date, str]]:
    """(first day, day after the last, whose) with organizations by name."""
    names = dict(Organization.objects.values_list("pk", "name"))
    return [(first, until, names[whose] if whose else verdict) for first, until, whose, verdict in owners(account)]


def linked(account: Account, *said: tuple[date, Organization | None]) -> Account:
    for starts_on, organization in said:
        if organization:
            linking.link(account, organization, None, starts_on=starts_on)
        else:
            linking.ignore(account, None, starts_on=starts_on)
    return account
