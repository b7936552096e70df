"""One organization side by side: its accounts of a day, what each holds, and what the systems say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.facts.shapes import FOREVER
from collectors.systems import system
from organizations.as_of import owners_sql
from organizations.compared import Row, compared
from organizations.models import AccountLink, Organization

TICKET_DAYS = 90
NAMED = 5  # sites that are named; the others are counted
LAYERS = [*Layer, None]

# (id, name, parent_id, kind) of every account that is the organization's on a day.
OWNED = """
SELECT a.id, a.name, a.parent_id, a.kind FROM ({owners}) o JOIN account a ON a.id = o.account_id
WHERE o.verdict = 'linked' AND o.starts_on <= %(today)s AND %(today)s < o.ends_on
ORDER BY a.name, a.id
"""
# What stands or happened under each column: `of` pairs every account with the column it is shown in.
HELD = """
WITH of(account_id, shown_id) AS (SELECT * FROM unnest(%(accounts)s::bigint[], %(shown)s::bigint[]))
SELECT of.shown_id, 'devices', count(*)::numeric FROM of
JOIN asset_state s ON s.account_id = of.account_id AND s.until_on = %(forever)s
JOIN asset x ON x.id = s.thing_id AND x.retired_on IS NULL GROUP BY 1
UNION ALL
SELECT of.shown_id, 'tickets', count(*) FROM of
JOIN ticket t ON t.account_id = of.account_id AND t.opened_on > %(since)s AND t.opened_on <= %(today)s GROUP BY 1
UNION ALL
SELECT of.shown_id, 'monthly', sum(g.monthly_amount) FROM of
JOIN agreement_line g ON g.account_id = of.account_id AND g.from_on <= %(today)s AND %(today)s < g.until_on GROUP BY 1
"""
# Which of these things a system holds for anybody: only there does none of them mean zero.
KEPT = """
SELECT c.id, EXISTS (SELECT FROM asset x WHERE x.connection_id = c.id),
       EXISTS (SELECT FROM ticket t WHERE t.connection_id = c.id),
       EXISTS (SELECT FROM agreement g WHERE g.connection_id = c.id)
FROM connection c WHERE c.id = ANY (%(connections)s)
"""


class Held(NamedTuple):
    """What a system holds under an account; None where it holds no such thing for anybody."""

    devices: int | None
    tickets: int | None  # opened in the last 90 days
    monthly: Decimal | None  # agreement money a month


@dataclass(frozen=True)
class Column:
    """One account with its sites. `link` is the decision in force, None where a site goes with its parent."""

    account: Account
    system: str
    console: str  # its page in the vendor's own console; empty where there is none
    link: AccountLink | None
    sites: tuple[str, ...]  # the first few, by name
    sites_total: int
    held: Held


@dataclass(frozen=True)
class Beside:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]  # without those of which no system says anything

    @property
    def differing(self) -> list[str]:
        return [row.label for row in self.rows if row.differs]


def beside(organization: Organization, today: date) -> Beside:
    """The organization's accounts of today in columns, in a number of queries that does not grow with them."""
    columns = _columns(organization, today)
    rows = compared([column.account for column in columns])
    return Beside(columns, tuple(row for row in rows if any(cell.said for cell in row.cells)))


def owned_by(organization: Organization, today: date, most: int = 300) -> list[Account]:
    """The accounts that are the organization's on a day, sites after them; at most as many."""
    accounts = Account.objects.select_related("connection").filter(pk__in=_owned(organization, today))
    return sorted(_in_order(accounts), key=lambda account: account.kind == Account.Kind.SITE)[:most]


def _columns(organization: Organization, today: date) -> tuple[Column, ...]:
    owned = _owned(organization, today)
    shown_in = _shown_in(owned)
    accounts = _in_order(Account.objects.select_related("connection").filter(pk__in=set(shown_in.values())))
    links = _links([account.pk for account in accounts], today)
    held = _held(shown_in, {account.pk: account.connection_id for account in accounts}, today)
    sites: Mapping[int, list[str]] = defaultdict(list)
    for key, shown in shown_in.items():
        if key != shown:
            sites[shown].append(owned[key].name)
    return tuple(
        Column(
            account=account, system=system(account.connection.vendor).label, console=console(account),
            link=links.get(account.pk), sites=tuple(sites[account.pk][:NAMED]), sites_total=len(sites[account.pk]),
            held=held[account.pk],
        )
        for account in accounts
    )


class _Owned(NamedTuple):
    name: str
    parent: int | None
    kind: str


def _owned(organization: Organization, today: date) -> dict[int, _Owned]:
    with connection.cursor() as cursor:
        cursor.execute(OWNED.format(owners=owners_sql(organization=organization.pk)), {"today": today})
        return {key: _Owned(*rest) for key, *rest in cursor.fetchall()}


def _shown_in(owned: Mapping[int, _Owned]) -> dict[int, int]:
    """The column of each account: its own, or for a site that of whom it belongs with. Circles of sites end."""
    found = {}
    for key in owned:
        shown, met = key, {key}
        while (parent := _parent(owned, shown)) is not None and parent not in met:
            shown = parent
            met.add(shown)
        found[key] = shown
    return found


def _parent(owned: Mapping[int, _Owned], key: int) -> int | None:
    site = owned[key]
    return site.parent if site.kind == Account.Kind.SITE and site.parent in owned else None


def _in_order(accounts: Iterable[Account]) -> list[Account]:
    """The PSA first, then layer by layer; what a vendor no longer lists comes last."""
    def place(account: Account) -> tuple[bool, int, str, str, int]:
        known = system(account.connection.vendor)
        return account.retired_on is not None, LAYERS.index(known.layer), known.label, account.name, account.pk

    return sorted(accounts, key=place)


def _links(accounts: Sequence[int], today: date) -> dict[int, AccountLink]:
    """The decision in force on a day for each account."""
    standing = AccountLink.objects.current().filter(account__in=accounts, starts_on__lte=today)
    last = standing.order_by("account", "-starts_on").distinct("account")
    return {link.account_id: link for link in last.select_related("organization", "decided_by", "change")}


def _held(shown_in: Mapping[int, int], connections: Mapping[int, int], today: date) -> dict[int, Held]:
    """By column; `connections` names the connection of each."""
    amounts: dict[tuple[int, str], Any] = {}
    with connection.cursor() as cursor:
        cursor.execute(KEPT, {"connections": sorted(set(connections.values()))})
        kept = {key: flags for key, *flags in cursor.fetchall()}
        cursor.execute(HELD, {
            "accounts": list(shown_in), "shown": list(shown_in.values()), "forever": FOREVER, "today": today,
            "since": today - timedelta(days=TICKET_DAYS),
        })
        for shown, what, amount in cursor.fetchall():
            amounts[shown, what] = amount if what == "monthly" else int(amount)
    return {
        shown: Held(*(
            amounts.get((shown, what), 0) if keeps else None
            for what, keeps in zip(Held._fields, kept[of], strict=True)
        ))
        for shown, of in connections.items()
    }


def console(account: Account) -> str:
    """The account's page in the vendor's console, as collecting built it from the vendor file; only of the web."""
    return account.link if account.link.startswith(("https://", "http://")) else ""
