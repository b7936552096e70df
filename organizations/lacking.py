"""What clients pay for and have no account for, and the devices of clients whose agreements name none.

Words in products' names (`PaidLayer`) say which kind of system shows that a thing is delivered. A kind of system is
judged only where one is connected: where nobody reads the backups, nobody lacks one. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from collectors.connections import Connection
from collectors.declare import Layer
from collectors.facts.shapes import FOREVER
from collectors.systems import system
from organizations.as_of import owners_sql
from organizations.models import PaidLayer

# What each kind of system is called, and what a client that is served there has in it.
KINDS: Mapping[Layer, tuple[str, str]] = {
    Layer.RMM: ("RMM", "no device in the RMM"),
    Layer.BACKUP: ("Backup", "no account in the backup system"),
    Layer.EDR: ("Endpoint protection", "no account in the endpoint protection"),
    Layer.TENANT: ("Cloud tenant", "no tenant"),
}

# Lines that bill on the day, by client and product; a base fee goes by its agreement's name. Words for devices are
# general, so a product that names another kind of system too ("server backup") is that system's alone. What a parent
# pays for or has, its subsidiaries have, and the other way round.
STATEMENT = """
WITH owner AS MATERIALIZED (
    SELECT account_id, organization_id FROM ({owners}) o
    WHERE verdict = 'linked' AND starts_on <= %(today)s AND %(today)s < ends_on
),
client AS (
    SELECT id, name FROM organization
    WHERE kind = 'client' AND merged_into_id IS NULL
      AND (client_from IS NULL OR client_from <= %(today)s) AND (client_to IS NULL OR %(today)s < client_to)
),
kin(id, of_id) AS MATERIALIZED (
    SELECT id, id FROM organization
    UNION SELECT id, parent_id FROM organization WHERE parent_id IS NOT NULL
    UNION SELECT parent_id, id FROM organization WHERE parent_id IS NOT NULL
),
line AS MATERIALIZED (
    SELECT o.organization_id, coalesce(nullif(f.product, ''), t.name) AS product,
           sum(f.seats) AS quantity, sum(f.monthly_amount) AS monthly
    FROM agreement_line f JOIN agreement t ON t.id = f.agreement_id JOIN owner o ON o.account_id = f.account_id
    WHERE f.from_on <= %(today)s AND %(today)s < f.until_on AND f.monthly_amount > 0
    GROUP BY 1, 2
),
named AS MATERIALIZED (
    SELECT p.product, l.layer FROM (SELECT DISTINCT product FROM line) p JOIN paid_layer l ON p.product ~* l.pattern
),
meant AS (
    SELECT DISTINCT n.product, n.layer FROM named n
    WHERE n.layer <> 'rmm' OR NOT EXISTS (SELECT FROM named o WHERE o.product = n.product AND o.layer <> 'rmm')
),
paid AS MATERIALIZED (
    SELECT l.organization_id, m.layer, l.product, l.quantity, l.monthly FROM line l JOIN meant m USING (product)
),
device AS (
    SELECT s.account_id, count(*) AS devices FROM asset_state s JOIN asset x ON x.id = s.thing_id
    WHERE s.until_on = %(forever)s AND x.retired_on IS NULL AND x.layer = 'rmm' GROUP BY 1
),
kept AS MATERIALIZED (
    SELECT o.organization_id, v.layer, sum(coalesce(d.devices, 0)) AS devices,
           (array_agg(a.id ORDER BY coalesce(d.devices, 0) DESC, a.id))[:3] AS accounts
    FROM owner o JOIN account a ON a.id = o.account_id JOIN connection c ON c.id = a.connection_id
    JOIN unnest(%(vendors)s::text[], %(layers)s::text[]) v(vendor, layer) ON v.vendor = c.vendor
    LEFT JOIN device d ON d.account_id = a.id
    WHERE c.enabled AND a.retired_on IS NULL GROUP BY 1, 2
)
{answer}
"""
LACKING = """
SELECT c.id, c.name, p.layer, array_agg(p.product ORDER BY p.monthly DESC, p.product),
       array_agg(p.quantity ORDER BY p.monthly DESC, p.product), sum(p.monthly), coalesce(own.accounts, '{}')
