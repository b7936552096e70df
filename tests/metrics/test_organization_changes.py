"""Changes of organizations as an admin makes them: said, previewed, confirmed, read in the history and undone."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from collectors.facts.accounts import Account
from collectors.facts.touched import Calendar
from metrics import rollup
from metrics.admin.change_preview import in_words
from metrics.declare import Unit
from metrics.models import Goal, MonthlyValue, State
from metrics.rollup.preview import Stored
from organizations import changes, linking
from organizations.models import AccountLink, Organization, OrganizationChange
from tests.metrics.rollup.world import World, enter, scope

pytestmark = pytest.mark.django_db
CHANGES = "/admin/organizations/organizationchange/"
TODAY = timezone.now().date()
THIS_MONTH = TODAY.replace(day=1)
OPEN_FROM = (THIS_MONTH - timedelta(days=1)).replace(day=1)  # last month; all before it is closed
EVER = {"when": "ever", "starts_on": "", "reason": "One client"}


class Desk:
    """Two clients with tickets and agreements, and an administrator at the screens of changes."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.world = World(f"{TODAY}", listed=(f"{OPEN_FROM - timedelta(days=1)}", f"{THIS_MONTH - timedelta(days=1)}"))
        self.acme, self.beta = self.world.client("acme"), self.world.client("beta")
        self.in_psa, self.in_rmm = self.account(self.acme, "ACME"), self.account(self.acme, "Acme", self.world.rmm)
        self.others = self.account(self.beta, "Beta Inc")
        for account in (self.in_psa, self.others):
            self.world.agreement(account, "100")
            for month in ("2025-02", f"{OPEN_FROM:%Y-%m}"):
                self.world.ticket(account, f"{month}-10", f"{month}-12")
        self.close(OPEN_FROM - timedelta(days=1))
        self.address = self.page = ""

    def close(self, through: date | None) -> None:
        Calendar.objects.update_or_create(pk=1, defaults={"closed_through": through})

    def account(self, of: Organization, name: str, source: Any = None) -> Account:
        account = self.world.account(of, source)
        Account.objects.filter(pk=account.pk).update(name=name)
        return account

    def ask(self, kind: str, of: Organization | None = None, **answers: Any) -> str:
        """Send the form of a change; what comes is its preview, or the form again."""
        return self._send(f"{CHANGES}{kind}/{(of or self.acme).pk}/", EVER | answers | {"preview": "1"})

    def undo(self, change: OrganizationChange) -> str:
        self.address = f"{CHANGES}{change.pk}/undo/"
        return self._read(self.client.get(self.address, follow=True))

    def press(self, button: str) -> str:
        """Press a button of the page that stands, sending everything that is hidden in its form."""
        form = self.page[self.page.index('<form method="post" class="press">'):]
        said: dict[str, list[str]] = {button: ["1"]}
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form):
            said.setdefault(name, []).append(html.unescape(value))
        return self._send(self.address, said)

    def _send(self, address: str, said: dict[str, Any]) -> str:
        self.address = address
        return self._read(self.client.post(address, said, follow=True))

    def _read(self, answer: Any) -> str:
        self.page = re.sub(r"\s+", " ", answer.content.decode())
        return html.unescape(re.sub(r"<[^>]*>", "", self.page))


@pytest.fixture
def desk(admin_client: Client) -> Desk:
    return Desk(admin_client)


def owner(account: Account) -> Organization | None:
    return AccountLink.objects.current().get(account=account).organization


def test_a_merge_is_previewed_saved_by_confirm_alone_and_undone(desk: Desk) -> None:
    words = desk.ask("merge", other="beta")
    assert "“Acme” merged into “Beta”, 2 accounts moved, from the beginning." in words
    assert re.search(r"\d+ numbers of open periods would read otherwise", words)
    assert re.search(r"Reactive tickets created ?Beta ?[A-Z][a-z]{2} \d{4} ?Now 1 ?After 2", words)
    assert "$100.00" in words
    assert (OrganizationChange.objects.count(), owner(desk.in_psa)) == (0, desk.acme)
    assert not MonthlyValue.objects.exists()
    words = desk.press("confirm")
    assert "“Acme” merged into “Beta”, 2 accounts moved. Figures follow within a minute." in words
    change = OrganizationChange.objects.get()
    assert (change.reason, change.decided_by) == ("One client", User.objects.get(username="admin"))
    assert owner(desk.in_psa) == desk.beta
    words = desk.undo(change)
    assert "Takes back: “Acme” merged into “Beta”" in words
    assert owner(desk.in_psa) == desk.beta
    desk.press("confirm")
    change.refresh_from_db()
    assert change.undone_by == User.objects.get(username="admin")
    assert owner(desk.in_psa) == desk.acme


