"""Making organizations of accounts: the PSA's companies are where clients come from (C47)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

from django.db import connection

from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.vendors import VENDORS
from organizations import blocking
from organizations.evidence import ADDRESS, DOMAIN, NAME, PHONE, TENANT, Key, domains_of
from organizations.known import CROWD, Known, Record
from organizations.likeness import Alike, alike
from organizations.models import Domain, Organization
from organizations.names import free_slug, looks_like, normalised

Kind: TypeAlias = Organization.Kind

# What a PSA may call a company that pays it. A former client founds one too: its past is part of the numbers.
CLIENT_WORDS = ("client", "customer")
NOT_YET = ("prospect", "potential", "lead", "vendor")
OWN_WORDS = ("owner", "internal", "own company")  # the MSP's record of itself

APART = {DOMAIN: 2, PHONE: 1, ADDRESS: 1, TENANT: 1}  # how much it says that two records have different ones
RARE = 3  # records of one system with the same domain or telephone; with more it is a provider's or a call centre's

# A company whose type the PSA leaves open is a client if it ever had an agreement or a ticket.
SERVED = """
SELECT company FROM unnest(%s::bigint[]) company
WHERE EXISTS (SELECT FROM agreement_state s WHERE s.account_id = company)
   OR EXISTS (SELECT FROM ticket t WHERE t.account_id = company)
"""

# Another record of the same system with a domain of these accounts, that is not the same organization's in the end.
REPEATED = """
SELECT DISTINCT a.connection_id, s.key
FROM signal s JOIN account a ON a.id = s.account_id
JOIN signal t ON t.kind = s.kind AND t.key = s.key AND t.account_id <> s.account_id
JOIN account b ON b.id = t.account_id AND b.connection_id = a.connection_id
WHERE s.account_id = ANY(%s) AND s.kind = 'domain' AND NOT EXISTS (
    SELECT FROM account_link l JOIN account_link m ON m.organization_id = l.organization_id
    WHERE l.account_id = a.id AND m.account_id = b.id AND l.superseded_at IS NULL AND m.superseded_at IS NULL)
"""


def founders(waiting: Sequence[Account], known: Known) -> dict[Account, Kind]:
    """Which of these found an organization of their own. Anything that speaks against it leaves the account waiting.

    It must be a company the PSA calls a client or, where the PSA says nothing, one that it has served. No company of
    the same PSA with its name or domain may be the same client, as far as can be told, nor any organization.
    """
    clients = _clients([account for account in waiting if is_psa(account) and account.kind == Account.Kind.CLIENT])
    among = {account.pk for account in clients}
    names = Counter(normalised(company.name) for company in clients)
    return {
        account: kind for account, kind in clients.items()
        if account.name.strip() and (looks_like(account.name) or None) not in names
        and _is_alone(account.pk, known, among)
    }


def _is_alone(company: int, known: Known, among: Collection[int]) -> bool:
    """Whether it is told apart from every organization, and from every other company that would found one or has."""
    record = known.records[company]
    if _passes_for_another(record, known):
        return False
    for key in known.keys.get(company, ()):
        held = known.held(key)
        beside = [known.records[other] for other in known.holders.get(key, ()) if other != company]
        same_psa = [other for other in beside if other.connection == record.connection]
        told_apart = {
            other.organization for other in same_psa if other.organization and apart(known, company, other.pk)
        }
        if key.kind != ADDRESS and held.organizations - told_apart:
            return False
        rivals = (other.pk for other in same_psa if other.pk in among or key.kind == DOMAIN)
        if key.kind in (NAME, DOMAIN) and not all(apart(known, company, other) for other in islice(rivals, CROWD)):
            return False
        if key.kind in (NAME, DOMAIN) and len(same_psa) > CROWD:
            return False
    return True


def apart(known: Known, one: int, other: int) -> bool:
    """Whether more tells two records of one system apart than says they are one client: two branches of a franchise
    share a name and perhaps a telephone, two companies at one provider a domain.

    A company has one website far more often than two; what more than a few records of the system have says nothing.
    """
    name = alike(known.called.get(one, ""), known.called.get(other, ""))
    same, different = int(name >= Alike.AGREES), int(name is Alike.UNLIKE)
    for kind, weight in APART.items():
        ours = {key for key in known.keys.get(one, ()) if key.kind == kind}
        theirs = {key for key in known.keys.get(other, ()) if key.kind == kind}
        same += any(_is_rare(known, key, known.records[one].connection) for key in ours & theirs)
        different += weight if ours and theirs and not ours & theirs else 0
    return different > same


def _is_rare(known: Known, key: Key, connection: int) -> bool:
    holders = known.holders.get(key, ())
    same = (pk for pk in holders if known.records[pk].connection == connection)
    return sum(1 for _ in islice(same, RARE + 1)) <= RARE


def _passes_for_another(record: Record, known: Known) -> bool:
    called, seen = known.called.get(record.pk, ""), looks_like(record.name)
    return bool(known.named.get(f"~{called}") or (seen and known.named.get(f"={seen}")))


def is_psa(account: Account) -> bool:
    """Whether the account's system is a PSA that counts, the preferred source of clients.

    One that is read beside another and counts on no day is a witness: it founds nobody.
    """
    source = account.connection
    vendor = VENDORS.get(source.vendor)
    return vendor is not None and vendor.layer is Layer.PSA and source.counts_from < source.counts_to


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
    blocking.refresh([account.pk for account in organizations])
    repeated = _repeated_domains([account.pk for account in organizations])
    Domain.objects.bulk_create([
        Domain(name=domain, organization=organization)
        for account, organization in organizations.items() for domain in domains_of(account)
        if (account.connection_id, domain) not in repeated
    ], ignore_conflicts=True)


def _repeated_domains(accounts: Sequence[int]) -> set[tuple[int, str]]:
    """(connection, domain) of these accounts where the system knows the domain by two records."""
    with connection.cursor() as cursor:
        cursor.execute(REPEATED, [list(accounts)])
        return {(row[0], row[1]) for row in cursor.fetchall()}


def left_empty(account: Account) -> Organization | None:
    """An organization that this account founded before, and that nothing has been linked to since that was undone."""
    once = Organization.objects.filter(name=account.name, links__account=account, merged_into=None).distinct()
    return next((organization for organization in once if not organization.links.current().exists()), None)
