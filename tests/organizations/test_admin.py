"""The mapping queue and the organizations, walked as an admin would, without scripts."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetState
from collectors.facts.touched import Touched
from organizations import linking
from organizations.models import AccountLink, Organization, Proposal
from tests.organizations.conftest import MakeAccount, MakeOrganization

QUEUE = "/admin/organizations/waitingaccount/"


@pytest.fixture
def admin(admin_client: Client) -> Client:
    return admin_client


def text(client: Client, address: str = QUEUE, **asked: str) -> str:
    return re.sub(r"\s+", " ", client.get(address, asked).content.decode())


def press(client: Client, button: str, address: str = QUEUE, **more: Any) -> str:
    """Press a button of the queue and read the page that comes."""
    answer = client.post(address, {"do": button, **more}, follow=True)
    return re.sub(r"\s+", " ", answer.content.decode())


def shown(page: str) -> list[str]:
    """What the button over the list would accept."""
    return re.findall(r'name="shown" value="([^"]+)"', page)


def seal(page: str, account: Account) -> str:
    """The first suggestion for an account, as it stands on the page."""
    [found] = re.findall(rf'value="link ({account.pk}:[^"]+)" data-key="a"', page)
    return str(found)


def link_of(account: Account) -> AccountLink:
    return AccountLink.objects.current().get(account=account)


def hold_device(account: Account) -> None:
    asset = Asset.objects.create(connection=account.connection, external_id=f"{account.pk}", layer="rmm")
    AssetState.objects.create(thing=asset, account=account, from_on="2026-01-01")


def test_what_holds_most_comes_first_and_sites_go_with_their_account(admin: Client, make_account: MakeAccount) -> None:
    make_account("Empty", "ninjaone")
    holder = make_account("Holder", "ninjaone")
    hold_device(make_account("Its site", "ninjaone", kind="site", parent=holder))
    page = text(admin)
    assert page.index("Holder") < page.index("Empty")
    assert "Its site" not in page
    assert "<b>2 unmapped accounts</b> carry <b>$0</b> a month, <b>1</b> device and <b>0</b> tickets" in page


def test_one_click_links_and_one_more_undoes_it(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization, account = make_organization(), make_account("FERNBROOK DENTAL", "ninjaone")
    page = text(admin)
    assert "Link to <bdi>Fernbrook Dental</bdi>" in page
    assert "Same name" in page
    page = press(admin, f"link {seal(page, account)}", reason="Asked them")
    assert "“FERNBROOK DENTAL” is linked to “Fernbrook Dental”." in page
    link = link_of(account)
    assert (link.organization, link.method, link.reason) == (organization, "person", "Asked them")
    assert link.decided_by == User.objects.get(username="admin")
    assert Touched.objects.filter(entity="AccountLink", account=account.pk).exists()
    page = press(admin, "undo")
    assert "Undone: “FERNBROOK DENTAL” is linked to “Fernbrook Dental”." in page
    assert link_of(account).verdict == "open"
    assert "There is nothing to undo." not in page


def test_a_new_client_an_ignored_account_and_one_put_back(admin: Client, make_account: MakeAccount) -> None:
    account, vendor = make_account("Hazel Realty", "ninjaone"), make_account("A vendor", "ninjaone")
    assert "“Hazel Realty” is a client now." in press(admin, f"new {account.pk}")
    assert link_of(account).organization == Organization.objects.get(slug="hazel-realty")
    press(admin, f"ignore {vendor.pk}")
    assert "Nothing waits" in text(admin)
    assert "A vendor" in text(admin, show="ignored")
    press(admin, f"wait {vendor.pk}", f"{QUEUE}?show=ignored")
    assert "A vendor" in text(admin)


def test_choosing_another_searches_all_clients(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization, account = make_organization("Something else", "else.example"), make_account("Hidden", "ninjaone")
    page = text(admin, f"{QUEUE}{account.pk}/", q="else.example")
    assert f'value="link {account.pk} {organization.pk}"' in page
    assert "No client matches" in text(admin, f"{QUEUE}{account.pk}/", q="nobody")
    press(admin, f"link {account.pk} {organization.pk}")
    assert link_of(account).organization == organization
    assert link_of(account).evidence == {"shown": ["Chosen among all clients"], "against": []}


def test_choosing_another_knows_the_way_back_to_the_list(admin: Client, make_account: MakeAccount) -> None:
    account = make_account("Hidden", "ninjaone")
    asked = "system=ninjaone&q=hid"
    [link] = re.findall(rf'href="({QUEUE}{account.pk}/[^"]*)"', text(admin, f"{QUEUE}?{asked}"))
    assert f'action="{QUEUE}?system=ninjaone&amp;q=hid"' in text(admin, html.unescape(link))


def test_it_is_filtered_by_system_and_by_name_and_comes_back_to_the_same_list(
    admin: Client, make_account: MakeAccount
) -> None:
    account = make_account("Hazel 100% Realty", "ninjaone")
    make_account("Oak", "quickbooks_online")
    assert "Oak" not in re.sub("QuickBooks Online", "", text(admin, system="ninjaone"))
    assert "Hazel" in text(admin, q="100%")
    assert "Hazel" not in text(admin, q="_")
    answer = admin.post(f"{QUEUE}?system=ninjaone", {"do": f"ignore {account.pk}"})
    assert answer.headers["Location"] == f"{QUEUE}?system=ninjaone"


def test_nothing_is_decided_by_a_link_or_without_permission(
    admin: Client, client: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account, organization = make_account(), make_organization()
    admin.get(QUEUE, {"do": f"link {account.pk} {organization.pk}"})
    assert admin.put(QUEUE).status_code == 405
    client.force_login(User.objects.create_user("vcio", is_staff=True))
    assert client.get(QUEUE).status_code == 403
    assert client.post(QUEUE, {"do": f"ignore {account.pk}"}).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="admin"))
    assert strict.post(QUEUE, {"do": f"ignore {account.pk}"}).status_code == 403
    assert not AccountLink.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 5000, "\u202eeerf", "\u0634\u0631\u0643\u0629", "🦷",
                                  "<script>alert(1)</script>", "Асме"])
def test_odd_names_are_shown_and_can_be_decided_on(admin: Client, make_account: MakeAccount, name: str) -> None:
    account = make_account(name, "ninjaone")
    assert "<script>alert" not in text(admin)
    press(admin, f"new {account.pk}")
    assert link_of(account).organization is not None


def test_queries_do_not_grow_with_the_rows(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    """Neither to show a list, nor to accept it, nor to undo that."""
    text(admin)
    counted = []
    for many in (3, 25):
        accounts = []
        for n in range(many):
            domain = f"client{many}-{n}.example"
            make_organization(f"Client {many} number {n}", domain)
            accounts.append(make_account(f"CLIENT {many} NUMBER {n}", "ninjaone", evidence={"domains": [domain]}))
        with CaptureQueriesContext(connection) as queries:
            page = text(admin)
            assert len(shown(page)) == many
            admin.post(QUEUE, {"do": "link shown", "shown": shown(page)})
            admin.post(QUEUE, {"do": "undo"})
            admin.post(QUEUE, {"do": "new chosen", "chosen": [account.pk for account in accounts]})
        assert {link_of(account).verdict for account in accounts} == {"linked"}
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_it_is_filtered_by_the_strength_stored_and_by_what_it_holds(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization()
    certain, conflict, bare = (make_account(name, "ninjaone") for name in ("Ash", "Birch", "Cedar"))
    hold_device(conflict)
    Proposal.objects.create(account=certain, organization=organization, strength=3)
    Proposal.objects.create(account=conflict, organization=organization, strength=3, against=["Another domain"])

    def listed(**asked: str) -> list[int]:
        return [int(row) for row in re.findall(r'data-account="(\d+)"', text(admin, **asked))]

    assert listed(strength="certain") == [certain.pk]
    assert listed(strength="conflict") == [conflict.pk]
    assert listed(strength="nothing") == [bare.pk]
    assert listed(strength="no such word") == listed() == [conflict.pk, certain.pk, bare.pk]
    assert listed(holds="devices") == [conflict.pk]
    assert listed(holds="nothing") == [certain.pk, bare.pk]
    assert "Conflict <b>1</b>" in text(admin)
    assert "Nothing here matches" in text(admin, strength="weak")


def test_a_page_has_as_many_rows_as_asked_for_up_to_two_hundred(admin: Client, make_account: MakeAccount) -> None:
    for n in range(27):
        make_account(f"Account {n}", "ninjaone")
    for asked, rows in (("", 25), ("100", 27), ("5000", 25)):
        assert text(admin, rows=asked).count("data-account=") == rows
    assert text(admin, rows="100", chosen="all").count(" checked") == 27 + 1  # and the box that turns keys on


@pytest.mark.parametrize("asked", [{"q": "\0"}, {"system": "\0"}, {"p": "x"}, {"p": "999"}, {"q": "x" * 5000}])
def test_an_address_that_makes_no_sense_still_answers(
    admin: Client, make_account: MakeAccount, asked: dict[str, str]
) -> None:
    account = make_account()
    assert admin.get(QUEUE, asked).status_code == 200
    assert admin.post(QUEUE, {"do": f"ignore {account.pk}", "reason": "a\0b" * 500}).status_code == 302
    assert link_of(account).reason.startswith("abab")


def test_changing_an_organizations_kind_marks_its_accounts_and_its_plan_does_not(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization, account = make_organization("Fernbrook"), make_account()
    linking.link(account, organization, None)
    Touched.objects.all().delete()
    form = {"name": "Fernbrook", "slug": "fernbrook", "kind": "internal", "domains-TOTAL_FORMS": "0",
            "domains-INITIAL_FORMS": "0", "links-TOTAL_FORMS": "0", "links-INITIAL_FORMS": "0"}  # fmt: skip
    address = f"/admin/organizations/organization/{organization.pk}/change/"
    assert admin.post(address, form).status_code == 302
    assert Touched.objects.filter(account=account.pk).exists()
    Touched.objects.all().delete()
    admin.post(address, form | {"plan": "Gold"})
    assert not Touched.objects.exists()
    assert Organization.objects.get(pk=organization.pk).plan == "Gold"


def test_links_can_be_read_and_not_edited(admin: Client, make_account: MakeAccount) -> None:
    link = linking.ignore(make_account(), None)
    assert admin.get(f"/admin/organizations/accountlink/{link.pk}/change/").status_code == 200
    assert admin.post(f"/admin/organizations/accountlink/{link.pk}/delete/").status_code == 403
    assert admin.get("/admin/organizations/accountlink/add/").status_code == 403


def test_a_link_that_stands_is_taken_back_from_the_list_of_links(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization, account, other = make_organization(), make_account("Fernbrook", "ninjaone"), make_account("Ashby")
    linked = linking.link(account, organization, None)
    ignored = linking.ignore(other, None)
    page = admin.post(
        "/admin/organizations/accountlink/",
        {"action": "unlink", "_selected_action": [linked.pk, ignored.pk]},
        follow=True,
    )
    assert "“Fernbrook” waits again." in page.content.decode()
    assert link_of(account).verdict == AccountLink.Verdict.OPEN
    assert link_of(other).verdict == AccountLink.Verdict.IGNORED
    press(admin, "undo")
    assert link_of(account).organization == organization


def test_a_link_that_no_longer_stands_is_not_taken_back(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    first, second, account = make_organization("first"), make_organization("second"), make_account("Ashby")
    old = linking.link(account, first, None)
    linking.link(account, second, None)
    page = admin.post(
        "/admin/organizations/accountlink/", {"action": "unlink", "_selected_action": [old.pk]}, follow=True
    )
    assert "None of the chosen links stands any more" in page.content.decode()
    assert link_of(account).organization == second
