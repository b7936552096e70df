"""What is known around some accounts: what they say, who else says it, and whose those are.

It is read once, for a few accounts by index or for many at a time, and then asked in memory. A key that very many hold
tells nothing, so that nothing grows with the square of what accounts have in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from collectors.declare import Layer
from collectors.systems import system
from organizations import serials
from organizations.blocking import name_keys
from organizations.evidence import ADDRESS, DOMAIN, ID, NAME, PHONE, TENANT, Key
from organizations.likeness import keys as like
from organizations.names import looks_like, normalised
from organizations.serials import SharedSerials

RANKS = {kind: rank for rank, kind in enumerate((ID, TENANT, DOMAIN, PHONE, ADDRESS, NAME))}
FEW = 500  # accounts that are looked up by index; for more, everything is read
COMMON = 25  # organizations under one key of names; more, and the key tells nothing
NAMES = 12  # of one organization that are compared
CROWD = 200  # accounts with one telephone, name or domain; more, and the key tells nothing

# All keys of an account in one text: rows cost more than what is in them.
SIGNALS = """
SELECT account_id, string_agg(kind || chr(31) || key, chr(30)) FROM signal WHERE {only} GROUP BY account_id
"""
# Of a key that a crowd holds just enough to see that it is one.
HOLDERS = """
SELECT account_id, kind, key FROM (
    SELECT s.account_id, s.kind, s.key, row_number() OVER (PARTITION BY s.kind, s.key) AS place
    FROM unnest(%(kinds)s::text[], %(keys)s::text[]) k(kind, key) JOIN signal s ON s.kind = k.kind AND s.key = k.key
) held WHERE place <= %(crowd)s OR kind IN ('id', 'tenant')
"""
RECORDS = """
SELECT a.id, a.connection_id, c.vendor, c.label, a.external_id, a.name, a.retired_on IS NOT NULL,
       a.active AND NOT coalesce(a.evidence ->> 'types', '') ILIKE '%%former%%',
       coalesce(l.verdict, 'open') = 'open', l.organization_id
FROM account a JOIN connection c ON c.id = a.connection_id
LEFT JOIN LATERAL (
    SELECT l.verdict, coalesce(g.merged_into_id, g.id) AS organization_id
    FROM account_link l LEFT JOIN organization g ON g.id = l.organization_id
    WHERE l.account_id = a.id AND l.superseded_at IS NULL ORDER BY l.starts_on DESC LIMIT 1
) l ON true
WHERE {only}
"""
# Accounts whose last link is an organization's.
MEMBERS = """
SELECT DISTINCT l.account_id FROM account_link l JOIN account a ON a.id = l.account_id AND a.kind = 'client'
WHERE l.superseded_at IS NULL AND l.organization_id IN (
    SELECT id FROM organization WHERE id = ANY(%(organizations)s) OR merged_into_id = ANY(%(organizations)s))
"""
ORGANIZATIONS = "SELECT id, name FROM organization WHERE merged_into_id IS NULL AND {only}"
DOMAINS = """
SELECT d.name, coalesce(g.merged_into_id, g.id) FROM domain d JOIN organization g ON g.id = d.organization_id
WHERE {only}
"""
NAME_KEYS = """
SELECT k.key, array_agg(k.organization_id) FROM name_key k JOIN organization g ON g.id = k.organization_id
WHERE g.merged_into_id IS NULL AND {only} GROUP BY k.key HAVING count(*) <= {common} OR k.key ^@ '='
"""
# A link that was taken back. One that was only undone is no word against it: a list is undone for one row of it.
TAKEN_BACK = """
SELECT DISTINCT l.account_id, coalesce(g.merged_into_id, g.id)
FROM account_link l JOIN organization g ON g.id = l.organization_id
JOIN account_link b ON b.account_id = l.account_id AND b.verdict = 'open' AND b.decided_at >= l.superseded_at
    AND NOT b.evidence ? 'undone'
WHERE l.superseded_at IS NOT NULL AND l.account_id = ANY(%(accounts)s)
"""


@dataclass(slots=True)
class Record:
    """An account as matching sees it. `organization`: whose it is in the end; `open`: nobody's yet."""

    pk: int
    connection: int
    vendor: str
    system: str
    external_id: str
    name: str
    retired: bool
    active: bool  # as its system says
    open: bool
    organization: int | None


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a key. `repeated`: systems that know it by several records that are not one client's, by how many."""

    organizations: frozenset[int]
    repeated: Mapping[int, int]


NOBODY = Held(frozenset(), {})


@dataclass(frozen=True, slots=True)
class Profile:
    """What is told of an organization: by itself, and by the systems that have an account of it."""

    names: list[str]
    former: bool  # the PSA has it as a client no more
    keys: Mapping[str, set[str]]  # by kind