FROM paid p JOIN client c ON c.id = p.organization_id
LEFT JOIN kept own ON own.organization_id = c.id AND own.layer = p.layer
WHERE p.layer = ANY (%(layers)s) AND (c.id, p.layer) NOT IN (
    SELECT r.id, k.layer FROM kept k JOIN kin r ON r.of_id = k.organization_id WHERE k.layer <> 'rmm' OR k.devices > 0)
GROUP BY c.id, c.name, p.layer, own.accounts ORDER BY 6 DESC, 2, 3
"""
UNPAID = """
SELECT c.id, c.name, k.devices, k.accounts, coalesce(l.products, '{}')
FROM kept k JOIN client c ON c.id = k.organization_id
LEFT JOIN (
    SELECT organization_id, (array_agg(product ORDER BY monthly DESC, product))[:4] AS products FROM line GROUP BY 1
) l ON l.organization_id = c.id
WHERE k.layer = 'rmm' AND k.devices > 0
  AND c.id NOT IN (SELECT r.id FROM paid p JOIN kin r ON r.of_id = p.organization_id WHERE p.layer = 'rmm')
ORDER BY l.products IS NOT NULL, 3 DESC, 2
"""


@dataclass(frozen=True)
class Lacking:
    """A client that pays for a kind of system and has nothing in it. `accounts` are those without a device."""

    organization: int
    name: str
    layer: Layer
    lines: Sequence[tuple[str, Decimal]]  # product and quantity, the dearest first; 0: billed without a quantity
    monthly: Decimal
    accounts: Sequence[int]

    @property
    def words(self) -> str:
        """What is missing."""
        return KINDS[self.layer][1]


@dataclass(frozen=True)
class Unpaid:
    """A client with devices in the RMM and no agreement line that names them; `pays` is what it does pay for."""

    organization: int
    name: str
    devices: int
    accounts: Sequence[int]  # those with most of the devices
    pays: Sequence[str]


def connected() -> dict[str, Layer]:
    """The vendors of enabled connections that show what is delivered, with the kind of system each is."""
    vendors = Connection.objects.filter(enabled=True).values_list("vendor", flat=True).distinct()
    return {vendor: layer for vendor in vendors if (layer := system(vendor).layer) in KINDS and layer}


def not_connected(vendors: Mapping[str, Layer]) -> list[str]:
    """The kinds of system that words are kept for and that nobody reads, so that nothing is said of them."""
    asked = set(PaidLayer.objects.values_list("layer", flat=True)) - set(vendors.values())
    return [label for layer, (label, _) in KINDS.items() if layer in asked]


def lacking(vendors: Mapping[str, Layer], today: date) -> list[Lacking]:
    """Who pays for what it does not have, the dearest first, in one statement."""
    return [
        Lacking(organization, name, Layer(layer), list(zip(products, quantities, strict=True)), monthly, accounts)
        for organization, name, layer, products, quantities, monthly, accounts in _rows(LACKING, vendors, today)
    ]


def unpaid(vendors: Mapping[str, Layer], today: date) -> list[Unpaid]:
    """Whose devices no agreement names: first those that pay for nothing, most devices first, in one statement."""
    return [
        Unpaid(organization, name, int(devices), accounts, pays)
        for organization, name, devices, accounts, pays in _rows(UNPAID, vendors, today)
    ]


def _rows(answer: str, vendors: Mapping[str, Layer], today: date) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT.format(owners=owners_sql(), answer=answer),
            {
                "today": today, "forever": FOREVER,
                "vendors": list(vendors), "layers": [layer.value for layer in vendors.values()],
            },
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
