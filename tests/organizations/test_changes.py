"""Merge, split, move, parent, rename, former client: from a day on, and back again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST, FOREVER
from organizations import changes, linking
from organizations.changes import Refused
from organizations.models import AccountLink, Organization, OrganizationChange
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_as_of import owners
from tests.organizations.test_linking import ids, marked

MARCH, JUNE, AUGUST = date(2026, 3, 1), date(2026, 6, 1), date(2026, 8, 1)


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


def test_merging_from_the_beginning_leaves_a_pointer_and_hands_over_every_day(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays = make_organization("Gone", "gone.example"), make_organization("Stays")
    account = linked(make_account(), (EARLIEST, gone))
    change = changes.merge(gone, stays, person, reason="Two records of one client")
    gone.refresh_from_db()
    assert held(account) == [(EARLIEST, FOREVER, "Stays")]
    assert (gone.merged_into, gone.client_to) == (stays, None)
    assert [domain.name for domain in stays.domains.all()] == ["gone.example"]
    assert not gone.domains.exists()
    [link] = change.links.all()
    assert (link.method, link.reason, link.decided_by) == ("change", "Two records of one client", person)


def test_merging_from_a_day_hands_over_that_day_and_after_and_leaves_a_former_client(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays = make_organization("Gone"), make_organization("Stays")
    account = linked(make_account(), (EARLIEST, gone))
    changes.merge(gone, stays, person, reason="Bought", starts_on=JUNE)
    gone.refresh_from_db()
    assert held(account) == [(EARLIEST, JUNE, "Gone"), (JUNE, FOREVER, "Stays")]
    assert (gone.merged_into, gone.client_to) == (None, JUNE)


def test_only_days_on_which_the_gone_one_held_an_account_turn(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays, other = (make_organization(name) for name in ("Gone", "Stays", "Other"))
    until_march = linked(make_account(), (EARLIEST, gone), (MARCH, None))
    again_in_august = linked(make_account(), (EARLIEST, gone), (MARCH, other), (AUGUST, gone))
    from_june = linked(make_account(), (JUNE, gone))
    others = linked(make_account(), (EARLIEST, other))
    changes.merge(gone, stays, person, reason="Bought", starts_on=date(2026, 2, 1))
    february = date(2026, 2, 1)
    assert held(until_march) == [
        (EARLIEST, february, "Gone"), (february, MARCH, "Stays"), (MARCH, FOREVER, "ignored"),
    ]
    assert held(again_in_august) == [
        (EARLIEST, february, "Gone"), (february, MARCH, "Stays"), (MARCH, AUGUST, "Other"),
        (AUGUST, FOREVER, "Stays"),
    ]
    assert held(from_june) == [(JUNE, FOREVER, "Stays")]
    assert held(others) == [(EARLIEST, FOREVER, "Other")]


def test_undoing_a_merge_restores_links_and_fields_by_new_rows(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays = make_organization("Gone", "gone.example"), make_organization("Stays", "stays.example")
    child = make_organization("Child", parent=gone)
    account = linked(make_account(), (EARLIEST, gone), (MARCH, None), (JUNE, gone))
    before, rows = held(account), AccountLink.objects.count()
    change = changes.merge(gone, stays, person, reason="Bought", starts_on=date(2026, 2, 1))
    child.refresh_from_db()
    assert child.parent == stays
    done = changes.undo(change, person)
    gone.refresh_from_db(), child.refresh_from_db()
    assert held(account) == before
    assert (gone.client_to, child.parent) == (None, gone)
    assert [domain.name for domain in gone.domains.all()] == ["gone.example"]
    assert (done.undone_by, done.undone_at is not None) == (person, True)
    assert AccountLink.objects.count() > rows
    with pytest.raises(Refused, match="undone already"):
        changes.undo(change, person)
