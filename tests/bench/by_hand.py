"""The roll-up of the bench's world as somebody would write it by hand: the same rows, with nothing declared.

It knows what the world holds (every account linked for ever, no corrections, no spares) and takes every short cut
that follows: one grouped statement for each way facts are dated, the company by grouping sets, a wide row for each
scope and month, and every value of it, worked out or not, turned into rows in one statement a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import connection, transaction

REACTIVE = "k.kind = 'reactive'"
OPENED = {
    "reactive_tickets_created": ("count(*)", REACTIVE),
    "tickets_created": ("count(*)", "true"),
}
CLOSED = {
    "reactive_tickets_closed": ("count(*)", f"{REACTIVE} AND f.closed"),
    "tickets_with_sla": ("count(*)", f"{REACTIVE} AND f.closed AND f.sla_met IS NOT NULL"),
    "tickets_sla_met": ("count(*)", f"{REACTIVE} AND f.closed AND f.sla_met"),
    "tickets_with_reopen_count": ("count(*)", f"{REACTIVE} AND f.closed AND f.reopened IS NOT NULL"),
    "tickets_reopened": ("count(*)", f"{REACTIVE} AND f.closed AND f.reopened > 0"),
    "tickets_closed": ("count(*)", "f.closed"),
}
OPEN = {"tickets_open": ("count(*)", REACTIVE)}
TIME = {
    "reactive_hours": ("sum(f.hours)", REACTIVE),
    "professional_services_hours": ("sum(f.hours)", "k.kind = 'professional_services'"),
    "alignment_hours": ("sum(f.hours)", "k.kind = 'alignment'"),
    "project_hours": ("sum(f.hours)", "k.kind = 'project'"),
    "sales_hours": ("sum(f.hours)", "k.kind = 'sales'"),
    "internal_hours": ("sum(f.hours)", "k.kind = 'internal'"),
    "undecided_hours": ("sum(f.hours)", "k.kind IS NULL"),
    "hours_logged": ("sum(f.hours)", "true"),
}
TIME_BY_DAY_WORKED = {f"{name}_2": column for name, column in TIME.items()}  # the second version of each
DEVICES = {
    "endpoints_managed": ("count(*)", "f.kind IN ('workstation', 'server', 'vm_host')"),
    "seats_managed": ("count(*)", "f.kind = 'workstation'"),
}
AGREEMENTS = {
    "managed_services_agreements": ("count(DISTINCT f.agreement_id)", "f.monthly_amount > 0"),
    "agreement_mrr": ("sum(f.monthly_amount)", "true"),
    "average_agreement_mrr": ("sum(f.monthly_amount)", "true"),
    "agreement_seats": ("sum(f.seats)", "f.monthly_amount > 0 AND f.product ~* 'seat|user'"),
}
MOVES = {
    "new_mrr": ("sum(f.now)", "f.before <= 0 AND f.now > 0"),
    "lost_mrr": ("sum(f.before)", "f.before > 0 AND f.now <= 0"),
    "expansion_mrr": ("sum(f.now - f.before)", "f.before > 0 AND f.now > f.before"),
    "contraction_mrr": ("sum(f.before - f.now)", "f.now > 0 AND f.now < f.before"),
    "opening_mrr": ("sum(f.before)", "f.before > 0"),
}
REVENUE = ("nrr", "mrr", "orr", "product_sales", "misc_revenue")
EXPENSES = ("employee_expense", "owner_comp_taxes", "owner_compensation", "cogs", "other_expenses")
LEDGER = {name: ("sum(f.amount)", f"k.category = '{name}'") for name in REVENUE + EXPENSES}

COMPANY = "kind = 'company'"
STOCKS = (*DEVICES, *AGREEMENTS)
LASTS = ("agreement_mrr", "tickets_open")
FIRSTS = ("opening_mrr",)
EVERYONES = (*OPENED, *CLOSED, *OPEN, *TIME, *TIME_BY_DAY_WORKED, *DEVICES, *AGREEMENTS, *MOVES)
BASE = (*EVERYONES, *LEDGER)
TOTALS = {"total_revenue": " + ".join(REVENUE), "total_expenses": " + ".join(EXPENSES)}
TOTALS["net_profit"] = f"({TOTALS['total_revenue']}) - ({TOTALS['total_expenses']})"

# The formula, and whether clients have it too.
WORKED_OUT = {
    "total_close_pct": ("reactive_tickets_closed / nullif(reactive_tickets_created, 0) * 100", True),
    "reactive_tickets_per_endpoint_per_month": (
        "reactive_tickets_created / months_measured / nullif(endpoints_managed, 0)", True),
    "rhem": ("reactive_hours / nullif(endpoints_managed, 0) / months_measured", True),
    "average_resolution_time": ("reactive_hours / nullif(reactive_tickets_closed, 0)", True),
    "aisp": ("CASE WHEN client THEN average_agreement_mrr / nullif(seats_managed, 0)"
             " ELSE mrr / nullif(seats_managed, 0) / months_measured END", True),
    "mrr_per_agreement": ("CASE WHEN client THEN average_agreement_mrr / nullif(managed_services_agreements, 0)"
                          " ELSE mrr / nullif(managed_services_agreements, 0) / months_measured END", True),
    "new_mrr_added": ("new_mrr", True),
    "lost_mrr_churn": ("lost_mrr", True),
    "net_mrr_gain": ("new_mrr - lost_mrr", True),
    "tickets_sla_met_pct": ("tickets_sla_met / nullif(tickets_with_sla, 0) * 100", True),
    "reopened_pct": ("tickets_reopened / nullif(tickets_with_reopen_count, 0) * 100", True),
    "gross_revenue_retention": (
        "(opening_mrr - lost_mrr - contraction_mrr) / nullif(opening_mrr, 0) * 100", True),
    "net_revenue_retention": (
        "(opening_mrr - lost_mrr - contraction_mrr + expansion_mrr) / nullif(opening_mrr, 0) * 100", True),
    "net_profit_pct": ("net_profit / nullif(total_revenue, 0) * 100", False),
    "service_revenue_pct": ("(nrr + mrr) / nullif(total_revenue, 0) * 100", False),
    "services_from_mrr_pct": ("mrr / nullif(nrr + mrr, 0) * 100", False),
    "gross_margin": ("total_revenue - cogs", False),
    "gross_margin_pct": ("(total_revenue - cogs) / nullif(total_revenue, 0) * 100", False),
    "labor_efficiency_ratio": ("(total_revenue - cogs) / nullif(employee_expense, 0)", False),
    "profit_before_owner": ("net_profit + owner_compensation + owner_comp_taxes", False),
    # Nobody entered how many people there are.
    "reactive_tickets_per_tech_per_month": ("NULL::numeric", False),
    "reactive_service_pct": ("NULL::numeric", False),
    "service_revenue_per_employee": ("NULL::numeric", False),
    "service_revenue_per_technical_employee": ("NULL::numeric", False),
    "service_revenue_per_employee_2": ("NULL::numeric", False),
    "service_revenue_per_technical_employee_2": ("NULL::numeric", False),
}


def counts(columns: Mapping[str, tuple[str, str]], row: str = "f.id") -> str:
    """Value, rows and checksum of each column."""
    return ", ".join(
        f"{value} FILTER (WHERE {where}) AS {name}, count(*) FILTER (WHERE {where}) AS n_{name},"
        f" sum(hashint8(({row})::bigint)) FILTER (WHERE {where}) AS k_{name}"
        for name, (value, where) in columns.items()
    )


BY_SCOPE = "GROUP BY GROUPING SETS ((s.scope_id, m.month), (m.month))"
SCOPE = "coalesce(s.scope_id, (SELECT id FROM scope WHERE kind = 'company')) AS scope_id, m.month"
KIND = "LEFT JOIN queue_kind k ON k.queue_id = f.queue_id"


def hours(columns: Mapping[str, tuple[str, str]], day: str) -> str:
    return f"""
        SELECT {SCOPE}, {counts(columns)} FROM time_entry f JOIN owner_of s ON s.account_id = f.account_id
        LEFT JOIN ticket t ON t.id = f.ticket_id LEFT JOIN queue_kind k ON k.queue_id = t.queue_id
        JOIN month_end m ON m.month = date_trunc('month', f.{day}::timestamp)::date
        WHERE f.retired_on IS NULL {BY_SCOPE}"""


FACTS = {
    "month_end": """
        SELECT p.id AS period_id, p.starts_on AS month, p.ends_on, p.ends_on > current_date AS running, l.day
        FROM period p
        LEFT JOIN LATERAL (SELECT max(day) AS day FROM listing WHERE day >= p.starts_on AND day < p.ends_on) l ON true
        WHERE p.grain = 'month' AND p.starts_on >= %(first)s AND p.starts_on <= current_date""",
    "owner_of": """
        SELECT l.account_id, s.id AS scope_id FROM account_link l JOIN scope s ON s.organization_id = l.organization_id
        WHERE l.superseded_at IS NULL""",
    "opened": f"""
        SELECT {SCOPE}, {counts(OPENED)} FROM ticket f {KIND} JOIN owner_of s ON s.account_id = f.account_id
        JOIN month_end m ON m.month = date_trunc('month', f.opened_on::timestamp)::date
        WHERE f.retired_on IS NULL AND f.parent_id IS NULL AND f.merged_into_id IS NULL {BY_SCOPE}""",
    "closed": f"""
        SELECT {SCOPE}, {counts(CLOSED)} FROM ticket f {KIND} JOIN owner_of s ON s.account_id = f.account_id
        JOIN month_end m ON m.month = date_trunc('month', f.closed_on::timestamp)::date
        WHERE f.retired_on IS NULL AND f.parent_id IS NULL AND f.merged_into_id IS NULL {BY_SCOPE}""",
    "stood_open": f"""
        SELECT {SCOPE}, {counts(OPEN)} FROM ticket f {KIND} JOIN owner_of s ON s.account_id = f.account_id
        JOIN month_end m ON m.month >= date_trunc('month', f.opened_on::timestamp) AND m.ends_on <= f.closed_on
        WHERE f.retired_on IS NULL AND f.parent_id IS NULL AND f.merged_into_id IS NULL
          AND f.closed_on >= date_trunc('month', f.opened_on::timestamp) + interval '1 month' {BY_SCOPE}""",
    "hours": hours(TIME, "entered_on"),
    "hours_worked": hours(TIME_BY_DAY_WORKED, "worked_on"),
    "devices": f"""
        SELECT {SCOPE}, {counts(DEVICES)}
        FROM month_end m JOIN asset_state f ON f.from_on <= m.day AND f.until_on > m.day
        JOIN owner_of s ON s.account_id = f.account_id {BY_SCOPE}""",
    "agreements": f"""
        SELECT {SCOPE}, {counts(AGREEMENTS, "coalesce(f.addition_id, -f.agreement_id)")}
        FROM month_end m JOIN agreement_line f ON f.from_on <= m.day AND f.until_on > m.day
        JOIN owner_of s ON s.account_id = f.account_id {BY_SCOPE}""",
    "moves": f"""
        SELECT {SCOPE}, {counts(MOVES, "f.agreement_id")}
        FROM (
            SELECT n.month, coalesce(n.agreement_id, b.agreement_id) AS agreement_id,
                   coalesce(n.account_id, b.account_id) AS account_id, coalesce(n.amount, 0) AS now,
                   coalesce(b.amount, 0) AS before
            FROM (SELECT m.month, f.agreement_id, f.account_id, sum(f.monthly_amount) AS amount
                  FROM month_end m JOIN agreement_line f ON f.from_on <= m.day AND f.until_on > m.day
                  GROUP BY 1, 2, 3) n
            LEFT JOIN (SELECT (m.month + interval '1 month')::date AS month, f.agreement_id, f.account_id,
                              sum(f.monthly_amount) AS amount
                  FROM month_end m JOIN agreement_line f ON f.from_on <= m.day AND f.until_on > m.day
                  GROUP BY 1, 2, 3) b ON b.month = n.month AND b.agreement_id = n.agreement_id
        ) f
        JOIN month_end m ON m.month = f.month
        JOIN owner_of s ON s.account_id = f.account_id {BY_SCOPE}""",
    "ledger": f"""
        SELECT m.month, {counts(LEDGER)} FROM ledger_balance f
        JOIN ledger_category k ON k.ledger_account_id = f.ledger_account_id JOIN month_end m ON m.month = f.month
        WHERE f.retired_on IS NULL AND f.basis = 'accrual' GROUP BY 1""",
}


def _filled(name: str) -> str:
    """A month's value with its rows and checksum: nothing counted is zero, not read is nothing."""
    unread = "false"
    if name in STOCKS:
        unread = "m.day IS NULL"
    elif name in MOVES:
        unread = "m.day IS NULL OR m.month = (SELECT min(month) FROM month_end)"
    elif name in LEDGER:
        unread = "s.kind <> 'company'"
    return ", ".join(
        f"CASE WHEN NOT ({unread}) THEN coalesce({column}, 0)::numeric END AS {column}"
        for column in (name, f"n_{name}", f"k_{name}")
    )


