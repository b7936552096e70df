"""Deciding, deciding again, and taking it back: rows are superseded, never edited or deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Touched
from organizations import linking
from organizations.models import AccountLink, Organization
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_as_of import owners


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("noor")


def current(account: Account) -> AccountLink:
    return AccountLink.objects.current().get(account=account)


def marked() -> set[tuple[str, int]]:
    assert set(Touched.objects.values_list("month", flat=True)) <= {EARLIEST}
    return set(Touched.objects.values_list("entity", "account"))


def ids(accounts: Iterable[Account]) -> set[tuple[str, int]]:
    return {("AccountLink", account.pk) for account in accounts}


def test_a_link_says_who_when_why_and_on_what_evidence(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account, organization = make_account(vendor="ninjaone"), make_organization()
    link = linking.link(account, organization, person, "They renamed it", evidence={"note": "phone"})
    stored = current(account)
    assert (stored, stored.organization, stored.decided_by) == (link, organization, person)
    assert (stored.reason, stored.method, stored.evidence) == ("They renamed it", "person", {"note": "phone"})


def test_relinking_supersedes_the_row_before_it_and_keeps_it(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account, wrong, right = make_account(), make_organization("Wrong"), make_organization("Right")
    first = linking.link(account, wrong, person)
    second = linking.link(account, right, person)
    first.refresh_from_db()
    assert first.superseded_at == second.decided_at
    assert first.organization == wrong
    assert owners(account)[0][2] == right.pk
    assert owners(account, second.decided_at - timedelta(microseconds=1))[0][2] == wrong.pk


def test_every_decision_marks_the_account_and_the_sites_that_may_inherit(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account, elsewhere = make_account(), make_account()
    site = make_account("Office", kind="site", parent=account)
    floor = make_account("Floor", kind="site", parent=site)
    subsidiary = make_account("Subsidiary", parent=account)
    decisions = (
        lambda: linking.link(account, make_organization(), person),
        lambda: linking.ignore(account, person),
        lambda: linking.unlink(account, person),
        lambda: linking.create_and_link(account, person),
    )
    for decision in decisions:
        Touched.objects.all().delete()
        decision()
        assert marked() == ids([account, site, floor])
    assert not marked() & ids([elsewhere, subsidiary])


def test_a_decision_from_a_day_on_marks_the_months_since_and_none_before(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account = make_account()
    site, coming = make_account("Office", kind="site", parent=account), timezone.now().date() + timedelta(days=90)
    linking.link(account, make_organization(), None, starts_on=date(2024, 6, 15))
    months = Touched.objects.filter(account=site.pk).order_by("month").values_list("month", flat=True)
    assert list(months[:3]) == [date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)]
    assert months[len(months) - 1] in (timezone.now().date().replace(day=1), date.today() + timedelta(days=1))
    Touched.objects.all().delete()
    linking.unlink(account, None, starts_on=coming)  # that month is worked out whole when it begins
    assert not Touched.objects.exists()


def test_an_ignored_account_and_one_taken_back(make_account: MakeAccount, person: User) -> None:
    account = make_account()
    linking.ignore(account, person, "A vendor of ours")
    assert owners(account)[0][3] == "ignored"
    linking.unlink(account, person)
    assert owners(account) == []
    assert current(account).verdict == "open"


def test_undoing_restores_what_stood_before_by_a_new_row(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account, right, wrong = make_account(), make_organization("Right"), make_organization("Wrong")
    linking.link(account, right, None, "Same domain", AccountLink.Method.DOMAIN)
    mistake = linking.link(account, wrong, person)
    [restored] = linking.undo([mistake], person)
    assert (restored.organization, restored.method, restored.decided_by) == (right, "domain", person)
    assert restored.evidence == {"undone": mistake.pk}
    assert AccountLink.objects.filter(account=account).count() == 3


def test_undoing_the_first_decision_leaves_the_account_waiting(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account = make_account()
    linking.undo([linking.link(account, make_organization(), person)], person)
    assert owners(account) == []
    assert AccountLink.objects.filter(account=account).count() == 2


def test_what_someone_has_decided_on_since_is_not_undone(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account, other, organization = make_account(), make_account(), make_organization()
    links = [linking.link(account, organization, person), linking.link(other, organization, person)]
    linking.ignore(account, person)
    with pytest.raises(linking.Superseded):
        linking.undo(links, person)
    assert [owners(account)[0][3], owners(other)[0][3]] == ["ignored", "linked"]


def test_undoing_a_link_from_a_day_lets_the_one_before_it_reach_on_and_tells_who_undid_it(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account, first, second = make_account(), make_organization("First"), make_organization("Second")
    linking.link(account, first, None)
    before = owners(account)
    mistake = linking.link(account, second, None, starts_on=date(2024, 6, 1))
    [told] = linking.undo([mistake], person)
    assert owners(account) == before
    assert (told.decided_by, told.superseded_at, told.evidence) == (person, told.decided_at, {"undone": mistake.pk})
    linking.link(account, second, None)
    assert [row[2] for row in owners(account)] == [second.pk]


def test_undoing_the_only_link_of_an_account_from_a_day_leaves_it_waiting_for_a_person(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account = make_account()
    linking.undo([linking.link(account, make_organization(), None, starts_on=date(2024, 6, 1))], person)
    assert owners(account) == []
    assert current(account).verdict == "open"


def test_what_is_decided_for_a_client_merged_away_goes_to_the_one_it_went_into(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    stays = make_organization("Stays")
    account = make_account(evidence={"domains": ["fernbrook.example"]})
    assert linking.link(account, make_organization("Gone", merged_into=stays), None).organization == stays
    assert stays.domains.get().name == "fernbrook.example"


def test_a_client_made_of_an_account_has_its_name_a_slug_of_its_own_and_its_domains(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    make_organization("Fernbrook Dental")
    account = make_account("Fernbrook Dental, LLC", evidence={"domains": ["fernbrook.example", "gmail.com"]})
    organization = linking.create_and_link(account, person).organization
    assert organization is not None
    assert (organization.name, organization.slug) == ("Fernbrook Dental, LLC", "fernbrook-dental-2")
    assert [domain.name for domain in organization.domains.all()] == ["fernbrook.example"]


def test_making_a_client_again_after_undoing_it_takes_the_same_one(make_account: MakeAccount, person: User) -> None:
    account = make_account("日本商事")
    first = linking.create_and_link(account, person)
    linking.undo([first], person)
    again = linking.create_and_link(account, person)
    assert again.organization == first.organization == Organization.objects.get()
    assert Organization.objects.get().slug == f"client-{account.pk}"


def test_a_day_has_one_link_and_other_days_stand(
    make_account: MakeAccount, make_organization: MakeOrganization, person: User
) -> None:
    account, first, second = make_account(), make_organization("First"), make_organization("Second")
    linking.link(account, second, person, starts_on=date(2024, 6, 1))
    linking.link(account, first, person)
    assert [row[2] for row in owners(account)] == [first.pk, second.pk]
