"""What systems say of one client, thing by thing, and where they do not agree once it is brought into one form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from collectors.facts.accounts import Account
from collectors.systems import system
from organizations.evidence import address_key, carried, phone_key
from organizations.names import normalised


@dataclass(frozen=True)
class Cell:
    system: str
    said: tuple[str, ...]
    differs: bool = False


@dataclass(frozen=True)
class Row:
    """One thing systems say of a client, a cell for each account."""

    label: str
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        return any(cell.differs for cell in self.cells)


@dataclass(frozen=True)
class _Field:
    label: str
    said: Callable[[Account], list[str]]
    key: Callable[[str], str | None] | None = None


def _texts(name: str) -> Callable[[Account], list[str]]:
    """A list in the evidence, or one text; anything else says nothing."""
    def said(account: Account) -> list[str]:
        value = account.evidence.get(name) if isinstance(account.evidence, dict) else None
        values = value if isinstance(value, list) else [value]
        return [str(one) for one in values if isinstance(one, str | int) and str(one).strip()]

    return said


def _day(on: date | None) -> list[str]:
    return [f"{on:%-d %b %Y}"] if on else []


FIELDS = (
    _Field("Name", lambda account: [account.name] if account.name else [], normalised),
    _Field("Id there", lambda account: [account.external_id]),
    _Field("Domains", _texts("domains"), str.casefold),
    _Field("Phones", _texts("phones"), phone_key),
    _Field("Addresses", _texts("addresses"), address_key),
    _Field("Tenant", _texts("tenant_id"), str.casefold),
    _Field("Kind there", lambda account: [str(account.get_kind_display()), *map("called “{}”".format,
                                                                                _texts("types")(account))]),
    _Field("State there", lambda account: ["Active" if account.active else "Inactive"], str),
    _Field("Seen from", lambda account: _day(account.seen_from)),
    _Field("Gone on", lambda account: _day(account.gone_on or account.retired_on)),
)


def compared(accounts: Sequence[Account]) -> list[Row]:
    """A row for each thing systems say, a cell in it for each of these accounts."""
    rows = [_compared(field, accounts) for field in FIELDS]
    place = next(number for number, field in enumerate(FIELDS) if field.label == "Tenant") + 1
    return [*rows[:place], _ids(accounts), *rows[place:]]


def _compared(field: _Field, accounts: Sequence[Account]) -> Row:
    """A cell differs where most of those that say something agree, and it does not share a value with them."""
    said = [tuple(field.said(account)) for account in accounts]
    apart = _apart([{key for text in texts if field.key and (key := field.key(text))} for texts in said])
    return Row(field.label, tuple(
        Cell(_label(account), texts, place in apart)
        for place, (account, texts) in enumerate(zip(accounts, said, strict=True))
    ))


def _apart(keys: Sequence[set[str]]) -> set[int]:
    """The places outside the largest group of those that share a key; where two are as large, every place."""
    groups: list[tuple[set[str], set[int]]] = []
    for place, found in enumerate(keys):
        if found:
            near = [group for group in groups if group[0] & found]
            joined = found.union(*(held for held, _ in near)), {place}.union(*(places for _, places in near))
            groups = [group for group in groups if group not in near] + [joined]
    sizes = sorted((len(places) for _, places in groups), reverse=True)
    tied = len(sizes) > 1 and sizes[0] == sizes[1]
    return set().union(*(places for _, places in groups if tied or len(places) < sizes[0]))


def _ids(accounts: Sequence[Account]) -> Row:
    """The ids of other systems' records that an account carries; one differs where the record here has another."""
    there: Mapping[str, set[str]] = defaultdict(set)
    for account in accounts:
        there[account.connection.vendor].add(account.external_id)
    cells = []
    for account in accounts:
        ids = sorted(carried(account.evidence).items()) if isinstance(account.evidence, dict) else []
        said = tuple(f"{system(slug).label} {number}" for slug, number in ids)
        others = any(slug in there and number not in there[slug] for slug, number in ids)
        cells.append(Cell(_label(account), said, others))
    return Row("Other systems’ ids", tuple(cells))


def _label(account: Account) -> str:
    return system(account.connection.vendor).label
