"""What vendors send instead of names, thousands of one name, parents in a circle: they wait, and every page stands."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from collectors.facts.accounts import Account
from metrics import rollup
from organizations.as_of import owners_sql
from organizations.linking import create_and_link, ignore, link, unlink
from organizations.matching import link_new
from organizations.models import AccountLink, Organization, Proposal
from organizations.suggestions import suggestions
from tests.organizations.conftest import MakeAccount, MakeOrganization, connection_of

pytestmark = pytest.mark.django_db
QUEUE = "admin:organizations_waitingaccount_changelist"
CHOOSE = "admin:organizations_waitingaccount_choose"
LISTED = "admin:organizations_organization_changelist"
OPENED = "admin:organizations_organization_change"
TYPES = {"types": ["Client"]}

NAMES = {
    "empty": "",
    "spaces": " \t\u00a0\u200b",
    "enormous": "Fernbrook Dental " * 6_000,  # 102,000 characters
    "one enormous word": "F" * 100_000,
    "right to left": "מרפאת שיניים פרנברוק",
    "turned around": "\u202elatneD koorbnreF\u202c",
    "emoji": "🦷🏥 👩‍⚕️",
    "homoglyphs": "F\u0435rnbr\u043e\u043ek D\u0435nt\u0430l",  # Cyrillic е, о and а
    "marks upon marks": "Fe" + "\u0301" * 500 + "rnbrook Dental",
    "markup": '"><script>alert("Fernbrook Dental")</script>',
    "a pattern": "Fernbrook % _ \\ ' Dental",
}
bad_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)


@pytest.fixture
def web(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def page(web: Client, name: str, *keys: int, **asked: str) -> str:
    reply = web.get(reverse(name, args=keys), asked)
    assert reply.status_code == 200
    return str(reply.content.decode())


@bad_name
def test_a_bad_name_is_linked_by_nothing_and_waits_where_people_see_it(
    web: Client, make_account: MakeAccount, make_organization: MakeOrganization, name: str
) -> None:
    make_organization("Fernbrook Dental", "fernbrook.example")
    make_organization("Otterfield Law", "otterfield.example")
    account = make_account(name, "ninjaone", evidence={"phones": [name], "domains": [name], "addresses": [name]})
    link_new()
    assert not AccountLink.objects.exists()
    assert Proposal.objects.get(account=account).strength < Proposal.Strength.CERTAIN
    for suggested in suggestions([account])[account.pk]:
        assert suggested.organization.name == "Fernbrook Dental" and suggested.reason
    for shown in (page(web, QUEUE), page(web, CHOOSE, account.pk), page(web, QUEUE, q=name[:200])):
        assert "<script>alert" not in shown and len(shown) < 200_000
    assert f'data-account="{account.pk}"' in page(web, QUEUE)


@bad_name
def test_an_organization_made_of_a_bad_name_has_a_page_and_an_address(
    web: Client, make_account: MakeAccount, name: str
) -> None:
    company = make_account(name, evidence=TYPES)
    link_new()
    if not company.links.exists():  # what has no name founds nobody by itself
        create_and_link(company, None)
    [organization] = Organization.objects.all()
    assert 0 < len(organization.slug) <= 80
    for shown in (page(web, OPENED, organization.pk), page(web, LISTED), page(web, QUEUE)):
        assert "<script>alert" not in shown and len(shown) < 500_000
    link_new()
    assert list(company.links.current().values_list("organization", flat=True)) == [organization.pk]


def test_letters_of_another_script_pass_for_no_client(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental", "fernbrook.example")
    false = make_account(NAMES["homoglyphs"], evidence=TYPES)
    link_new()
    assert not AccountLink.objects.exists()  # it neither is that client, nor founds another of the same looks
    proposal = Proposal.objects.get(account=false)
    assert any("another script" in line for line in proposal.against)


def test_names_without_a_letter_are_no_name_that_two_could_share(
    make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("🦷🏥", slug="teeth")
    make_organization("", slug="nameless")
    accounts = [make_account(name, vendor) for name in ("🦷🏥", "") for vendor in ("ninjaone", "sentinelone")]
    link_new()
    assert not AccountLink.objects.exists()
    assert suggestions(accounts) == {account.pk: [] for account in accounts}


@pytest.fixture
def two_thousand(make_account: MakeAccount, make_organization: MakeOrganization) -> list[Account]:
    """As many records of one name in the RMM, and as many companies of it in the PSA that are clients by their type."""
    make_organization("Fernbrook Dental", "fernbrook.example")
    return Account.objects.bulk_create([
        Account(connection=connection_of(vendor), external_id=f"{number}", name="Fernbrook Dental, LLC", evidence=said)
        for vendor, said in (("ninjaone", {}), ("connectwise_psa", TYPES)) for number in range(1_000)
    ])


def test_two_thousand_of_one_name_link_to_nobody_and_found_nobody(web: Client, two_thousand: list[Account]) -> None:
    done = link_new()
    assert not AccountLink.objects.exists() and Organization.objects.count() == 1
    assert done.waiting.total() == Proposal.objects.count() == len(two_thousand)
    assert not Proposal.objects.filter(strength=Proposal.Strength.CERTAIN).exists()
    together = Proposal.objects.filter(strength=Proposal.Strength.STRONG, against=[])
    assert not together.exists()  # none could be accepted in a list
    shown = page(web, QUEUE, rows="200")
    assert shown.count('data-account="') == 200 and "2,000 unmapped accounts" in shown


def test_two_thousand_of_one_name_leave_a_true_key_its_worth(
    two_thousand: list[Account], make_account: MakeAccount
) -> None:
    [organization] = Organization.objects.all()
    company = make_account("Fernbrook Dental", external_id="own-250")
    link(company, organization, None)
    told = make_account("Fernbrook Dental", "ninjaone", evidence={"ids": {"connectwise_psa": "own-250"}})
    link_new()
    assert list(told.links.values_list("organization", "method")) == [(organization.pk, "explicit_id")]
    assert AccountLink.objects.count() == 2


def test_sites_whose_parents_go_in_a_circle_wait_and_end_no_page(
    web: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization("Fernbrook Dental", "fernbrook.example")
    first, second, third = (make_account(f"Site {number}", "ninjaone", kind="site") for number in range(3))
    own = make_account("Fernbrook Dental", "ninjaone", kind="site")
    for site, parent in ((first, second), (second, third), (third, first), (own, own)):
        Account.objects.filter(pk=site.pk).update(parent=parent)
    link_new()
    assert not AccountLink.objects.exists()
    assert 'data-account="' in page(web, QUEUE, q="Site")
    for site in (first, own):
        page(web, CHOOSE, site.pk)
        assert len(suggestions([site])) == 1
    link(first, organization, None)
    ignore(own, None)
    link_new()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT account_id, organization_id FROM ({owners_sql()}) owned ORDER BY account_id")
        owned = cursor.fetchall()
    # The others of the circle ask their parents until they meet the one that was decided on.
    assert owned == [(site.pk, organization.pk) for site in (first, second, third)] + [(own.pk, None)]
    page(web, OPENED, organization.pk)
    unlink(first, None)
    rollup.run("test")


def test_clients_accounts_and_organizations_whose_parents_go_in_a_circle_stay_who_they_are(
    web: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    mother = make_organization("Fernbrook Dental", "fernbrook.example")
    daughter = make_organization("Otterfield Law", "otterfield.example")
    for organization, parent in ((mother, daughter), (daughter, mother)):
        Organization.objects.filter(pk=organization.pk).update(parent=parent)
    one, other = make_account("Fernbrook Dental", evidence=TYPES), make_account("Otterfield Law", evidence=TYPES)
    for company, parent in ((one, other), (other, one)):
        Account.objects.filter(pk=company.pk).update(parent=parent)
    link_new()
    assert not AccountLink.objects.exists()  # a name alone links nothing, and each has the name of a client there is
    link(one, mother, None)
    link(other, daughter, None)
    for organization in (mother, daughter):
        page(web, OPENED, organization.pk)
    page(web, LISTED)
    page(web, QUEUE)
    rollup.run("test")