WIDE = f"""
CREATE TEMP TABLE wide ON COMMIT DROP AS
SELECT scope_id, s.kind, s.kind = 'organization' AS client, m.period_id, m.month, m.running,
       1::numeric AS months_measured, 1 AS months, 1 AS of_months, {", ".join(_filled(name) for name in BASE)}
FROM (SELECT id AS scope_id, kind FROM scope) s CROSS JOIN month_end m
LEFT JOIN opened USING (scope_id, month) LEFT JOIN closed USING (scope_id, month)
LEFT JOIN stood_open USING (scope_id, month) LEFT JOIN hours USING (scope_id, month)
LEFT JOIN hours_worked USING (scope_id, month)
LEFT JOIN devices USING (scope_id, month) LEFT JOIN agreements USING (scope_id, month)
LEFT JOIN moves USING (scope_id, month)
LEFT JOIN ledger ON ledger.month = m.month AND s.kind = 'company'
"""


def _longer(name: str) -> str:
    """A longer period's value, where every one of its months has one."""
    value = f"sum({name})"
    if name in LASTS:
        value = f"(array_agg({name} ORDER BY w.month DESC))[1]"
    elif name in FIRSTS:
        value = f"(array_agg({name} ORDER BY w.month))[1]"
    elif name in STOCKS:
        value = f"round(sum({name}), 40) / nullif(count({name}), 0)"  # rounded once, where it is stored
    return (f"CASE WHEN count({name}) = p.of_months THEN {value} END AS {name},"
            f" sum(n_{name}) AS n_{name}, sum(k_{name}) AS k_{name}")


