"""Whose each account is on each day, as known now and as known then."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST, FOREVER
from organizations.as_of import owners_sql
from organizations.models import AccountLink, Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization

JUNE = date(2026, 6, 1)
Row = tuple[date, date, int | None, str]


def owners(account: Account, known_at: datetime | None = None, **asked: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT starts_on, ends_on, organization_id, verdict "
            f"FROM ({owners_sql(known_at, **asked)}) o WHERE account_id = %s ORDER BY 1",
            [account.pk],
        )
        return cursor.fetchall()


def say(account: Account, organization: Organization | None = None, **fields: Any) -> AccountLink:
    verdict = "linked" if organization else "ignored"
    fields = {"verdict": verdict, "method": "person"} | fields
    return AccountLink.objects.create(account=account, organization=organization, **fields)


def test_an_account_nobody_decided_on_has_no_row(make_account: MakeAccount) -> None:
    assert owners(make_account()) == []


def test_a_link_lasts_until_the_accounts_next_begins(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account, first, second = make_account(), make_organization("First"), make_organization("Second")
    say(account, first)
    say(account, second, starts_on=JUNE)
    assert owners(account) == [(EARLIEST, JUNE, first.pk, "linked"), (JUNE, FOREVER, second.pk, "linked")]
    assert owners(account, organization=second.pk) == [(JUNE, FOREVER, second.pk, "linked")]


def test_an_open_verdict_ends_a_link_and_leaves_no_row(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account, first = make_account(), make_organization()
    say(account, first)
    say(account, verdict="open", starts_on=JUNE)
    assert owners(account) == [(EARLIEST, JUNE, first.pk, "linked")]


def test_an_ignored_account_says_so(make_account: MakeAccount) -> None:
    account = make_account()
    say(account)
    assert owners(account) == [(EARLIEST, FOREVER, None, "ignored")]


def test_a_superseded_link_is_known_only_until_it_was_superseded(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account, wrong, right = make_account(), make_organization("Wrong"), make_organization("Right")
    decided, mended = datetime(2026, 3, 1, 9, tzinfo=UTC), datetime(2026, 4, 1, 9, tzinfo=UTC)
    say(account, wrong, decided_at=decided, superseded_at=mended)
    say(account, right, decided_at=mended)
    assert owners(account, datetime(2026, 2, 1, tzinfo=UTC)) == []
    assert owners(account, datetime(2026, 3, 15, tzinfo=UTC)) == [(EARLIEST, FOREVER, wrong.pk, "linked")]
    assert owners(account, mended) == [(EARLIEST, FOREVER, right.pk, "linked")]
    assert owners(account) == [(EARLIEST, FOREVER, right.pk, "linked")]


def test_a_site_belongs_with_its_parent_and_a_site_of_a_site_with_its_grandparent(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization, parent = make_organization(), make_account()
    say(parent, organization)
    site = make_account("Main office", kind="site", parent=parent)
    floor = make_account("Second floor", kind="site", parent=site)
    for asked in ({}, {"organization": organization.pk}):
        assert owners(site, **asked) == owners(floor, **asked) == [(EARLIEST, FOREVER, organization.pk, "linked")]


def test_a_site_linked_elsewhere_from_a_day_belonged_with_its_parent_before(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    first, second, parent = make_organization("First"), make_organization("Second"), make_account()
    say(parent, first)
    site = make_account("Main office", kind="site", parent=parent)
    say(site, second, starts_on=JUNE)
    assert owners(site) == [(EARLIEST, JUNE, first.pk, "linked"), (JUNE, FOREVER, second.pk, "linked")]
    assert owners(site, organization=first.pk) == [(EARLIEST, JUNE, first.pk, "linked")]


def test_a_client_under_a_parent_does_not_inherit(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    parent = make_account()
    say(parent, make_organization())
    assert owners(make_account("Subsidiary", parent=parent)) == []


def test_a_circle_of_sites_ends(make_account: MakeAccount) -> None:
    site = make_account("Site", kind="site")
    other = make_account("Other", kind="site", parent=site)
    Account.objects.filter(pk=site.pk).update(parent=other)
    assert owners(site) == []


def test_the_pointer_of_a_merged_organization_says_nothing_of_whose_an_account_is(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    gone = make_organization("Gone", merged_into=make_organization("Stays"))
    account = make_account()
    say(account, gone)
    assert owners(account) == owners(account, organization=gone.pk) == [(EARLIEST, FOREVER, gone.pk, "linked")]


def test_what_one_organization_holds_is_what_the_whole_answer_says_of_it(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organizations = [make_organization(f"Client {n}") for n in range(3)]
    parents = [make_account(f"Client {n}") for n in range(6)]
    for n, parent in enumerate(parents):
        site = make_account(f"Site of {n}", kind="site", parent=parent)
        say(parent, organizations[n % 3], starts_on=date(2025, 1 + n, 1))
        if n % 2:
            say(site, organizations[(n + 1) % 3], starts_on=JUNE)
    with connection.cursor() as cursor:
        cursor.execute(owners_sql())
        whole = set(cursor.fetchall())
        for organization in organizations:
            cursor.execute(owners_sql(organization=organization.pk))
            assert set(cursor.fetchall()) == {row for row in whole if row[3] == organization.pk} != set()
        sites = set(Account.objects.filter(kind="site").values_list("pk", flat=True))
        cursor.execute(owners_sql(accounts=sites))
        assert set(cursor.fetchall()) == {row for row in whole if row[0] in sites} != set()
