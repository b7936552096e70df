"""A change taken back by new rows, or not once something else rests on it."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from collectors.facts.shapes import EARLIEST, FOREVER
from organizations import changes, linking
from organizations.as_of import clients_sql
from organizations.changes import Refused
from organizations.models import AccountLink, Domain, Organization, OrganizationChange
from tests.organizations.changes.conftest import AUGUST, JUNE, MARCH, held, linked
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_as_of import owners


def test_undoing_a_merge_restores_links_and_fields_by_new_rows(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays = make_organization("Gone", "gone.example"), make_organization("Stays", "stays.example")
    child = make_organization("Child", parent=gone)
    account = linked(make_account(), (EARLIEST, gone), (MARCH, None), (JUNE, gone))
    before, rows = held(account), AccountLink.objects.count()
    change = changes.merge(gone, stays, person, reason="Bought", starts_on=date(2024, 2, 1))
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


def test_a_split_that_was_given_more_since_is_not_undone(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    whole = make_organization("Whole")
    change = changes.split(whole, [linked(make_account(), (EARLIEST, whole))], "Part", person, reason="Sold")
    assert change.other
    linked(make_account(), (EARLIEST, change.other))
    with pytest.raises(Refused, match="“Part” holds more than this split gave it"):
        changes.undo(change, person)


def test_undoing_a_parent_does_not_close_a_circle(make_organization: MakeOrganization, person: User) -> None:
    top = make_organization("Top")
    bottom = make_organization("Bottom", parent=top)
    freed = changes.set_parent(bottom, None, person, reason="Sold")
    changes.set_parent(top, bottom, person, reason="Bought by it")
    with pytest.raises(Refused, match="would stand under itself"):
        changes.undo(freed, person)
    bottom.refresh_from_db(), freed.refresh_from_db()
    assert (bottom.parent, freed.undone_at) == (None, None)


def test_a_change_is_not_undone_after_another_decision_on_its_accounts_or_fields(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays = make_organization("Gone", "gone.example"), make_organization("Stays")
    account = linked(make_account("A"), (EARLIEST, gone))
    change = changes.merge(gone, stays, person, reason="Bought", starts_on=JUNE)
    decided = linking.ignore(account, person, starts_on=AUGUST)
    with pytest.raises(Refused, match="Someone has decided on “A” since"):
        changes.undo(change, person)
    linking.undo([decided], person)
    for field, moved, back in (("client_to", AUGUST, JUNE), ("domains", gone, stays)):
        if field == "domains":
            Domain.objects.update(organization=moved)
        else:
            Organization.objects.filter(pk=gone.pk).update(client_to=moved)
        with pytest.raises(Refused, match="has been changed since"):
            changes.undo(change, person)
        if field == "domains":
            Domain.objects.update(organization=back)
        else:
            Organization.objects.filter(pk=gone.pk).update(client_to=back)
    changes.undo(change, person)
    assert held(account) == [(EARLIEST, FOREVER, "Gone")]


def test_changes_are_undone_last_first(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    first, second, third = (make_organization(name) for name in ("First", "Second", "Third"))
    account = linked(make_account("A"), (EARLIEST, first))
    earlier = changes.merge(first, second, person, reason="Bought", starts_on=MARCH)
    later = changes.move(account, third, person, reason="Sold", starts_on=JUNE)
    with pytest.raises(Refused, match="Someone has decided on “A” since"):
        changes.undo(earlier, person)
    changes.undo(later, person)
    changes.undo(earlier, person)
    assert held(account) == [(EARLIEST, FOREVER, "First")]


def test_the_mapping_as_it_was_known_before_a_change_can_be_asked_after_it_and_after_its_undoing(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays = make_organization("Gone", client_to=AUGUST), make_organization("Stays")
    account = linked(make_account(), (EARLIEST, gone))
    then, as_then = timezone.now(), owners(account)
    change = changes.merge(gone, stays, person, reason="Bought", starts_on=MARCH)
    merged, as_merged = timezone.now(), owners(account)
    assert [owners(account, then), owners(account, merged)] == [as_then, as_merged]
    assert [ends(gone, then), ends(gone, merged), ends(gone)] == [AUGUST, MARCH, MARCH]
    changes.undo(change, person)
    assert [owners(account, then), owners(account, merged), owners(account)] == [as_then, as_merged, as_then]
    assert [ends(gone, then), ends(gone, merged), ends(gone)] == [AUGUST, MARCH, AUGUST]


def ends(organization: Organization, known_at: datetime | None = None) -> date | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT client_to FROM ({clients_sql(known_at)}) o WHERE id = %s", [organization.pk])
        [row] = cursor.fetchall()
    return row[0]


def test_a_split_is_not_undone_into_what_was_merged_into_its_part(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    whole = make_organization("Whole")
    split = changes.split(whole, [linked(make_account(), (EARLIEST, whole))], "Part", person, reason="Sold")
    assert split.other
    changes.merge(whole, split.other, person, reason="One client")
    with pytest.raises(Refused, match="“Part” would stand under itself"):
        changes.undo(split, person)


def test_undoing_leads_to_where_a_parent_was_merged_since(
    make_organization: MakeOrganization, person: User
) -> None:
    parent, stays = make_organization("Parent"), make_organization("Stays")
    child = make_organization("Child", parent=parent)
    freed = changes.set_parent(child, None, person, reason="Sold")
    changes.merge(parent, stays, person, reason="One client")
    changes.undo(freed, person)
    child.refresh_from_db()
    assert child.parent == stays


def test_what_is_gone_is_not_put_back(make_organization: MakeOrganization, person: User) -> None:
    parent, stays = make_organization("Parent"), make_organization("Stays")
    child, other = make_organization("Child", parent=parent), make_organization("Other", parent=parent)
    freed, moved = (changes.set_parent(each, stays, person, reason="Sold") for each in (child, other))
    OrganizationChange.objects.filter(other=parent).update(other=None)
    parent.delete()
    with pytest.raises(Refused, match="What “Child” stood under is gone"):
        changes.undo(freed, person)
    OrganizationChange.objects.filter(pk=moved.pk).update(organization=stays)
    other.delete()
    with pytest.raises(Refused, match="that this change touched is gone"):
        changes.undo(moved, person)
