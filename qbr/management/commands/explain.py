"""How a number came to be, from what it rests on to its rows: as text, or as data that anyone can work out again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from metrics import working
from metrics.definitions import CATALOGUE
from metrics.reading import COMPANY, NOT_LINKED, Person, ScopeRef, segment, segments
from qbr.management.shell import operator, period_named, scope_named

ROWS_SHOWN = 20  # in the text; the data has all


class Command(BaseCommand):
    help = "Explain a number, such as: explain rhem 2026-Q3 --client acme. With --all --json, every stored value."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("metric", nargs="?", help="its key, such as rhem")
        parser.add_argument("period", nargs="?", help="2026-Q3, 2026-08 or 2026")
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument("--client", default="", metavar="SLUG", help="one client instead of the whole company")
        whose.add_argument("--segment", default="", metavar="NAME", help="the clients of one kind together")
        whose.add_argument("--not-linked", action="store_true", help="what belongs to no client")
        parser.add_argument("--all", action="store_true", help="every stored value, one line of JSON each")
        parser.add_argument("--json", action="store_true", help="as data")
        parser.add_argument("--as", dest="username", default="", help="as this person may see it; else everything")

    def handle(
        self, *, metric: str | None, period: str | None, json: bool, username: str, **options: Any
    ) -> None:
        person = _person(username)
        if options["all"]:
            if metric or not json:
                raise CommandError("Say --all --json, without a metric.")
            for line in working.everything(person):
                self.stdout.write(_written(line))
            return
        if metric not in CATALOGUE or not period:
            raise CommandError("Name a metric and a period, such as: explain rhem 2026-Q3.")
        found = working.one(person, metric, _scope(**options), period_named(period))
        if found is None:
            raise CommandError("Nothing is stored under this, or it may not be seen.")
        self.stdout.write(_written(found, indent=2) if json else "\n".join(_told(found)))


def _person(username: str) -> Person:
    if not username:
        return operator()
    person = User.objects.filter(username=username).first()
    if person is None:
        raise CommandError(f"There is nobody called “{username}”.")
    return person


def _scope(*, client: str, segment: str, not_linked: bool, **_: Any) -> ScopeRef:
    if not_linked:
        return NOT_LINKED
    if segment:
        return _segment(segment)
    return scope_named(client) if client else COMPANY


def _segment(name: str) -> ScopeRef:
    found = next((each for each in segments() if each.slug.lower() == name.strip().lower()), None)
    if found is None:
        raise CommandError(f"There is no segment “{name}”.")
    return segment(found.slug)


def _written(line: Any, indent: int | None = None) -> str:
    return json.dumps(line, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is no plain data.")


def _told(found: dict[str, Any]) -> Iterator[str]:
    """The same for a person at a shell."""
    value, definition = found["value"], found["definition"]
    whose = found["scope"]["name"] or value["scope"]["kind"].replace("_", " ")
    yield f"{definition['label']}, {whose}, {value['period']}"
    yield definition["meaning"]
    yield f"  {value['value'] if value['value'] is not None else '-'} {definition['unit']}: {_state(value)}"
    if value["origin"] == "corrected":
        yield f"  collected: {value['collected']}"
    if value["months"] is not None:
        yield f"  months: {value['months']} of {value['of_months']}"
    for share in value.get("resolved", []):
        yield f"  resolved: {share['share']} of {share['of']}"
    yield from _made_of(value, definition)
    for name, rule in value["rules"].items():
        yield f"  rule {name}: {rule}"
    for entry in value["entries"]:
        until = f", until {_moment(entry['superseded_at'])}" if entry["superseded_at"] else ""
        by = entry["by"] or "nobody named"
        yield f"  {entry['kind']} {entry['value']} by {by}, {_moment(entry['at'])}{until}. {entry['note']}"
    made = _moment(value["rollup"]["at"])
    yield f"  version {value['version']} ({definition['fingerprint']}); worked out {made}"
    for system in found["connections"]:
        for entity, reading in system["readings"].items():
            yield f"  {system['label']}: {entity} read through {_moment(reading['through'])}"
    for each in (*found["findings"], *found["restatements"]):
        yield f"  {each['line']}: {each.get('says') or each['cause']}"
    yield from _rows(found["rows"])


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _state(value: dict[str, Any]) -> str:
    return f"{value['state']} ({value['cause']})" if value["cause"] else str(value["state"])


def _made_of(value: dict[str, Any], definition: dict[str, Any]) -> Iterator[str]:
    if value["made_of"] in ("formula", "median"):
        yield f"  = {value['formula']}"
    elif value["made_of"] == "months":
        yield f"  the {value['across']} of its months"
    elif value["made_of"] == "rows":
        counts = definition["counts"]
        yield f"  counts {'; '.join(filter(None, (counts['words'], counts['where'])))}: {value['fact_rows']} rows"
    for part in value.get("inputs", []):
        shown = "may not be seen" if part.get("hidden") else f"{part['value']} ({part['state']})"
        yield f"    {part['metric']}: {shown}"
    for part in value.get("parts", []):
        yield f"    {part.get('period') or part['name']}: {part['value']} ({part['state']})"


def _rows(parts: list[dict[str, Any]]) -> Iterator[str]:
    rows = [(part["month"], *row) for part in parts for row in part["rows"]]
    for month, _, external, *said in rows[:ROWS_SHOWN]:
        yield f"    {month}  {external}  {said[0]}"
    if len(rows) > ROWS_SHOWN:
        yield f"    and {len(rows) - ROWS_SHOWN} more: --json has them all"