@dataclass
class Known:
    """`keys`: what each account says, the strongest first; `holders`: the accounts that say it; `members`: each
    organization's accounts; `named`: the organizations under each key of names."""

    records: dict[int, Record] = field(default_factory=dict)
    keys: dict[int, list[Key]] = field(default_factory=lambda: defaultdict(list))
    called: dict[int, str] = field(default_factory=dict)
    holders: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(list))
    domains: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    domains_of: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    organizations: dict[int, str] = field(default_factory=dict)
    named: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    members: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    serials: dict[int, list[SharedSerials]] = field(default_factory=lambda: defaultdict(list))
    taken_back: set[tuple[int, int]] = field(default_factory=set)
    _held: dict[Key, Held] = field(default_factory=dict)
    _profiles: dict[int, Profile] = field(default_factory=dict)

    @classmethod
    def around(cls, accounts: Collection[int]) -> Known:
        """What is known around these accounts."""
        known = cls()
        (known._read_all if len(accounts) > FEW else known._read_near)(list(accounts))
        known.taken_back = {(row[0], row[1]) for row in _rows(TAKEN_BACK, accounts=list(accounts))}
        return known

    def held(self, key: Key) -> Held:
        """Whose a key is; nobody's where a crowd has it."""
        if (held := self._held.get(key)) is None:
            held = self._held[key] = self._held_now(key)
        return held

    def points_to(self, account: int, organization: int) -> bool:
        """Whether nothing that an account says is in part another organization's."""
        alone = frozenset((organization,))
        return all(self.held(key).organizations <= alone for key in self.keys[account]) and all(
            self.records[row.holder].organization in (None, organization) for row in self.serials.get(account, ())
        )

    def own(self, account: int, organization: int) -> None:
        """An account has just become an organization's."""
        record = self.records[account]
        record.organization, record.open = organization, False
        self.members[organization].add(account)
        self._forget(account, organization)

    def disown(self, account: int) -> None:
        """The contrary."""
        record = self.records[account]
        organization, record.organization, record.open = record.organization or 0, None, True
        self.members[organization].discard(account)
        self._forget(account, organization)

    def _forget(self, account: int, organization: int) -> None:
        """What was worked out from before."""
        self._profiles.pop(organization, None)
        for key in self.keys.get(account, ()):
            self._held.pop(key, None)

    def found(self, organization: int, name: str, domains: Iterable[str]) -> None:
        """An organization has just been made."""
        self.organizations[organization] = name
        for key in name_keys(name):
            self.named[key].append(organization)
        self._held.pop(Key(NAME, normalised(name)), None)
        for domain in domains:
            self._add_domain(domain, organization)
            self._held.pop(Key(DOMAIN, domain), None)

    def profile(self, organization: int) -> Profile:
        if (profile := self._profiles.get(organization)) is None:
            profile = self._profiles[organization] = self._profile_now(organization)
        return profile

    def _profile_now(self, organization: int) -> Profile:
        keys: dict[str, set[str]] = {kind: set() for kind in (ID, TENANT, ADDRESS)}
        keys[DOMAIN] = set(self.domains_of.get(organization, ()))
        members = sorted(self.members.get(organization, ()))
        for member in members:
            for key in self.keys.get(member, ()):
                if key.kind in keys:
                    keys[key.kind].add(key.key)
        called = [normalised(self.organizations[organization]), *(self.called.get(member, "") for member in members)]
        clients = [record for member in members if system((record := self.records[member]).vendor).layer is Layer.PSA]
        former = bool(clients) and not any(record.active for record in clients)
        return Profile(list(dict.fromkeys(name for name in called if name))[:NAMES], former, keys)

    def words_of(self, organization: int) -> list[str]:
        return normalised(self.organizations.get(organization, "")).split()

    def has_alone(self, organization: int, word: str) -> bool:
        """Whether no other organization has a word in its name."""
        near = self.named.get(word, ())
        return len(near) <= COMMON and {pk for pk in near if word in self.words_of(pk)} == {organization}

    def like(self, name: str) -> set[int]:
        """Organizations whose name shares a telling key with this normalised one."""
        return {
            organization for key in like(name) if len(holders := self.named.get(key, ())) <= COMMON
            for organization in holders
        }

    def _held_now(self, key: Key) -> Held:
        holders = self.holders.get(key, ())
        if len(holders) > CROWD and key.kind not in (ID, TENANT):
            return NOBODY
        owned = {organization for pk in holders if (organization := self.records[pk].organization) is not None}
        if key.kind == DOMAIN:
            owned |= self.domains.get(key.key, set())
        elif key.kind == NAME:
            owned.update(self.named.get(f"={key.key}", ()))
        if not owned:
            return NOBODY
        who: dict[int, set[int]] = defaultdict(set)
        for pk in holders:
            record = self.records[pk]
            who[record.connection].add(record.organization or -pk)
        return Held(frozenset(owned), {system: len(several) for system, several in who.items() if len(several) > 1})

    def _read_all(self, accounts: list[int]) -> None:
        self._add_signals(None)
        for account, said in self.keys.items():
            for key in said:
                self.holders[key].append(account)
        for key, holders in _rows(NAME_KEYS.format(only="true", common=COMMON)):
            self.named[key] = holders
        self._add_domains(_rows(DOMAINS.format(only="true")))
        self.organizations = dict(_rows(ORGANIZATIONS.format(only="true")))
        self._add_serials(serials.all_shared())
        self._add_records(_rows(RECORDS.format(only="a.kind <> %(kind)s"), kind="site"))
        self._add_missing_records()

    def _read_near(self, accounts: list[int]) -> None:
        """First what these accounts say and who says it too, then what is told of the organizations that leads to."""
        self._add_signals(accounts)
        self._add_holders({key for account in accounts for key in self.keys.get(account, ())})
        self._add_serials(serials.shared_by(accounts))
        self._add_records(_rows(RECORDS.format(only="a.id = ANY(%(accounts)s)"), accounts=accounts))
        self._add_missing_records()
        said = [key.key for account in accounts for key in self.keys.get(account, ()) if key.kind == DOMAIN]
        self._add_domains(_rows(DOMAINS.format(only="d.name = ANY(%(names)s)"), names=said))
        self._add_named({key for account in accounts for key in self._like_keys(account)})
        self._add_organizations()

    def _like_keys(self, account: int) -> set[str]:
        seen = looks_like(self.records[account].name)
        name = self.called.get(account, "")
        return {*like(name), f"~{name}", *([f"={seen}"] if seen else ())}

    def _add_organizations(self) -> None:
        owned = {record.organization for record in self.records.values() if record.organization is not None}
        wanted = owned.union(*self.domains.values(), *(few for few in self.named.values() if len(few) <= COMMON))
        self.organizations = dict(_rows(ORGANIZATIONS.format(only="id = ANY(%(wanted)s)"), wanted=list(wanted)))
        known = list(self.organizations)
        members = [row[0] for row in _rows(MEMBERS, organizations=known)]
        self._add_signals([pk for pk in members if pk not in self.keys])
        names = {name for name in self.called.values() if name}
        names |= {normalised(name) for name in self.organizations.values()}
        self._add_holders({Key(NAME, name) for name in names})
        self._add_named({f"={name}" for name in names})
        self._add_missing_records(members)
        only = "d.organization_id = ANY(%(organizations)s)"
        self._add_domains(_rows(DOMAINS.format(only=only), organizations=known))

    def _add_signals(self, accounts: Collection[int] | None) -> None:
        only = "true" if accounts is None else "account_id = ANY(%(accounts)s)"
        for account, said in _rows(SIGNALS.format(only=only), accounts=list(accounts or ())):
            keys = self.keys[account] = sorted((Key(*key.split("\x1f", 1)) for key in said.split("\x1e")), key=_rank)
            if keys[-1].kind == NAME:
                self.called[account] = keys[-1].key

    def _add_holders(self, keys: Collection[Key]) -> None:
        asked = list(keys)
        for key in asked:
            self.holders[key] = []
        told = {"kinds": [key.kind for key in asked], "keys": [key.key for key in asked]}
        for account, kind, key in _rows(HOLDERS, crowd=CROWD + 1, **told):
            self.holders[Key(kind, key)].append(account)

    def _add_named(self, keys: Collection[str]) -> None:
        statement = NAME_KEYS.format(only="k.key = ANY(%(keys)s)", common=COMMON)
        for key, holders in _rows(statement, keys=list(keys)):
            self.named[key] = holders

    def _add_serials(self, shared: Iterable[SharedSerials]) -> None:
        for row in shared:
            self.serials[row.account].append(row)

    def _add_domains(self, rows: Iterable[tuple[str, int]]) -> None:
        for name, organization in rows:
            self._add_domain(name, organization)

    def _add_domain(self, name: str, organization: int) -> None:
        self.domains[name].add(organization)
        self.domains_of[organization].add(name)

    def _add_missing_records(self, more: Iterable[int] = ()) -> None:
        holders = (pk for several in self.holders.values() for pk in several)
        shared = (row.holder for rows in self.serials.values() for row in rows)
        missing = {pk for pk in (*holders, *shared, *more) if pk not in self.records}
        if missing:
            self._add_records(_rows(RECORDS.format(only="a.id = ANY(%(accounts)s)"), accounts=list(missing)))

    def _add_records(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            record = Record(*row)
            self.records[record.pk] = record
            if record.organization is not None:
                self.members[record.organization].add(record.pk)


def _rank(key: Key) -> tuple[int, str]:
    return RANKS[key.kind], key.key


def _rows(statement: str, **told: int | str | Collection[int] | Collection[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, told or None)  # type: ignore[arg-type]
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
