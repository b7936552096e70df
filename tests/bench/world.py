"""Facts in bulk, written by SQL: an MSP of 1,000 clients over three years, or of 10,000 over half as long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from metrics.periods import Month


@dataclass(frozen=True)
class Size:
    clients: int = 1_000
    months: int = 36
    tickets: int = 1_000_000
    entries: int = 2_000_000
    assets_each: int = 20

    def scaled(self, by: float) -> Size:
        return Size(max(20, int(self.clients * by)), self.months, int(self.tickets * by), int(self.entries * by),
                    self.assets_each)

    @property
    def first_day(self) -> date:
        return Month.holding(date.today()).shift(-self.months).starts_on

    @property
    def last_day(self) -> date:
        return Month.holding(date.today()).starts_on


# Half the months: so a quarter still has the one a year before it, and the values fit a small disk.
MANY_CLIENTS = Size(clients=10_000, months=18)


STATEMENTS = (
    """INSERT INTO calendar (id, time_zone, read_from) VALUES (1, 'America/Chicago', %(first)s)
       ON CONFLICT (id) DO UPDATE SET time_zone = excluded.time_zone, read_from = excluded.read_from""",
    """INSERT INTO connection (vendor, label, settings, enabled, schedule, counts_from, counts_to, problem, created_at)
       SELECT v, v, '{}', false, '17 * * * *', '0001-01-01', '9999-12-31', '', now()
       FROM unnest(ARRAY['connectwise_psa', 'ninjaone', 'quickbooks_online']) v""",
    """INSERT INTO organization (slug, name, kind, segment, plan)
       SELECT 'client-' || n, 'Client ' || n, 'client', '', '' FROM generate_series(1, %(clients)s) n""",
    """INSERT INTO account (connection_id, external_id, link, name, kind, evidence, active)
       SELECT c.id, 'c' || n, '', 'Client ' || n, 'client', '{}', true
       FROM connection c, generate_series(1, %(clients)s) n WHERE c.vendor <> 'quickbooks_online'""",
    """INSERT INTO account_link (account_id, starts_on, verdict, organization_id, method, evidence, reason, decided_at)
       SELECT a.id, '0001-01-01', 'linked', o.id, 'explicit_id', '{}', '', now()
       FROM account a JOIN organization o ON o.slug = 'client-' || substr(a.external_id, 2)""",
    """INSERT INTO queue (connection_id, external_id, link, name, active)
       SELECT c.id, 'q' || n, '', 'Queue ' || n, true
       FROM connection c, generate_series(1, 5) n WHERE c.vendor = 'connectwise_psa'""",
    """INSERT INTO queue_kind (queue_id, from_on, kind, note, at)
       SELECT id, '0001-01-01',
              (ARRAY['reactive', 'reactive', 'reactive', 'project', 'internal'])[substr(external_id, 2)::int], '', now()
       FROM queue""",
    """INSERT INTO technician (connection_id, external_id, link, name, active)
       SELECT c.id, 't' || n, '', 'Technician ' || n, true
       FROM connection c, generate_series(1, 60) n WHERE c.vendor = 'connectwise_psa'""",
    """INSERT INTO ticket (connection_id, external_id, link, account_id, queue_id, technician_id, title, type, subtype,
                           priority, status, requester, closed, opened_at, closed_at, opened_on, closed_on, sla_met,
                           reopened)
       SELECT a.connection_id, n::text, '', a.id, q.id, t.id, 'Ticket ' || n,
              (ARRAY['Break', 'Request'])[n %% 2 + 1], '', 'P3', 'Closed', '', true,
              d.day + interval '12 hours', d.day + interval '36 hours', d.day::date,
              (d.day + interval '1 day')::date, n %% 7 <> 0, (n %% 11 = 0)::int
       FROM generate_series(1, %(tickets)s) n
       JOIN account a ON a.external_id = 'c' || (n::bigint * 7919 %% %(clients)s + 1)
            AND a.connection_id = (SELECT id FROM connection WHERE vendor = 'connectwise_psa')
       JOIN queue q ON q.external_id = 'q' || ((n + n / %(clients)s) %% 5 + 1)
       JOIN technician t ON t.external_id = 't' || (n %% 60 + 1)
       CROSS JOIN LATERAL (
            SELECT %(first)s::timestamp + (n::bigint * %(days)s / (%(tickets)s + 1)) * interval '1 day' AS day) d""",
    """INSERT INTO time_entry (connection_id, external_id, link, account_id, ticket_id, technician_id, charged_to,
                               hours, hourly_cost, billable, work_type, worked_at, entered_at, worked_on, entered_on)
       SELECT t.connection_id, t.id || '-' || n, '', t.account_id, t.id, t.technician_id, 'ticket',
              (t.id %% 8 + 1) * 0.25, 42, true, 'Remote', t.opened_at, t.opened_at, t.opened_on, t.opened_on
       FROM ticket t, generate_series(1, %(entries_each)s) n""",
    """INSERT INTO asset (connection_id, external_id, link, layer, serial, hostname, model, last_seen_at)
       SELECT a.connection_id, a.external_id || '-' || n, '', 'rmm', '', 'PC-' || n, '', now()
       FROM account a JOIN connection c ON c.id = a.connection_id AND c.vendor = 'ninjaone',
            generate_series(1, %(assets_each)s) n""",
    """INSERT INTO asset_state (thing_id, account_id, name, kind, os, from_on, until_on)
       SELECT s.id, a.id, s.hostname, CASE WHEN s.id %% 8 = 0 THEN 'server' ELSE 'workstation' END, 'Windows 11',
              %(first)s::date + (s.id %% 300)::int, '9999-12-31'
       FROM asset s JOIN account a ON a.connection_id = s.connection_id
            AND a.external_id = split_part(s.external_id, '-', 1)""",
    """INSERT INTO agreement (connection_id, external_id, link, name)
       SELECT a.connection_id, 'g' || a.external_id, '', 'Managed services'
       FROM account a JOIN connection c ON c.id = a.connection_id AND c.vendor = 'connectwise_psa'""",
    """INSERT INTO agreement_state (thing_id, account_id, kind, amount, cycle_months, currency, cancelled, from_on,
                                    until_on)
       SELECT g.id, a.id, 'Managed services', 1500, 1, 'USD', false,
              %(first)s::date + (g.id * 37 %% %(days)s)::int, '9999-12-31'
       FROM agreement g JOIN account a ON a.connection_id = g.connection_id AND 'g' || a.external_id = g.external_id""",
    """INSERT INTO ledger_account (connection_id, external_id, link, name, number, side, active)
       SELECT c.id, 'l' || n, '', 'Ledger account ' || n, '', CASE WHEN n <= 5 THEN 'income' ELSE 'expense' END, true
       FROM connection c, generate_series(1, 10) n WHERE c.vendor = 'quickbooks_online'""",
    """INSERT INTO ledger_category (ledger_account_id, from_on, category, note, at)
       SELECT id, '0001-01-01', (ARRAY['nrr', 'mrr', 'orr', 'product_sales', 'misc_revenue', 'employee_expense',
              'owner_comp_taxes', 'owner_compensation', 'cogs', 'other_expenses'])[substr(external_id, 2)::int], '',
              now()
       FROM ledger_account""",
    """INSERT INTO ledger_balance (connection_id, external_id, link, ledger_account_id, month, basis, amount, currency)
       SELECT l.connection_id, l.external_id || '/' || m, '', l.id, m::date, 'accrual', 10000 + l.id, 'USD'
       FROM ledger_account l, generate_series(%(first)s::date, %(last)s::date - 1, interval '1 month') m""",
    """INSERT INTO reading (connection_id, entity, read_from, read_through, run_id)
       SELECT c.id, e, %(first)s::timestamp AT TIME ZONE 'America/Chicago', now(), NULL
       FROM connection c, unnest(ARRAY['Ticket', 'TimeEntry', 'LedgerBalance']) e
       WHERE (c.vendor = 'connectwise_psa' AND e <> 'LedgerBalance')
          OR (c.vendor = 'quickbooks_online' AND e = 'LedgerBalance')""",
    """INSERT INTO listing (connection_id, entity, day, at, run_id)
       SELECT c.id, e, (m + interval '1 month' - interval '1 day')::date, now(), NULL
       FROM connection c
       JOIN (VALUES ('connectwise_psa', 'Account'), ('connectwise_psa', 'Agreement'), ('connectwise_psa', 'Addition'),
                    ('ninjaone', 'Account'), ('ninjaone', 'Asset'), ('quickbooks_online', 'LedgerAccount'))
            l(vendor, e) ON l.vendor = c.vendor
       CROSS JOIN generate_series(%(first)s::date, %(last)s::date - 1, interval '1 month') m""",
)


# Where the server lets us, references are taken on trust while we write: they come from the same statements.
UNCHECKED = """SELECT set_config('session_replication_role', 'replica', false)
               FROM pg_roles WHERE rolname = current_user AND rolsuper"""


def write(size: Size) -> dict[str, int]:
    """Write the world into an empty, migrated database; the rows of each large table."""
    values: dict[str, Any] = {
        "first": size.first_day, "last": size.last_day, "days": (size.last_day - size.first_day).days,
        "clients": size.clients, "tickets": size.tickets, "assets_each": size.assets_each,
        "entries_each": max(1, size.entries // size.tickets),
    }
    large = ("ticket", "time_entry", "asset_state", "agreement_state", "account_link")
    with connection.cursor() as cursor:
        cursor.execute(UNCHECKED)
        for statement in STATEMENTS:
            cursor.execute(statement, values)
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE")
        counts = {}
        for table in large:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = int(cursor.fetchone()[0])
    return counts
