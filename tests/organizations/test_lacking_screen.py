"""Paid for and missing, in the admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset
from organizations.models import Organization, PaidLayer
from tests.organizations.conftest import MakeAccount, MakeOrganization
from tests.organizations.test_lacking import client_of, company, hold, pay

__all__ = ["company"]  # the fixture
PAGE = "/admin/organizations/paidlayer/"
pytestmark = pytest.mark.usefixtures("shipped_words")


def text(client: Client, **asked: str) -> str:
    return re.sub(r"\s+", " ", client.get(PAGE, asked).content.decode())


def test_both_findings_are_told_in_sentences_with_links(
    admin_client: Client, company: Account, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    pay(company, "Managed workstation", 1440)
    client_of(make_account("FERN", "ninjaone"), Organization.objects.get())
    oak = make_organization("Oakhaven")
    hold(client_of(make_account("OAK", "ninjaone"), oak), 61)
    page = text(admin_client)
    assert "“Managed workstation” · 12" in page
    assert "$1,440" in page
    assert "no device in the RMM<small>“FERN” in ninjaone is empty</small>" in page
    assert f'href="/admin/organizations/organization/{oak.pk}/change/"' in page
    assert 'data-label="Devices">61<' in page
    assert "<b>nothing</b>" in page
    assert "Nothing is said of Endpoint protection: no system of that kind is connected." in page


def test_each_list_says_when_it_is_empty_and_why(admin_client: Client, company: Account) -> None:
    page = text(admin_client)
    assert "Every client has an account in each system that its agreements pay for." in page
    assert "Every client with devices in the RMM has an agreement that names them." in page
    Connection.objects.exclude(vendor="connectwise_psa").delete()
    PaidLayer.objects.all().delete()
    page = text(admin_client)
    assert "No system is connected that shows what clients pay for." in page
    assert "No RMM is connected, so no devices are known." in page
    assert "There are none, so nothing is found." in page


def test_words_are_added_changed_and_taken_out_by_people_and_must_be_readable(
    admin_client: Client, company: Account
) -> None:
    pay(company, "Gold plan")
    answer = admin_client.post(f"{PAGE}add/", {"pattern": "gold (", "layer": "rmm"})
    assert "The database cannot read this pattern" in answer.content.decode()
    answer = admin_client.post(f"{PAGE}add/", {"pattern": "gold", "layer": "psa"})
    assert answer.status_code == 200
    assert admin_client.post(f"{PAGE}add/", {"pattern": "gold", "layer": "rmm"}).headers["Location"] == PAGE
    assert "“Gold plan” · 12" in text(admin_client)
    words = PaidLayer.objects.get(pattern="gold")
    admin_client.post(f"{PAGE}{words.pk}/change/", {"pattern": "gold", "layer": "backup"})
    assert "no account in the backup system" in text(admin_client)
    admin_client.post(f"{PAGE}{words.pk}/delete/", {"post": "yes"})
    assert "Gold plan" not in text(admin_client)


def test_it_is_for_those_who_map(client: Client, company: Account) -> None:
    client.force_login(User.objects.create_user("vcio", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}add/", {"pattern": "gold", "layer": "rmm"}).status_code == 403
    assert not PaidLayer.objects.filter(pattern="gold").exists()


def test_queries_do_not_grow_with_the_clients_and_lists_have_pages(
    admin_client: Client, company: Account, make_account: MakeAccount, make_organization: MakeOrganization,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for n in range(26):
        hold(client_of(make_account(f"Lab {n}", "ninjaone"), make_organization(f"Lab {n}")))
    with django_assert_max_num_queries(13):
        page = text(admin_client)
    assert page.count("<b>nothing</b>") == 25
    assert "Page 1 of 2" in page
    assert text(admin_client, u="2", p="x").count("<b>nothing</b>") == 1


@pytest.mark.parametrize("name", ["", "x" * 5000, "‮eerf", "🦷", "<script>alert(1)</script>"])
def test_odd_names_are_shown(admin_client: Client, company: Account, make_account: MakeAccount, name: str) -> None:
    pay(company, f"Workstation {name}")
    hold(client_of(make_account(name, "ninjaone"), Organization.objects.get()))
    assert "Every client has an account" in text(admin_client)
    Organization.objects.update(name=name)
    Asset.objects.update(layer="edr")
    page = text(admin_client)
    assert "no device in the RMM" in page
    assert "<script>alert" not in page
