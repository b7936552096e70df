"""What clients pay for and do not have, and have and do not pay for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from collectors.connections import Connection
from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, AdditionState, Agreement, AgreementState
from collectors.facts.estate import Asset, AssetState
from organizations import lacking, linking
from organizations.lacking import Lacking, Unpaid
from organizations.models import Organization, PaidLayer
from tests.organizations.conftest import MakeAccount, MakeOrganization, connection_of

pytestmark = pytest.mark.usefixtures("shipped_words")

TODAY = date(2026, 3, 1)


@pytest.fixture
def company(make_account: MakeAccount, make_organization: MakeOrganization) -> Account:
    """A client's company in the PSA, with an RMM, a backup system and a tenant connected."""
    for vendor in ("ninjaone", "datto_bcdr", "microsoft_365"):
        connection_of(vendor)
    return client_of(make_account("Fernbrook"), make_organization("Fernbrook Dental"))


def client_of(account: Account, organization: Organization) -> Account:
    linking.link(account, organization, None)
    return account


def pay(company: Account, product: str, monthly: int = 100, quantity: int = 12, **fields: Any) -> None:
    """An agreement with one addition, or with a base fee alone where the product is its own name."""
    base = {"account": company, "cycle_months": 1, "from_on": date(2026, 1, 1), "starts_on": date(2025, 1, 1)}
    agreement = Agreement.objects.create(connection=company.connection, external_id=product, name=product)
    if not quantity:
        AgreementState.objects.create(thing=agreement, **(base | {"amount": monthly} | fields))
        return
    AgreementState.objects.create(thing=agreement, **(base | fields))
    addition = Addition.objects.create(connection=company.connection, external_id=product, agreement=agreement)
    AdditionState.objects.create(
        thing=addition, product=product, quantity=quantity, amount=monthly, from_on=date(2026, 1, 1)
    )


def hold(account: Account, many: int = 1, **fields: Any) -> None:
    for n in range(many):
        fields = {"layer": "rmm"} | fields
        asset = Asset.objects.create(connection=account.connection, external_id=f"{account.pk} {n}", **fields)
        AssetState.objects.create(thing=asset, account=account, from_on=date(2026, 1, 1))


def found() -> list[Lacking]:
    return lacking.lacking(lacking.connected(), TODAY)


def owed() -> list[Unpaid]:
    return lacking.unpaid(lacking.connected(), TODAY)


def test_a_client_that_pays_for_devices_and_has_none_is_told_with_what_it_pays_for(company: Account) -> None:
    pay(company, "Managed workstation", 1440)
    pay(company, "Managed server", 300, quantity=2)
    [one] = found()
    assert (one.name, one.layer, one.words) == ("Fernbrook Dental", Layer.RMM, "no device in the RMM")
    assert one.lines == [("Managed workstation", Decimal(12)), ("Managed server", Decimal(2))]
    assert (one.monthly, one.accounts) == (Decimal(1740), [])


def test_an_account_without_a_device_is_no_device_and_one_with_a_device_is(
    company: Account, make_account: MakeAccount
) -> None:
    pay(company, "Managed workstation")
    organization = Organization.objects.get()
    rmm = client_of(make_account("FERN", "ninjaone"), organization)
    hold(client_of(make_account("Old", "ninjaone"), organization), retired_on=date(2026, 2, 1))
    assert rmm.pk in found()[0].accounts
    hold(make_account("A site", "ninjaone", kind="site", parent=rmm))
    assert found() == []


@pytest.mark.parametrize(("product", "vendor"), [
    ("Server backup", "datto_bcdr"), ("BCDR appliance", "datto_bcdr"), ("Microsoft 365 Business", "microsoft_365"),
    ("365 mailbox", "microsoft_365"),
])  # fmt: skip
def test_elsewhere_an_account_is_enough_and_a_product_that_names_two_systems_is_not_the_rmms(
    company: Account, make_account: MakeAccount, product: str, vendor: str
) -> None:
    pay(company, product)
    [one] = found()
    assert one.layer is not Layer.RMM
    client_of(make_account("There", vendor), Organization.objects.get())
    assert found() == []


@pytest.mark.parametrize("product", ["Onboarding", "Observer", "Central support", "Credit card fee", "Freddy"])
def test_other_products_ask_for_nothing(company: Account, product: str) -> None:
    pay(company, product)
    assert found() == []