def test_chosen_accounts_are_split_off_under_a_new_name(desk: Desk) -> None:
    words = desk.ask("split", accounts=[desk.in_rmm.pk], name="Gamma", subsidiary="on", when="day",
                     starts_on="2025-03-01")  # fmt: skip
    assert "“Gamma” split off from “Acme” with 1 account, from 1 Mar 2025 on." in words
    assert not Organization.objects.filter(name="Gamma").exists()
    desk.press("confirm")
    gamma = Organization.objects.get(name="Gamma")
    assert gamma.parent == desk.acme
    link = AccountLink.objects.current().get(account=desk.in_rmm, organization=gamma)
    assert link.starts_on == date(2025, 3, 1)


def test_one_account_is_moved_from_a_day_on(desk: Desk) -> None:
    words = desk.ask("move", account=desk.in_psa.pk, other="Beta (beta)", when="day", starts_on="2025-02-01")
    assert "“ACME” moved from “Acme” to “Beta”, from 1 Feb 2025 on." in words
    desk.press("confirm")
    links = AccountLink.objects.current().filter(account=desk.in_psa).order_by("starts_on")
    assert [(link.organization, link.starts_on.year) for link in links] == [(desk.acme, 1), (desk.beta, 2025)]


def test_parent_rename_and_former_client(desk: Desk) -> None:
    assert "“Acme” became a subsidiary of “Beta”" in desk.ask("parent", other="beta")
    assert "No number of an open period would read otherwise." in desk.page
    desk.press("confirm")
    desk.ask("rename", name="Acme Group")
    desk.press("confirm")
    words = desk.ask("former", last_on="2025-02-28")
    assert "“Acme Group” is a client until 28 Feb 2025" in words
    desk.press("confirm")
    desk.acme.refresh_from_db()
    assert (desk.acme.parent, desk.acme.name, desk.acme.client_to) == (desk.beta, "Acme Group", date(2025, 3, 1))
    assert "“Acme Group” has no parent any more" in desk.ask("parent", other="")


def test_what_was_decided_since_the_preview_is_said_and_it_is_shown_again(desk: Desk) -> None:
    desk.ask("merge", other="beta")
    linking.ignore(desk.in_rmm, None)
    words = desk.press("confirm")
    assert "Somebody has decided or changed something here since." in words
    assert "“Acme” merged into “Beta”, 1 account moved" in words
    assert not OrganizationChange.objects.exists()
    assert "Figures follow" in desk.press("confirm")


def test_nothing_is_confirmed_that_was_not_previewed(desk: Desk) -> None:
    desk.ask("merge", other="beta")
    page = desk.page
    desk.page = page.replace('value="One client"', 'value="Another reason"')
    assert "Somebody has decided or changed something here since." in desk.press("confirm")
    answer = desk.client.post(desk.address, EVER | {"other": "beta", "confirm": "1"})
    assert "since" in answer.content.decode()
    assert not OrganizationChange.objects.exists()


