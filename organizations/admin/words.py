"""Decisions and changes as people read them: what was decided, on what evidence, from which day."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.utils.text import Truncator

from collectors.facts.shapes import EARLIEST
from collectors.systems import system
from organizations.models import AccountLink, Organization, OrganizationChange

Kind = OrganizationChange.Kind

Method = AccountLink.Method
UNASKED = {Method.EXPLICIT_ID, Method.TENANT, Method.DOMAIN, Method.SIGNALS, Method.FOUNDED}

LONGEST = 80  # characters of a name in a sentence
DOMAINS = 5  # of a sentence
TURNS = {"R", "AL", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI"}  # characters that turn the text around them

# How evidence says which kind of key it is, and what a person calls it.
KEYS = {
    "explicit_id": "id", "id": "id", "tenant": "tenant", "domain": "domain", "serial": "serial number",
    "phone": "phone", "address": "address", "name": "name",
}  # fmt: skip


def evidence_lines(evidence: Any) -> list[str]:
    """What a decision stood on, a line for each thing. It comes in several shapes, each with its own words.

    {"words": [...], "keys": ["domain fern.example"]}, for people and for matching; {"shown": [...], "against": [...]},
    lines as they stood on the screen; {"domains": [...], "types": [...], "ids": {...}}, what the system said;
    {"undone": id}, the decision taken back.
    """
    if not isinstance(evidence, dict):
        return _texts(evidence)
    lines = _texts(evidence.get("words")) or [_key(key) for key in _texts(evidence.get("keys"))]
    lines += _texts(evidence.get("shown"))
    lines += [f"Against it: {line}" for line in _texts(evidence.get("against"))]
    if types := _texts(evidence.get("types")):
        lines.append("Called " + ", ".join(f"“{name}”" for name in types))
    if domains := _texts(evidence.get("domains")):
        lines.append("Domain " + ", ".join(domains))
    if isinstance(ids := evidence.get("ids"), dict):
        lines += [f"{system(str(slug)).label} id {number}" for slug, number in ids.items()]
    if undone := _texts(evidence.get("undone")):
        lines.append(f"Takes back decision {undone[0]}")
    known = {"words", "keys", "shown", "against", "types", "domains", "ids", "undone"}
    others = {name: _texts(value) for name, value in evidence.items() if name not in known}
    return lines + [f"{str(name).replace('_', ' ').capitalize()}: {', '.join(said)}" for name, said in others.items()
                    if said]  # fmt: skip


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values if one not in (None, "", {}, [])]


def _key(key: str) -> str:
    """“domain fern.example” as a person says it; a line that is none of ours stays as it is."""
    kind, _, value = key.partition(" ")
    slug, colon, number = value.partition(":")
    if kind not in KEYS or not value:
        return key
    if KEYS[kind] == "id" and colon:
        return f"Same {system(slug).label} id, {number}"
    return f"Same {KEYS[kind]}, {value}"


def since(day: date) -> str:
    return "ever" if day == EARLIEST else f"{day:%-d %b %Y}"


def why(link: AccountLink) -> str:
    """The reason, unless nobody gave it and it only says again what the evidence says."""
    return "" if link.method in UNASKED and evidence_lines(link.evidence) else link.reason


def who(decision: AccountLink | OrganizationChange) -> str:
    if decision.decided_by:
        return str(decision.decided_by)
    asked = not isinstance(decision, AccountLink) or decision.method not in UNASKED
    return "Nobody on record" if asked else "Evidence, without asking"


def named(name: str) -> str:
    """A name inside a sentence, kept from running away with it, or from turning it around."""
    if not name.strip():
        return "one without a name"
    shown = Truncator(name).chars(LONGEST)
    if any(unicodedata.bidirectional(letter) in TURNS for letter in shown):
        shown = f"\u2068{shown}\u2069"
    return f"“{shown}”"


def link_words(link: AccountLink, here: Organization | None = None) -> str:
    account = f"{named(link.account.name)} in {link.account.connection.label}"
    match link.verdict:
        case AccountLink.Verdict.LINKED if link.organization == here:
            return f"{account} linked here"
        case AccountLink.Verdict.LINKED:
            return f"{account} linked to {named(str(link.organization))}"
        case AccountLink.Verdict.IGNORED:
            return f"{account} ignored"
        case _:
            return f"{account} put back in the queue"


def told() -> models.QuerySet[OrganizationChange]:
    """Changes with everything their sentence needs, in one query however many there are."""
    changes = OrganizationChange.objects.select_related("organization", "other", "decided_by", "undone_by")
    return changes.annotate(
        accounts=models.Count("links__account", distinct=True), account=models.Min("links__account__name")
    )


def change_words(change: Any) -> str:
    """One of those that `told` gives, in a sentence."""
    name, other = named(change.organization.name), named(change.other.name) if change.other else "no one"
    moved = f"{change.accounts} account{'' if change.accounts == 1 else 's'}"
    match change.kind:
        case Kind.MERGE:
            return f"{name} merged into {other}, {moved} moved"
        case Kind.SPLIT:
            return f"{other} split off from {name} with {moved}"
        case Kind.MOVE:
            return f"{named(change.account or '')} moved from {name} to {other}"
        case Kind.PARENT:
            return f"{name} became a subsidiary of {other}" if change.other else f"{name} has no parent any more"
        case Kind.RENAME:
            return f"{_name(change.before, change)} renamed to {_name(change.after, change)}"
        case _:
            return f"{name} is a client no more"


def _name(fields: dict[str, dict[str, Any]], change: OrganizationChange) -> str:
    return named(str(fields.get(str(change.organization_id), {}).get("name", change.organization.name)))


def consequences(change: OrganizationChange) -> list[str]:
    """What it did to organizations' own fields beside what its sentence says, a line for each."""
    keys = {int(key) for key in change.after} | {
        value for fields in change.after.values() for name, value in fields.items() if name.endswith("_id") and value
    }
    names = {key: named(one.name) for key, one in Organization.objects.in_bulk(keys).items()}
    lines = []
    for key, fields in change.after.items():
        for field, value in fields.items():
            line = _consequence(change, int(key), field, value, names)
            lines += [line] if line else []
    return lines


def _consequence(change: OrganizationChange, key: int, field: str, value: Any, names: dict[int, str]) -> str:
    name = names.get(key, "an organization that is gone")
    own = key == change.organization_id
    match field:
        case "client_to" if value:
            return f"{name} is a client until {since(date.fromisoformat(value) - timedelta(days=1))}"
        case "parent_id" if not (own and change.kind == Kind.PARENT):
            return f"{name} becomes a subsidiary of {names[value]}" if value else f"{name} has no parent any more"
        case "domains" if value:
            shown = ", ".join(value[:DOMAINS]) + (f" and {len(value) - DOMAINS} more" if len(value) > DOMAINS else "")
            return f"{name} has the domain{'' if len(value) == 1 else 's'} {shown} from now on"
        case "merged_into_id" if value and not own:
            return f"{name}, which had gone into it before, leads to {names[value]}"
        case _:
            return ""
