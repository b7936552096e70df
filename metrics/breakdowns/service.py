"""The service desk: tickets and hours by queue, type, technician and client, open tickets by age, the longest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from metrics.breakdowns.source import Source, month_of
from metrics.definitions.facts import KIND_OF_WORK, TICKETS, TIME
from metrics.definitions.service import CLOSED, REACTIVE
from metrics.periods import Month, Span
from metrics.reading import ScopeRef

By = Literal["queue", "type", "technician", "client"]

# What a ticket and an entry are grouped by. Time counts for the ticket it belongs to, and for whoever worked.
KEYS: dict[By, tuple[str, str]] = {
    "queue": ("f.queue_id::text", "coalesce(root.queue_id, t.queue_id)::text"),
    "type": ("f.type", "coalesce(nullif(root.type, ''), t.type, '')"),
    "technician": ("f.technician_id::text", "f.technician_id::text"),
    "client": ("o.organization_id::text", "o.organization_id::text"),
}
NAMES: dict[By, tuple[str, str]] = {  # the name and slug of a key, and where they stand
    "queue": ("coalesce(n.name, ''), ''", "LEFT JOIN queue n ON n.id = p.key::bigint"),
    "type": ("coalesce(p.key, ''), ''", ""),
    "technician": ("coalesce(n.name, ''), ''", "LEFT JOIN technician n ON n.id = p.key::bigint"),
    "client": ("coalesce(n.name, ''), coalesce(n.slug, '')", "LEFT JOIN organization n ON n.id = p.key::bigint"),
}
TICKETS_BY = """
SELECT p.key, {names}, sum(p.created)::int, sum(p.closed)::int, sum(p.hours)
FROM (
    SELECT {ticket} AS key, count(*) AS created, 0 AS closed, 0 AS hours FROM {created} GROUP BY 1
    UNION ALL SELECT {ticket}, 0, count(*), 0 FROM {closed} GROUP BY 1
    UNION ALL SELECT {entry}, 0, 0, sum(f.hours) FROM {hours} GROUP BY 1
) p {join}
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 6 DESC, 2"""

# Open at the end of a day, by the rules of tickets_open.
OPEN = """
SELECT width_bucket(%(on)s::date - f.opened_on, ARRAY[2, 8, 31, 91]), count(*)
FROM {sql} JOIN r ON true
    JOIN connection c ON c.id = f.connection_id AND %(on)s >= c.counts_from AND %(on)s < c.counts_to
    {owner}
WHERE f.opened_on <= %(on)s AND (NOT f.closed OR f.closed_on > %(on)s)
  AND (f.closed OR NOT lower(f.status) = ANY(r.closed_statuses)) AND {reactive} AND {kept}
GROUP BY 1"""
AGES = (0, 2, 8, 31, 91)  # days since a ticket was opened, where each stretch begins

HOURS_BY_KIND = "SELECT {kind}, sum(f.hours), count(*) FROM {hours} GROUP BY 1 ORDER BY 2 DESC, 1"

LONGEST = """
SELECT x.id, x.external_id, x.title, p.client, p.slug, coalesce(q.name, ''), coalesce(w.name, ''),
       x.opened_on, x.closed_on, p.hours, x.link
FROM (
    SELECT coalesce(root.id, t.id) AS id, max(coalesce(o.client, '')) AS client, max(coalesce(o.slug, '')) AS slug,
           sum(f.hours) AS hours
    FROM {hours} GROUP BY 1 ORDER BY 4 DESC, 1 LIMIT %(limit)s
) p
JOIN ticket x ON x.id = p.id LEFT JOIN queue q ON q.id = x.queue_id LEFT JOIN technician w ON w.id = x.technician_id
ORDER BY p.hours DESC, x.id"""


@dataclass(frozen=True)
class Worked:
    """Tickets created and closed and hours entered, for one queue, type, technician or client."""

    key: str | None  # the queue's, technician's or organization's own number, or the type; None: none is named
    name: str
    slug: str  # of a client
    created: int
    closed: int
    hours: Decimal


@dataclass(frozen=True)
class Age:
    """Tickets open for so many days; `until_days`, the day after the last, is None where there is no end."""

    from_days: int
    until_days: int | None
    tickets: int


@dataclass(frozen=True)
class KindOfWork:
    kind: str  # a QueueKind, `internal` also for time on no ticket
    hours: Decimal
    entries: int


@dataclass(frozen=True)
class LongTicket:
    ticket: int
    number: str  # as the PSA numbers it
    title: str
    client: str  # "" where the account is not linked
    slug: str
    queue: str
    technician: str
    opened_on: date
    closed_on: date | None
    hours: Decimal
    link: str


def tickets_by(scope: ScopeRef, span: Span, by: By, *, reactive: bool = True) -> list[Worked]:
    """Tickets and hours of a period by one thing; the parts add up to the metrics of the same names.

    Without `reactive` tickets of every queue count, and all hours on tickets.
    """
    source = Source.over(scope, span)
    ticket, entry = KEYS[by]
    names, join = NAMES[by]
    kind = [REACTIVE] if reactive else []
    work = f"({KIND_OF_WORK}) = 'reactive'" if reactive else "f.ticket_id IS NOT NULL"
    return [Worked(*row) for row in source.rows(TICKETS_BY.format(
        names=names, join=join, ticket=ticket, entry=entry,
        created=source.flowing(TICKETS, "f.opened_on", " AND ".join(kind)),
        closed=source.flowing(TICKETS, "f.closed_on", " AND ".join([*kind, CLOSED])),
        hours=source.flowing(TIME, "f.entered_on", work),
    ))]  # fmt: skip


def open_by_age(scope: ScopeRef, on: date) -> list[Age]:
    """Reactive tickets open at the end of a day, by the days since they were opened."""
    source = Source(scope, month_of(on))
    found: dict[int, int] = dict(source.rows(OPEN.format(
        sql=TICKETS.sql.replace("{day}", "f.opened_on"), owner=source.owner(TICKETS, "%(on)s::date"),
        reactive=REACTIVE, kept=source.kept(TICKETS),
    ), {"on": on}))  # fmt: skip
    ends = (*AGES[1:], None)
    return [Age(first, ends[n], found.get(n, 0)) for n, first in enumerate(AGES)]


def hours_by_kind(scope: ScopeRef, span: Span) -> list[KindOfWork]:
    """All hours entered in a period by kind of work, most first."""
    source = Source.over(scope, span)
    hours = source.flowing(TIME, "f.entered_on")
    return [KindOfWork(*row) for row in source.rows(HOURS_BY_KIND.format(kind=KIND_OF_WORK, hours=hours))]


def longest_tickets(scope: ScopeRef, month: Month, limit: int = 10) -> list[LongTicket]:
    """The reactive tickets that took the most hours entered in a month, their children's time included."""
    source = Source.over(scope, month)
    hours = source.flowing(TIME, "f.entered_on", f"({KIND_OF_WORK}) = 'reactive' AND f.ticket_id IS NOT NULL")
    return [LongTicket(*row) for row in source.rows(LONGEST.format(hours=hours), {"limit": limit})]