@pytest.mark.parametrize(("kind", "answers", "says"), [
    ("merge", {"other": ""}, "This field is required."),
    ("merge", {"other": "nobody"}, "No other organization fits that."),
    ("merge", {"other": "acme"}, "No other organization fits that."),
    ("merge", {"other": "beta", "reason": " "}, "This field is required."),
    ("merge", {"other": "beta", "when": "day"}, "Give the day, or choose “From the beginning”."),
    ("merge", {"other": "beta", "starts_on": "2025-02-01"}, "Choose “From a day on”, or leave the day empty."),
    ("merge", {"other": "beta", "when": "day", "starts_on": "soon"}, "Enter a valid date."),
    ("merge", {"other": "beta", "when": "day", "starts_on": "0207-01-01"}, "is out of reason"),
    ("split", {"name": "Gamma"}, "This field is required."),
    ("split", {"name": "Gamma", "accounts": ["7777777"]}, "7777777 is not one of the available choices."),
    ("move", {"account": "x", "other": "beta"}, "is not one of the available choices."),
    ("rename", {"name": "Acme"}, "“Acme” is its name already."),
    ("former", {"last_on": "9999-12-31"}, "is out of reason"),
    ("parent", {"other": ""}, "is already no one's subsidiary"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_the_form(desk: Desk, kind: str, answers: dict[str, Any], says: str) -> None:
    assert says in desk.ask(kind, **answers)
    assert 'name="confirm"' not in desk.page
    assert not OrganizationChange.objects.exists()


def test_where_several_organizations_fit_one_is_chosen(desk: Desk) -> None:
    desk.world.client("beta-two")
    words = desk.ask("merge", other="bet")
    assert "Several organizations fit. Choose one." in words
    assert 'value="beta-two"' in desk.page
    words = desk.ask("merge", other="bet", chosen="beta-two", chosen_for="bet")
    assert "“Acme” merged into “Beta-Two”" in words
    assert "“Acme” merged into “Beta”" in desk.ask("merge", other="beta", chosen="beta-two", chosen_for="bet")


def test_organizations_are_offered_while_one_is_typed(desk: Desk) -> None:
    Organization.objects.create(name="Beta gone", slug="beta-gone", merged_into=desk.beta)
    assert desk.client.get(f"{CHANGES}find/", {"q": "bet"}).json() == {"found": ["Beta (beta)"]}
    assert desk.client.get(f"{CHANGES}find/", {"q": " "}).json() == {"found": []}


def test_another_screen_leads_to_a_merge_with_both_named(desk: Desk) -> None:
    answer = desk.client.get(f"{CHANGES}merge/", {"gone": desk.acme.pk, "into": desk.beta.pk}, follow=True)
    assert answer.request["PATH_INFO"] == f"{CHANGES}merge/{desk.acme.pk}/"
    assert 'value="Beta (beta)"' in answer.content.decode()
    assert desk.client.get(f"{CHANGES}merge/", {"gone": "x"}).status_code == 404


def test_back_brings_the_form_as_it_was_filled_in(desk: Desk) -> None:
    desk.ask("split", accounts=[desk.in_rmm.pk, desk.in_psa.pk], name="Gamma")
    desk.press("back")
    assert desk.page.count(" checked") == 3
    assert 'value="Gamma"' in desk.page
    assert "One client" in desk.page


def test_closed_periods_and_what_people_gave_are_said_to_stay(desk: Desk) -> None:
    enter("reactive_hours", "2025-02", 4, desk.acme)
    Goal.objects.create(metric="rhem", scope=scope(desk.acme), from_on="2025-01-01", direction="at_most", target=1)
    desk.ask("rename", name="Acme Group")
    desk.press("confirm")
    desk.close(None)
    rollup.run("test")
    desk.close(OPEN_FROM - timedelta(days=1))
    words = desk.ask("merge", other="beta")
    assert "What people gave stays with Acme Group: 1 entered number and 1 goal." in words
    assert re.search(r"Closed periods keep what they were closed with: \d+ closed months are not touched.", words)
    assert "Feb 2025" not in words


def test_only_numbers_a_person_may_see_are_in_a_preview(desk: Desk) -> None:
    person = User.objects.create_user("mapper", is_staff=True)
    for codename in ("view_organization", "change_organization", "change_waitingaccount"):
        person.user_permissions.add(Permission.objects.get(codename=codename))
    desk.client.force_login(person)
    words = desk.ask("merge", other="beta")
    assert "would read otherwise" in words
    assert "$" not in words


@pytest.mark.parametrize("missing", ["change_organization", "change_waitingaccount"])
def test_changing_takes_both_permissions(desk: Desk, missing: str) -> None:
    change = changes.rename(desk.acme, "Acme Group", None, reason="New sign")
    person = User.objects.create_user("mapper", is_staff=True)
    for codename in {"view_organization", "change_organization", "change_waitingaccount"} - {missing}:
        person.user_permissions.add(Permission.objects.get(codename=codename))
    desk.client.force_login(person)
    for address in (f"{CHANGES}merge/{desk.acme.pk}/", f"{CHANGES}{change.pk}/undo/", f"{CHANGES}find/", CHANGES):
        assert desk.client.get(address).status_code == 403
    page = desk.client.get(f"/admin/organizations/organization/{desk.acme.pk}/beside/").content.decode()
    assert "Merge into another" not in page
    assert "Undo…" not in page


def test_an_address_that_leads_nowhere_says_so(desk: Desk) -> None:
    assert desk.client.get(f"{CHANGES}eat/{desk.acme.pk}/").status_code == 404
    assert desk.client.get(f"{CHANGES}merge/99999/").status_code == 404
    assert desk.client.put(f"{CHANGES}merge/{desk.acme.pk}/").status_code == 405
    Organization.objects.filter(pk=desk.acme.pk).update(merged_into=desk.beta)
    words = desk.ask("merge", other="beta")
    assert "“Acme” has been merged into “Beta”." in words


def test_what_cannot_be_undone_says_why_in_a_sentence(desk: Desk) -> None:
    change = changes.move(desk.in_psa, desk.beta, None, reason="Sold")
    linking.ignore(desk.in_psa, None)
    words = desk.undo(change)
    assert "Someone has decided on “ACME” since. Nothing was undone." in words
    change.refresh_from_db()
    assert change.undone_at is None


def test_changes_are_listed_searched_and_read_with_what_they_did(desk: Desk) -> None:
    person = User.objects.create_user("mapper")
    desk.acme.domains.create(name="acme.example")
    merged = changes.merge(desk.acme, desk.beta, person, reason="Twice the same")
    changes.rename(desk.beta, "Beta Group", None, reason="New sign")
    read = lambda **asked: html.unescape(desk.client.get(CHANGES, asked).content.decode())  # noqa: E731
    assert "“Acme” merged into “Beta Group”, 2 accounts moved" in read()
    assert "“Beta” renamed to “Beta Group”" in read(q="sign")
    assert "merged into" not in read(q="sign")
    assert "renamed" not in read(kind__exact="merge")
    assert "renamed" not in read(decided_by__id__exact=str(person.pk))
    page = html.unescape(desk.client.get(f"{CHANGES}{merged.pk}/change/").content.decode())
    assert "“Beta Group” has the domain acme.example from now on" in page
    assert "Undo…" in page
    assert desk.client.post(f"{CHANGES}{merged.pk}/delete/").status_code == 403


def test_a_name_that_turns_the_text_around_or_never_ends_stays_in_its_place(desk: Desk) -> None:
    Organization.objects.filter(pk=desk.beta.pk).update(name="\u202eateB" + "x" * 5000)
    words = desk.ask("merge", other="beta")
    assert "\u2068\u202eateB" in words
    assert "x" * 300 not in words
    assert "x" * 300 not in desk.press("confirm")


def test_while_a_roll_up_works_it_asks_to_wait_and_offers_nothing_to_confirm(desk: Desk) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("metrics.rollup.preview.PATIENCE", "1ms")
        patch.setattr("metrics.rollup.preview.LONGEST", "1ms")
        words = desk.ask("merge", other="beta")
    assert "Nothing was changed. Try again in a minute." in words
    assert 'name="confirm"' not in desk.page
    assert "merged into “Beta”" in desk.press("preview")


@pytest.mark.parametrize(("state", "value", "unit", "words"), [
    (State.MEASURED, "1234.5", Unit.MONEY, "$1,234.50"),
    (State.SO_FAR, "2.5", Unit.COUNT, "2.50, so far"),
    (State.MEASURED, "3", Unit.COUNT, "3"),
    (State.MEASURED, "-12.25", Unit.HOURS, "−12.3 h"),
    (State.INSUFFICIENT_COVERAGE, "50", Unit.PERCENT, "50.0%, insufficient coverage"),
    (State.NOT_LINKED, None, Unit.RATE, "not linked"),
])  # fmt: skip
def test_a_value_is_written_with_its_state(state: State, value: str | None, unit: Unit, words: str) -> None:
    assert in_words(Stored(state, None if value is None else Decimal(value)), unit) == words
