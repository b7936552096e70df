"""Two organizations are merged in a real browser: said, previewed, confirmed, read in the history and undone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from organizations import linking
from organizations.models import AccountLink, Organization, OrganizationChange
from tests.browser.conftest import Open, sideways, violations
from tests.metrics.rollup.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def acme(admin: User) -> Organization:
    world = World()
    acme, corporation = world.client("acme"), world.client("acme-corporation")
    for organization, source in ((acme, world.rmm), (corporation, world.psa)):
        linking.link(world.account(None, source), organization, admin, "They said so")
    return acme


@pytest.mark.parametrize("scripts", [True, False])
def test_a_merge_is_previewed_confirmed_and_undone(
    acme: Organization, admin: User, open_page: Open, scripts: bool
) -> None:
    page = open_page(admin, reverse("admin:organizations_organization_beside", args=[acme.pk]), scripts=scripts)
    page.get_by_role("link", name="Merge into another").click()
    other = page.get_by_label("Into which organization")
    if scripts:
        page.wait_for_load_state()  # what is typed before the script listens asks for nothing
        other.press_sequentially("Acme-")
        expect(page.locator("#found option")).to_have_attribute("value", "Acme-Corporation (acme-corporation)")
    other.fill("Acme-Corporation (acme-corporation)")
    page.get_by_label("Reason").fill("One client in two systems")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("“Acme” merged into “Acme-Corporation”, 1 account moved")).to_be_visible()
    assert not OrganizationChange.objects.exists()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("1 account moved. Figures follow within a minute.")).to_be_visible()
    entry = page.get_by_role("listitem").filter(has_text="One client in two systems")
    expect(entry).to_contain_text("from the beginning")
    entry.get_by_role("link", name="Undo").click()
    expect(page.get_by_text("Takes back: “Acme” merged into “Acme-Corporation”")).to_be_visible()
    page.get_by_role("button", name="Confirm").click()
    expect(entry).to_contain_text("Undone by")
    assert AccountLink.objects.current().filter(organization=acme).count() == 1


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_the_pages_can_be_read_by_everyone(
    acme: Organization, admin: User, open_page: Open, width: int, dark: bool
) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="شركة" + "W" * 500)
    acme.links.update(reason="W" * 500)
    make = reverse("admin:organizations_organizationchange_make", args=["split", acme.pk])
    history = reverse("admin:organizations_organization_history", args=[acme.pk])
    for address in (reverse("admin:organizations_organization_beside", args=[acme.pk]), history, make):
        page = open_page(admin, address, width=width, dark=dark)
        assert sideways(page) == 0
        assert violations(page) == []
