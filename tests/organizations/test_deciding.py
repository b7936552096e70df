"""What the buttons of the mapping queue do: one row, a list, and what is refused."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest
from django.test import Client

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from organizations import linking
from organizations.models import AccountLink, Organization, Proposal
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_admin import QUEUE, link_of, press, seal, shown, text


@pytest.fixture
def admin(admin_client: Client) -> Client:
    return admin_client


def test_the_strong_suggestions_shown_are_linked_together_and_no_weak_one(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental")
    make_organization("Oakhaven Foods")
    strong, weak = make_account("The Fernbrook Dental", "ninjaone"), make_account("Oakhaven Food", "ninjaone")
    page = text(admin)
    assert "Accept the strong suggestion shown" in page
    assert "Link to <bdi>Oakhaven Foods</bdi>" in page
    press(admin, "link shown", shown=shown(page))
    assert link_of(strong).organization == Organization.objects.get(name="Fernbrook Dental")
    assert not AccountLink.objects.filter(account=weak).exists()


def test_chosen_accounts_are_ignored_or_made_clients_together_and_undone_together(
    admin: Client, make_account: MakeAccount
) -> None:
    accounts = [make_account(f"Lab {n}", "ninjaone") for n in range(3)]
    page = press(admin, "ignore chosen", chosen=[account.pk for account in accounts])
    assert "3 accounts were ignored." in page
    press(admin, "undo")
    assert {link_of(account).verdict for account in accounts} == {"open"}
    press(admin, "new chosen", chosen=[account.pk for account in accounts])
    assert Organization.objects.count() == 3


def test_a_click_on_a_page_grown_old_changes_nothing(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account, organization = make_account(vendor="ninjaone"), make_organization()
    linking.ignore(account, None)
    assert "Someone has decided on “Fernbrook Dental” since" in press(admin, f"link {account.pk} {organization.pk}")
    assert link_of(account).verdict == "ignored"


@pytest.mark.parametrize("button", ["", "link", "link x y", "link 1 2", "link 1:2:3", "link 1:2", "link shown",
                                    "link chosen", "new chosen", "eat 1", "undo", "ignore 99999999999999999999"])
def test_a_button_that_makes_no_sense_says_so(admin: Client, make_account: MakeAccount, button: str) -> None:
    make_account()
    assert "errornote" in press(admin, button) or 'class="error"' in press(admin, button)
    assert not AccountLink.objects.exists()


def test_what_was_accepted_keeps_the_lines_that_stood_on_the_screen(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Fernbrook Dental")
    account = make_account("Fernbrook Dental", "ninjaone")
    page = text(admin)
    press(admin, "link shown", shown=shown(page))
    evidence = link_of(account).evidence
    assert evidence["shown"] and evidence["against"] == []
    assert all(line in html.unescape(page) for line in evidence["shown"])


def test_a_list_that_was_undone_can_be_accepted_again(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization, account = make_organization("Fernbrook Dental"), make_account("Fernbrook Dental", "ninjaone")
    for _ in range(2):
        press(admin, "link shown", shown=shown(text(admin)))
        assert link_of(account).organization == organization
        press(admin, "undo")
        assert link_of(account).verdict == "open"


def test_proposals_follow_a_decision_at_once(admin: Client, make_account: MakeAccount) -> None:
    """A client made of one account is what the account with its domain in another system waits for."""
    company = make_account("Fernbrook Dental", evidence={"domains": ["fern.example"]})
    tenant = make_account("FBD Holding", "ninjaone", evidence={"domains": ["fern.example"]})
    press(admin, f"new {company.pk}")
    proposal = Proposal.objects.get()
    assert (proposal.account, proposal.organization) == (tenant, link_of(company).organization)
    press(admin, "undo")
    assert set(Proposal.objects.values_list("account", flat=True)) == {company.pk, tenant.pk}


def in_conflict(make_account: MakeAccount, make_organization: MakeOrganization) -> Account:
    """The name of a client, and another domain than its own."""
    make_organization("Fernbrook Dental", "fern.example")
    return make_account("Fernbrook Dental", "ninjaone", evidence={"domains": ["another.example"]})


def test_a_conflict_is_shown_as_one_and_is_accepted_by_its_own_button_alone(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    account = in_conflict(make_account, make_organization)
    make_organization("Oakhaven Foods")
    clear = make_account("Oakhaven Foods", "ninjaone")
    page = text(admin)
    assert "Against:" in page
    assert "Link to <bdi>Fernbrook Dental</bdi> despite the conflict" in page
    assert [one.split(":")[0] for one in shown(page)] == [f"{clear.pk}"]
    of_conflict = seal(page, account)
    for forged in ({"do": "link shown", "shown": [*shown(page), of_conflict]},
                   {"do": "link chosen", "shown": shown(page), "weaker": of_conflict, "chosen": [account.pk, clear.pk]},
                   {"do": "link chosen", "shown": shown(page), "chosen": [account.pk, clear.pk]}):  # fmt: skip
        answer = admin.post(QUEUE, forged, follow=True).content.decode()
        assert "decide on it by itself" in answer or "without a conflict" in answer
        assert not AccountLink.objects.exists()
    press(admin, f"link {of_conflict}")
    assert link_of(account).evidence["against"]


def test_a_list_of_which_anything_has_changed_is_refused_whole(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    make_organization("Oakhaven Foods")
    organization = make_organization("Fernbrook Dental")
    make_account("Fernbrook Dental", "ninjaone")
    make_account("Oakhaven Foods", "ninjaone")
    before = shown(text(admin))
    assert len(before) == 2
    organization.domains.create(name="fern.example")
    Account.objects.filter(name="Fernbrook Dental").update(evidence={"domains": ["another.example"]})
    page = press(admin, "link shown", shown=before)
    assert "What is suggested for “Fernbrook Dental” has changed since the page was shown. Nothing was changed." in page
    assert not AccountLink.objects.exists()
    organization.delete()
    assert "That client is gone" in press(admin, "link shown", shown=before)
    assert not AccountLink.objects.exists()


def test_weak_suggestions_are_accepted_together_only_where_they_were_chosen(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization = make_organization("Oakhaven Foods")
    weak, bare = make_account("Oakhaven Food", "ninjaone"), make_account("Zebra", "ninjaone")
    page = text(admin)
    weaker = re.findall(r'name="weaker" value="([^"]+)"', page)
    assert shown(page) == [] and len(weaker) == 1
    answer = press(admin, "link chosen", weaker=weaker, chosen=[weak.pk, bare.pk])
    assert "No suggestion without a conflict stands beside “Zebra”. Nothing was changed." in answer
    press(admin, "link chosen", weaker=weaker, chosen=[weak.pk])
    assert link_of(weak).organization == organization


def test_lists_have_an_end_and_name_nobody_twice(admin: Client, make_account: MakeAccount) -> None:
    account = make_account()
    assert "names an account twice" in press(admin, "ignore chosen", chosen=[account.pk, account.pk])
    assert "At most 200 accounts" in press(admin, "ignore chosen", chosen=list(range(1, 202)))
    assert not AccountLink.objects.exists()


def test_after_a_decision_the_list_goes_on_with_the_row_below_or_the_last_above(
    admin: Client, make_account: MakeAccount
) -> None:
    first, second, third = (make_account(name, "ninjaone") for name in ("Ash", "Birch", "Cedar"))
    rows = [first.pk, second.pk, third.pk]
    for pressed, goes_on in ((second, third), (third, first)):
        answer = admin.post(f"{QUEUE}?q=&rows=100", {"do": f"ignore {pressed.pk}", "row": rows})
        assert answer.headers["Location"] == f"{QUEUE}?q=&rows=100#account-{goes_on.pk}"
        rows.remove(pressed.pk)
    assert admin.post(QUEUE, {"do": "undo"}).headers["Location"].endswith(f"#account-{third.pk}")
    answer = admin.post(QUEUE, {"do": "ignore chosen", "chosen": [first.pk, third.pk], "row": [first.pk, third.pk]})
    assert answer.headers["Location"] == QUEUE
    stale = admin.post(QUEUE, {"do": f"ignore {first.pk}", "row": [first.pk]})
    assert stale.headers["Location"] == f"{QUEUE}#account-{first.pk}"


def test_an_account_that_waits_from_a_day_on_is_decided_from_that_day(
    admin: Client, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    organization, account = make_organization(), make_account("Fernbrook Dental", "ninjaone")
    linking.link(account, organization, None)
    linking.unlink(account, None, starts_on=date(2026, 3, 1))
    press(admin, f"ignore {account.pk}")
    stands = AccountLink.objects.current().filter(account=account).order_by("starts_on")
    assert [(link.verdict, link.starts_on) for link in stands] == [
        ("linked", EARLIEST), ("ignored", date(2026, 3, 1)),
    ]  # fmt: skip
    assert "Nothing waits" in text(admin)