LONGER = f"""
CREATE TEMP TABLE longer ON COMMIT DROP AS
SELECT w.scope_id, w.kind, w.client, p.grain, p.id AS period_id, p.running,
       max(p.of_months)::numeric AS months_measured, count(*) AS months, max(p.of_months) AS of_months,
       {", ".join(_longer(name) for name in BASE)}
FROM (SELECT id, grain, starts_on, ends_on, ends_on > current_date AS running,
             (SELECT count(*) FROM generate_series(starts_on, least(ends_on - 1, current_date), interval '1 month'))
                 AS of_months
      FROM period WHERE grain IN ('quarter', 'year')) p
JOIN wide w ON w.month >= p.starts_on AND w.month < p.ends_on
GROUP BY w.scope_id, w.kind, w.client, p.grain, p.id, p.running, p.of_months
"""


def _spread(table: str, source: str, definitions: Mapping[str, int]) -> str:
    """Wide rows to one row a value."""
    def formulas(text: Mapping[str, tuple[str, bool]], clients: str) -> list[str]:
        return [
            f"({definitions[key]}, round({formula}, 8), NULL::int, NULL::numeric, 4,"
            f" {clients if everyone else COMPANY})"
            for key, (formula, everyone) in text.items()
        ]

    rows = [
        *(f"({definitions[n]}, {n}::numeric, n_{n}::int, k_{n}::numeric, 0, true)" for n in EVERYONES),
        *(f"({definitions[n]}, {n}::numeric, n_{n}::int, k_{n}::numeric, 0, {COMPANY})" for n in LEDGER),
        *formulas({key: (key, False) for key in TOTALS}, COMPANY),
        *formulas(WORKED_OUT, "kind <> 'not_linked'"),
    ]
    totals = ", ".join(f"{formula} AS {key}" for key, formula in TOTALS.items())
    return f"""
        INSERT INTO {table} (scope_id, definition_id, period_id, basis_id, rollup_id, revision, value, state, origin,
                             months, of_months, fact_rows, checksum)
        SELECT w.scope_id, u.definition_id, w.period_id, b.id, (SELECT max(id) FROM rollup), 0, u.value,
               CASE WHEN u.value IS NULL THEN CASE WHEN u.origin = 4 THEN 7 ELSE 4 END
                    WHEN w.running THEN 1 ELSE 0 END, u.origin, w.months, w.of_months, u.rows, u.checksum
        FROM (SELECT *, {totals} FROM {source}) w
        CROSS JOIN LATERAL (VALUES {", ".join(rows)}) u(definition_id, value, rows, checksum, origin, wanted)
        JOIN (SELECT definition_id, min(id) AS id FROM basis GROUP BY 1) b ON b.definition_id = u.definition_id
        WHERE u.wanted"""


def roll_up(first: date) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute("SELECT metric || CASE WHEN version > 1 THEN '_' || version ELSE '' END, id FROM definition")
        definitions = dict(cursor.fetchall())
        for table, select in FACTS.items():
            cursor.execute(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {select}", {"first": first})
            cursor.execute(f"ANALYZE {table}")
        for statement in (
            WIDE, "ANALYZE wide", LONGER, "ANALYZE longer", _spread("metrics_monthly", "wide", definitions),
            _spread("metrics_quarterly", "longer WHERE grain = 'quarter'", definitions),
            _spread("metrics_yearly", "longer WHERE grain = 'year'", definitions),
        ):
            cursor.execute(statement)
