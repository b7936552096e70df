"""From a day on, what one organization held is another's; every other day of every account is left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from django.db import connection

from collectors.facts.shapes import FOREVER
from organizations.as_of import owners_sql
from organizations.models import AccountLink

Days = tuple[date, date]  # half-open
Held = Mapping[int, Sequence[Days]]  # by account
OPEN, LINKED = AccountLink.Verdict.OPEN, AccountLink.Verdict.LINKED


class Said(NamedTuple):
    """What an account's own link says from a day on."""

    verdict: str
    organization: int | None


NOTHING = Said(OPEN, None)


def held_itself(organization: int, from_on: date) -> Held:
    """The days from then on on which accounts' own links name the organization; sites that inherit go with these."""
    named = AccountLink.objects.current().filter(organization=organization).values_list("account", flat=True)
    said = own_links(set(named))
    return _clipped({
        account: [days for days, what in _spans(rows) if what.organization == organization]
        for account, rows in said.items()
    }, from_on)


def held(accounts: Collection[int], organization: int, from_on: date) -> Held:
    """The days from then on on which these accounts are the organization's, by their own links or as sites."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            SELECT account_id, starts_on, ends_on FROM ({owners_sql(accounts=accounts)}) o
            WHERE organization_id = %s ORDER BY 1, 2""", [organization])  # noqa: S608 - words and ids of our own
        found: dict[int, list[Days]] = {}
        for account, starts_on, ends_on in cursor.fetchall():
            found.setdefault(account, []).append((starts_on, ends_on))
    return _clipped(found, from_on)


def owners(account: int) -> list[tuple[date, date, int]]:
    """Whose an account is, by days in their order."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            SELECT starts_on, ends_on, organization_id FROM ({owners_sql(accounts=[account])}) o
            WHERE organization_id IS NOT NULL ORDER BY 1""")  # noqa: S608 - words and ids of our own
        return [(first, until, organization) for first, until, organization in cursor.fetchall()]


def own_links(accounts: Collection[int]) -> dict[int, dict[date, Said]]:
    """What the current links of each account say, by the day each begins, in their order."""
    links = AccountLink.objects.current().filter(account__in=accounts).order_by("account", "starts_on")
    said: dict[int, dict[date, Said]] = {account: {} for account in accounts}
    for account, starts_on, verdict, organization in links.values_list(
        "account", "starts_on", "verdict", "organization"
    ):
        said[account][starts_on] = Said(verdict, organization)
    return said


def handed_over(own: Mapping[date, Said], spans: Sequence[Days], to: int) -> dict[date, Said]:
    """The links to write, by the day each begins, so that an account is `to`'s on these days and else as it was."""
    turning = {day for span in spans for day in span if day < FOREVER}
    written: dict[date, Said] = {}
    stands = last = NOTHING
    for day in sorted({*own, *turning}):
        stands = own.get(day, stands)
        now = Said(LINKED, to) if any(first <= day < until for first, until in spans) else stands
        if now != own.get(day, last):
            written[day] = now
        last = now
    return written


def _spans(rows: Mapping[date, Said]) -> Iterable[tuple[Days, Said]]:
    starts = list(rows)
    return zip(zip(starts, [*starts[1:], FOREVER], strict=True), rows.values(), strict=True)


def _clipped(found: Mapping[int, Iterable[Days]], from_on: date) -> Held:
    clipped = {
        account: [(max(first, from_on), until) for first, until in spans if until > from_on]
        for account, spans in found.items()
    }
    return {account: spans for account, spans in clipped.items() if spans}
