"""Pax8: the companies of the marketplace, what each subscribes to and what it costs (Partner API v1)."""

from collections.abc import Mapping
from typing import Any

from collectors.auth import ClientCredentials
from collectors.convert import choice, constant, day, decimal, evidence, first, only, text, whole
from collectors.declare import About, Convert, Endpoint, Layer, Setting, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.licenses import License
from collectors.pagination import Pages

COUNTED = Total(at="page.totalElements")
MONTHS = {"Monthly": 1, "Annual": 12, "2-Year": 24, "3-Year": 36}
STANDING = ("Active", "Activated", "Trial", "PendingCancel", "Converted")  # what is paid for, or tried, today

ADDRESS = ("address.street", "address.city", "address.postalCode")
SUSPENDED = Convert(("status",), lambda status: status == "PendingCancel")
TRIAL = Convert(("status", "billingTerm"), lambda status, term: "Trial" in (status, term))


def unknown_key(answer: Mapping[str, Any]) -> str:
    """What the token address says of a key it does not know."""
    return "Pax8 does not know this client id and secret." if answer.get("error") == "access_denied" else ""


VENDOR = Vendor(
    slug="pax8",
    label="Pax8",
    layer=Layer.MARKETPLACE,
    base_url="{address}/v1",
    auth=ClientCredentials(
        token="{address}/v1/token",  # noqa: S106
        sent="json", more={"audience": "{audience}"}, means=unknown_key,
    ),
    paginate=Pages(size_param="size", size=200, first=0, pages_at="page.totalPages"),
    test="/companies?size=1",
    headers={"Accept": "application/json"},
    pace=5.0,
    console="https://app.pax8.com",
    advice="In Pax8 make an application under Integrations Hub, API, and enter its client id and secret here.",
    settings=(
        Setting(name="address", label="API address", default="https://api.pax8.com"),
        Setting(
            name="audience", label="Audience", default="https://api.pax8.com",
            help="For whom a token is asked. Older applications use api://p8p.client.",
        ),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="companies",
            path="/companies",
            records_at="content",
            total=COUNTED,
            into=Account,
            complete=True,
            keep=Convert(("status",), lambda status: status != "Deleted"),  # the deleted may or may not be listed
            fields={
                "external_id": "id",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "active": choice("status", {"Inactive": False}, default=True),
                "evidence": evidence(
                    domains=("website",), phones=("phone",), addresses=(ADDRESS,),
                    fields={"connectwise_psa": "externalId"},
                ),
            },
            link="/companies/{id}",
        ),
        Endpoint(
            name="subscriptions",
            path="/subscriptions",
            records_at="content",
            total=COUNTED,
            into=License,
            complete=True,
            keep=only("status", *STANDING),
            fields={
                "external_id": "id",
                "account": "companyId",
                "product": first("productName", "productId"),
                "sku": first("vendorSkuId", "productId"),
                "seats": whole("quantity"),
                "unit_cost": decimal("partnerCost"),
                "unit_price": decimal("price"),
                "cycle_months": choice("billingTerm", MONTHS, default=None),
                "currency": text("currencyCode"),
                "trial": TRIAL,
                "suspended": SUSPENDED,
                "renews_on": first(day("commitmentTerm.endDate"), day("endDate")),
            },
        ),
    ),
    about=About(
        gives="licences bought, for whom, at what cost and price",
        key=(
            "Sign in to Pax8 as a partner administrator.",
            "Open Integrations Hub, then API, and add an application; name it after this product.",
            "Copy the client id and the client secret, which is shown once, into this form.",
            "Press Test connection.",
        ),
        writes="A Pax8 key cannot be limited to reading: keep it as you keep a password. This product only ever reads.",
        never=("orders, carts and quotes", "contacts and their addresses", "provisioning details", "payment details"),
        limits="5 requests a second; Pax8's own limit is told by third parties as 1,000 a minute.",
        not_read={
            "InvoiceLine": "Its invoices are what the MSP buys, not what clients are charged; the ledger holds both.",
        },
        unsure=(
            Unsure("The limit of requests is in no document of the vendor.", "We stay far below the one quoted."),
            Unsure(
                "Whether the list of subscriptions holds those that ended.",
                "Only running ones are kept, so both readings give the same.",
            ),
            Unsure("Which host gives tokens: there were three.", "The API's own; address and audience are settings."),
        ),
    ),
)
