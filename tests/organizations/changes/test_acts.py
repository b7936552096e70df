"""Merge, split, move, parent, rename, former client: from a day on."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST, FOREVER
from collectors.facts.touched import Touched
from organizations import changes, linking
from organizations.changes import Refused
from organizations.models import Organization
from tests.organizations.changes.conftest import AUGUST, JUNE, MARCH, held, linked
from tests.organizations.conftest import MakeAccount, MakeOrganization, connection_of
from tests.organizations.test_as_of import owners


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
    changes.merge(gone, stays, person, reason="Bought", starts_on=date(2024, 2, 1))
    february = date(2024, 2, 1)
    assert held(until_march) == [
        (EARLIEST, february, "Gone"), (february, MARCH, "Stays"), (MARCH, FOREVER, "ignored"),
    ]
    assert held(again_in_august) == [
        (EARLIEST, february, "Gone"), (february, MARCH, "Stays"), (MARCH, AUGUST, "Other"),
        (AUGUST, FOREVER, "Stays"),
    ]
    assert held(from_june) == [(JUNE, FOREVER, "Stays")]
    assert held(others) == [(EARLIEST, FOREVER, "Other")]


def test_what_was_merged_into_the_gone_one_before_leads_to_the_other_as_well(
    make_organization: MakeOrganization, person: User
) -> None:
    first, second, stays = (make_organization(name) for name in ("First", "Second", "Stays"))
    changes.merge(first, second, person, reason="One client")
    change = changes.merge(second, stays, person, reason="One client")
    first.refresh_from_db()
    assert first.merged_into == stays
    changes.undo(change, person)
    first.refresh_from_db()
    assert first.merged_into == second


def test_a_parent_merged_into_its_own_grandchild_leaves_no_circle(
    make_organization: MakeOrganization, person: User
) -> None:
    top = make_organization("Top")
    gone = make_organization("Gone", parent=top)
    between = make_organization("Between", parent=gone)
    stays = make_organization("Stays", parent=between)
    change = changes.merge(gone, stays, person, reason="One client")
    stays.refresh_from_db(), between.refresh_from_db()
    assert (stays.parent, between.parent) == (top, stays)
    changes.undo(change, person)
    stays.refresh_from_db(), between.refresh_from_db()
    assert (stays.parent, between.parent) == (between, gone)


def test_a_split_founds_an_organization_with_the_chosen_accounts_and_the_domains_that_are_theirs_alone(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    whole = make_organization("Whole", "shared.example", "part.example")
    stays = linked(make_account(evidence={"domains": ["shared.example"]}), (EARLIEST, whole))
    leaves = linked(make_account(evidence={"domains": ["shared.example", "part.example"]}), (EARLIEST, whole))
    change = changes.split(whole, [leaves], "  The   Part ", person, reason="Sold", starts_on=JUNE, parent=whole)
    part = change.other
    assert part
    assert (part.name, part.slug, part.kind, part.parent) == ("The Part", "part", "client", whole)
    assert held(leaves) == [(EARLIEST, JUNE, "Whole"), (JUNE, FOREVER, "The Part")]
    assert held(stays) == [(EARLIEST, FOREVER, "Whole")]
    assert [domain.name for domain in part.domains.all()] == ["part.example"]
    changes.undo(change, person)
    part.refresh_from_db()
    assert held(leaves) == [(EARLIEST, FOREVER, "Whole")]
    assert part.merged_into == whole and not part.domains.exists()


def test_moving_an_account_takes_the_sites_that_inherit_and_moving_a_site_takes_it_alone(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    first, second, third = (make_organization(name) for name in ("First", "Second", "Third"))
    company = linked(make_account(), (EARLIEST, first), (AUGUST, third))
    inherits, sold = (make_account(f"Site {n}", kind="site", parent=company) for n in range(2))
    own = linked(make_account("Site 2", kind="site", parent=company), (EARLIEST, first))
    changes.move(sold, second, person, reason="Sold", starts_on=MARCH)
    assert held(sold) == [(EARLIEST, MARCH, "First"), (MARCH, AUGUST, "Second"), (AUGUST, FOREVER, "Third")]
    assert held(company) == held(inherits) == [(EARLIEST, AUGUST, "First"), (AUGUST, FOREVER, "Third")]
    changes.move(company, second, person, reason="Theirs", starts_on=JUNE)
    assert held(company) == held(inherits) == [
        (EARLIEST, JUNE, "First"), (JUNE, AUGUST, "Second"), (AUGUST, FOREVER, "Third"),
    ]
    assert held(own) == [(EARLIEST, FOREVER, "First")]


def test_every_change_that_moves_numbers_marks_its_accounts_and_so_does_undoing_it(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    first, second = make_organization("First"), make_organization("Second")
    account = linked(make_account(), (EARLIEST, first))
    site, elsewhere = make_account("Site", kind="site", parent=account), linked(make_account(), (EARLIEST, second))
    acts = (
        lambda: changes.merge(first, second, person, reason="One"),
        lambda: changes.merge(first, second, person, reason="One", starts_on=JUNE),
        lambda: changes.split(first, [account], "Part", person, reason="Sold"),
        lambda: changes.move(account, second, person, reason="Theirs"),
        lambda: changes.make_former(first, person, reason="Left", starts_on=JUNE),
    )
    for act in acts:
        Touched.objects.all().delete()
        change = act()
        assert marked_since(change.starts_on) == {account.pk, site.pk}
        Touched.objects.all().delete()
        changes.undo(change, person)
        assert marked_since(change.starts_on) == {account.pk, site.pk}
    Touched.objects.all().delete()
    changes.rename(second, "Third", person, reason="New sign")
    assert not Touched.objects.exists()
    assert held(elsewhere) == [(EARLIEST, FOREVER, "Third")]


def marked_since(day: date) -> set[int]:
    """The accounts marked, if each is in every month since."""
    months: list[date] = [EARLIEST]
    if day > EARLIEST:
        until = timezone.now() + timedelta(days=1)
        months = [date(year, month, 1) for year in range(day.year, until.year + 1) for month in range(1, 13)]
        months = [month for month in months if day.replace(day=1) <= month <= until.date()]
    marks = set(Touched.objects.values_list("account", "month"))
    accounts = {account for account, _ in marks}
    assert marks == {(account, month) for account in accounts for month in months}
    return accounts


def test_a_parent_that_stands_below_is_refused_at_any_depth(
    make_organization: MakeOrganization, person: User
) -> None:
    top = make_organization("Top")
    middle = make_organization("Middle", parent=top)
    bottom = make_organization("Bottom", parent=middle)
    for parent, says in ((top, "own parent"), (middle, "“Middle” stands under “Top”"), (bottom, "stands under")):
        with pytest.raises(Refused, match=says):
            changes.set_parent(top, parent, person, reason="Wrong")
    changes.set_parent(bottom, top, person, reason="Directly")
    changes.set_parent(middle, None, person, reason="Sold")
    bottom.refresh_from_db(), middle.refresh_from_db()
    assert (bottom.parent, middle.parent) == (top, None)
    with pytest.raises(Refused, match="already no one's subsidiary"):
        changes.set_parent(middle, None, person, reason="Again")


def test_a_new_name_leaves_the_slug_and_remembers_the_old_one(
    make_organization: MakeOrganization, person: User
) -> None:
    organization = make_organization("Old Name")
    change = changes.rename(organization, "New\n Name", person, reason="New sign", starts_on=JUNE)
    organization.refresh_from_db()
    assert (organization.name, organization.slug) == ("New Name", "old-name")
    key = str(organization.pk)
    assert (change.before, change.after) == ({key: {"name": "Old Name"}}, {key: {"name": "New Name"}})
    changes.undo(change, person)
    organization.refresh_from_db()
    assert organization.name == "Old Name"


def test_a_former_client_is_one_from_the_day_after_its_last(
    make_organization: MakeOrganization, person: User
) -> None:
    organization = make_organization(client_from=MARCH)
    change = changes.make_former(organization, person, reason="Left", starts_on=JUNE)
    organization.refresh_from_db()
    assert organization.client_to == JUNE
    changes.undo(change, person)
    organization.refresh_from_db()
    assert organization.client_to is None


def test_a_merge_leaves_an_earlier_end_as_it_is(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    gone, stays = make_organization("Gone", client_to=MARCH), make_organization("Stays")
    linked(make_account(), (EARLIEST, gone))
    changes.merge(gone, stays, person, reason="Bought", starts_on=JUNE)
    gone.refresh_from_db()
    assert gone.client_to == MARCH


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_come_one_after_the_other() -> None:
    one, two = (Organization.objects.create(slug=name, name=name.title()) for name in ("one", "two"))
    account = Account.objects.create(connection=connection_of("connectwise_psa"), external_id="1", seen_from=MARCH)
    linking.link(account, one, None)
    outcomes: list[str] = []
    both = Barrier(2)

    def act(gone: Organization, into: Organization) -> None:
        both.wait()
        try:
            changes.merge(gone, into, None, reason="One client")
            outcomes.append("merged")
        except Refused as refused:
            outcomes.append(str(refused))
        finally:
            connection.close()

    threads = [Thread(target=act, args=args) for args in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.split()[-1] for outcome in outcomes) == ["changed.", "merged"]
    assert Organization.objects.filter(merged_into=None).count() == 1
    into = Organization.objects.get(merged_into=None)
    assert owners(account)[0][2] == into.pk
