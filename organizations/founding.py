"""Making organizations of accounts: the PSA's companies are where clients come from (C47)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from django.db import connection

from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.vendors import VENDORS
from organizations.evidence import domains_of, held_domains, repeated_domains
from organizations.models import Domain, Organization
from organizations.names import free_slug, normalised

Kind: TypeAlias = Organization.Kind

# What a PSA may call a company that pays it. A former client founds one too: its past is part of the numbers.
CLIENT_WORDS = ("client", "customer")
NOT_YET = ("prospect", "potential", "lead", "vendor")
OWN_WORDS = ("owner", "internal", "own company")  # the MSP's record of itself

# A company whose type the PSA leaves open is a client if it ever had an agreement or a ticket.
SERVED = """
SELECT company FROM unnest(%s::bigint[]) company
WHERE EXISTS (SELECT FROM agreement_state s WHERE s.account_id = company)
   OR EXISTS (SELECT FROM ticket t WHERE t.account_id = company)
"""


def founders(waiting: Sequence[Account]) -> dict[Account, Kind]:
    """Which of these found an organization of their own. Anything that speaks against it leaves the account waiting.

    It must be a company the PSA calls a client or, where the PSA says nothing, one that it has served; no other
    company may share its domain; no organization and no other such company may have its name.
    """
    clients = _clients([account for account in waiting if is_psa(account) and account.kind == Account.Kind.CLIENT])
    repeated, held = repeated_domains(), held_domains()
    names = _names_in_use(clients)
    return {
        account: kind for account, kind in clients.items()
        if names[normalised(account.name)] == 1
        and not any(domain in held or (account.connection_id, domain) in repeated for domain in domains_of(account))
    }


def is_psa(account: Account) -> bool:
    """Whether the account's system is a PSA, the preferred source of clients."""
    vendor = VENDORS.get(account.connection.vendor)
    return vendor is not None and vendor.layer is Layer.PSA


def _clients(companies: Sequence[Account]) -> dict[Account, Kind]:
    untold = [company.pk for company in companies if not company.evidence.get("types")]
    with connection.cursor() as cursor:
        cursor.execute(SERVED, [untold])
        served = {row[0] for row in cursor.fetchall()}
    kinds = {company: _kind(company.evidence.get("types") or []) for company in companies}
    kinds |= {company: Kind.CLIENT for company in companies if company.pk in served}
    return {company: kind for company, kind in kinds.items() if kind is not None}


def _kind(types: Iterable[str]) -> Kind | None:
    said = [name.casefold() for name in types if not any(word in name.casefold() for word in NOT_YET)]
    if any(word in name for name in said for word in CLIENT_WORDS):
        return Kind.CLIENT
    return Kind.INTERNAL if any(word in name for name in said for word in OWN_WORDS) else None


def _names_in_use(companies: Mapping[Account, Kind]) -> dict[str, int]:
    """How many organizations and would-be founders go by each normalised name."""
    known = Organization.objects.filter(merged_into=None).values_list("name", flat=True)
    return Counter(normalised(name) for name in [*known, *(company.name for company in companies)])


def found(founding: Mapping[Account, Kind]) -> dict[Account, Organization]:
    """An organization for each, with its own slug and those of its domains that are in no doubt."""
    taken = set(Organization.objects.values_list("slug", flat=True))
    made = Organization.objects.bulk_create([
        Organization(name=account.name, kind=kind, slug=free_slug(account.name, f"client-{account.pk}", taken))
        for account, kind in founding.items()
    ])
    organizations = dict(zip(founding, made, strict=True))
    learn_domains(organizations)
    return organizations


def learn_domains(organizations: Mapping[Account, Organization]) -> None:
    """Accounts' domains become their organizations', but for those someone has or their system repeats."""
    repeated = repeated_domains()
    Domain.objects.bulk_create([
        Domain(name=domain, organization=organization)
        for account, organization in organizations.items() for domain in domains_of(account)
        if (account.connection_id, domain) not in repeated
    ], ignore_conflicts=True)


def left_empty(account: Account) -> Organization | None:
    """An organization that this account founded before, and that nothing has been linked to since that was undone."""
    once = Organization.objects.filter(name=account.name, links__account=account, merged_into=None).distinct()
    return next((organization for organization in once if not organization.links.current().exists()), None)
