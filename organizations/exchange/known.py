"""What the rows of a mapping file speak of, as it stands: loaded in a few statements however many rows there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.systems import system
from organizations import linking
from organizations.exchange.reading import Row
from organizations.models import AccountLink, Organization
from organizations.names import normalised


class Wrong(Exception):
    """What is wrong with a row, in a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Known:
    """An account that a row names."""

    pk: int
    name: str
    is_site: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A link as it stands; `organization` is a slug, or empty."""

    link: int
    verdict: str
    organization: str
    reason: str


@dataclass(frozen=True, slots=True)
class Whose:
    """An organization by its slug; `into` is the slug of the one it was merged into."""

    name: str
    into: str


Accounts = Mapping[tuple[int, str], Known]


@dataclass(frozen=True)
class Connections:
    """Finds the connection a row names, by the vendor's slug or name and, where there are several, its own label."""

    all: Sequence[tuple[int, str, str]]  # id, vendor, label
    found: dict[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Connections:
        return cls(list(Connection.objects.order_by("label").values_list("pk", "vendor", "label")))

    def find(self, row: Row) -> int:
        """The connection's id. Raises Wrong."""
        asked = row.system, row.connection
        if asked not in self.found:
            self.found[asked] = self._find(row.system.strip(), row.connection.strip())
        return self.found[asked]

    def _find(self, named: str, label: str) -> int:
        if not named:
            raise Wrong("It names no system. Write the system’s name, as the download does.")
        of_system = [
            one for one in self.all if named.casefold() in (one[1].casefold(), system(one[1]).label.casefold())
        ]
        if not of_system:
            there = ", ".join(dict.fromkeys(vendor for _, vendor, _ in self.all)) or "none yet"
            raise Wrong(f"“{named}” is no system that is connected. Connected are: {there}.")
        fitting = [pk for pk, _, own in of_system if label in ("", own.strip())]
        if not fitting:
            raise Wrong(f"{named} has no connection “{label}”. It has: {', '.join(own for *_, own in of_system)}.")
        if len(fitting) > 1:
            raise Wrong(f"{named} has {len(fitting)} connections. Name one of them under “connection”.")
        return fitting[0]


def load_accounts(wanted: Mapping[Row, int], *, hold: bool) -> Accounts:
    """By (connection, external id), in one statement; held until the transaction ends where asked."""
    ids = {form for row in wanted for form in (row.account_id, row.account_id.strip())}
    found = Account.objects.filter(connection__in=set(wanted.values()), external_id__in=ids)
    known = {
        (connection, external_id): Known(pk, name, kind == Account.Kind.SITE)
        for pk, connection, external_id, name, kind in found.values_list(
            "pk", "connection", "external_id", "name", "kind"
        )
    }
    if hold:
        linking.hold([account.pk for account in known.values()])
    return known


def load_links(accounts: Accounts) -> dict[int, dict[date, Standing]]:
    """The links of these accounts that stand, by account and first day, in order of days."""
    links: dict[int, dict[date, Standing]] = defaultdict(dict)
    current = AccountLink.objects.current().filter(account__in=[known.pk for known in accounts.values()])
    for account, day, link, verdict, organization, reason in current.order_by("account", "starts_on").values_list(
        "account", "starts_on", "pk", "verdict", "organization__slug", "reason"
    ):
        links[account][day] = Standing(link, verdict, organization or "", reason)
    return links


def load_organizations(slugs: set[str]) -> dict[str, Whose]:
    named = Organization.objects.filter(slug__in=slugs).values_list("slug", "name", "merged_into__slug")
    return {slug: Whose(name, into or "") for slug, name, into in named}


def alike(names: Mapping[str, str]) -> dict[str, str]:
    """For each of these (slug: name) the slug of an organization that goes by the same name already, if one does."""
    if not names:
        return {}
    known = Organization.objects.filter(merged_into=None).values_list("name", "slug")
    by_name = {normalised(name): slug for name, slug in known}
    return {slug: by_name[normalised(name)] for slug, name in names.items() if normalised(name) in by_name}
