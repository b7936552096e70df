"""Evidence as a person would say it."""

from __future__ import annotations

from collectors.systems import system
from organizations.evidence import ID, Key
from organizations.known import Known, Record


def words_of(known: Known, record: Record, key: Key) -> str:
    """A key that two share, as a person would say it."""
    match key.kind:
        case "id":
            slug, _, number = key.key.partition(":")
            label = system(slug).label
            if own_key(record) != key:
                return f"Carries {label} id {number}"
            carrier = next((known.records[pk].system for pk in known.holders[key] if pk != record.pk), label)
            return f"{carrier} carries its {label} id, {number}"
        case "tenant":
            return f"Same tenant, {key.key}"
        case "domain":
            return f"Same domain, {key.key}"
        case "phone":
            return f"Same phone, {_spoken(key.key)}"
        case "address":
            return f"Same address, {key.key.replace('|', ', ')}"
        case _:
            return "Same name"


def called(key: Key, *, own: bool = False) -> str:
    slug, _, number = key.key.partition(":")
    match key.kind:
        case "id":
            return f"{system(slug).label} id" if own else f"{system(slug).label} id {number}"
        case "domain":
            return f"domain, {key.key}," if own else f"the domain {key.key}"
        case "phone":
            return f"phone, {_spoken(key.key)}," if own else f"the phone {_spoken(key.key)}"
        case kind:
            return kind if own else f"that {kind}"


def _spoken(digits: str) -> str:
    """In the groups in which people write numbers."""
    if len(digits) == 7:
        return f"{digits[:3]} {digits[3:]}"
    return f"{digits[:-7]} {digits[-7:-4]} {digits[-4:]}"


def own_key(record: Record) -> Key:
    return Key(ID, f"{record.vendor}:{record.external_id}")