def test_a_base_fee_goes_by_its_agreements_name(company: Account) -> None:
    pay(company, "Endpoint care", quantity=0)
    assert [line for one in found() for line in one.lines] == [("Endpoint care", Decimal(0))]


@pytest.mark.parametrize("fields", [
    {"ends_on": date(2026, 2, 28)}, {"starts_on": date(2026, 3, 2)}, {"cancelled": True, "cancelled_on": TODAY},
])  # fmt: skip
def test_what_does_not_bill_today_is_not_paid_for(company: Account, fields: dict[str, Any]) -> None:
    pay(company, "Managed workstation", **fields)
    pay(company, "Server, no charge", 0)
    assert found() == []


def test_a_kind_of_system_that_is_not_connected_is_not_judged_and_said_so(company: Account) -> None:
    pay(company, "EDR")
    pay(company, "Backup")
    assert [one.layer for one in found()] == [Layer.BACKUP]
    assert lacking.not_connected(lacking.connected()) == ["Endpoint protection"]
    Connection.objects.filter(vendor="datto_bcdr").update(enabled=False)
    assert found() == []
    assert lacking.not_connected(lacking.connected()) == ["Backup", "Endpoint protection"]
    PaidLayer.objects.filter(layer="edr").delete()
    assert lacking.not_connected(lacking.connected()) == ["Backup"]


@pytest.mark.parametrize("fields", [
    {"kind": "internal"}, {"kind": "partner"}, {"client_to": TODAY}, {"client_from": date(2026, 3, 2)},
])  # fmt: skip
def test_only_those_who_are_clients_today_are_told(
    company: Account, make_account: MakeAccount, fields: dict[str, Any]
) -> None:
    pay(company, "Managed workstation")
    hold(client_of(make_account("RMM", "ninjaone"), Organization.objects.get()), retired_on=None)
    Organization.objects.update(**fields)
    assert owed() == []
    Asset.objects.update(retired_on=TODAY)
    assert found() == []


def test_what_a_parent_or_a_subsidiary_has_or_pays_is_enough(
    company: Account, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    fern = Organization.objects.get()
    other = make_organization("Other")
    pay(company, "Managed workstation")
    hold(client_of(make_account("Other", "ninjaone"), other))
    assert ([one.name for one in found()], [one.name for one in owed()]) == (["Fernbrook Dental"], ["Other"])
    other.parent = fern
    other.save()
    assert (found(), owed()) == ([], [])
    fern.parent, other.parent = other, None
    fern.save()
    other.save()
    assert (found(), owed()) == ([], [])


def test_devices_that_no_agreement_names_are_told_with_what_is_paid_for(
    company: Account, make_account: MakeAccount, make_organization: MakeOrganization
) -> None:
    fern, oak = Organization.objects.get(), make_organization("Oakhaven")
    hold(client_of(make_account("Fern", "ninjaone"), fern), 3)
    rmm = client_of(make_account("Oak", "ninjaone"), oak)
    hold(rmm)
    pay(company, "Server backup", 90)
    pay(company, "Advice", 200)
    nothing, other = owed()
    assert nothing == Unpaid(oak.pk, "Oakhaven", 1, [rmm.pk], [])
    assert (other.name, other.devices, other.pays) == ("Fernbrook Dental", 3, ["Advice", "Server backup"])
    pay(company, "MS-SEAT")
    assert [one.name for one in owed()] == ["Oakhaven"]
    Connection.objects.filter(vendor="ninjaone").update(enabled=False)
    assert owed() == []


def test_a_client_is_asked_about_by_its_links_of_today(company: Account, make_organization: MakeOrganization) -> None:
    pay(company, "Managed workstation")
    linking.link(company, make_organization("Later"), None, starts_on=date(2026, 3, 2))
    assert [one.name for one in found()] == ["Fernbrook Dental"]
    linking.link(company, make_organization("Now"), None, starts_on=TODAY)
    assert [one.name for one in found()] == ["Now"]


def test_the_shipped_words_can_be_read_by_the_database_and_name_systems_we_judge(db: None) -> None:
    assert {Layer(layer) for layer in PaidLayer.objects.values_list("layer", flat=True)} == set(lacking.KINDS)
    assert Account.objects.count() == 0
    assert (found(), owed()) == ([], [])
