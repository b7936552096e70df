"""The temporary tables a roll-up stands on: periods, scopes, whose each account is, and what has been read.

    known_month     months asked for (`rolled`) and the month before each, with the rules in force at its end and the
                    last of its days that has come (`last_day`)
    upper, member   quarters and years that hold a month asked for, and their months that have begun
    scoped          every scope, and the months in which it is a client's
    owned           whose each account is on which days; accounts nobody owns have no row
    narrow_month    months in which nothing but facts of some clients' accounts has moved
    asked           (scope, month) and asked_upper (scope, quarter or year): what will be worked out
    wanted          (scope, month) whose state is needed: in narrow months those asked for, in others everyone
    linked          which connections know a scope, on which days
    stock_day       the day a connection's month is read on, and whether it is a whole reading
    doubled         clients, and the company with them, that two systems count on one day, in words
    fed             for each facts, scope and month: the state of what is counted from them
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from collectors.systems import FILES, of_other_layers
from metrics.declare import Bridge, Facts, Flow, Metric, Standing, Stock, Told, ToldStanding, ToldStock
from metrics.definitions import CATALOGUE
from metrics.models import Period, Scope
from metrics.periods import Month, Quarter, Span, Year
from metrics.rollup.asked import NEW_SCOPES, Asked, Needs
from metrics.rollup.compile import bridges, entities_of, moved, standing, untold
from metrics.rollup.sql import day, execute, fetch, ids, lay, text
from metrics.settings import COLUMNS, lay_rules
from organizations.as_of import clients_sql, owners_sql

Periods = dict[Span, int]  # the id of each period row

NO_STOCK_DAY = """
SELECT '' AS facts, 0::bigint AS connection_id, 0::bigint AS period_id, NULL::date AS month, false AS rolled,
       NULL::date AS day, 0::smallint AS state, '' AS cause WHERE false"""

# Where two systems count for a client on one day, what they say together may be the same things twice.
DOUBLED = """
WITH held AS (
    SELECT r.facts, l.scope_id, r.period_id, c.id, c.label, greatest(l.starts_on, c.counts_from, m.month) AS from_on,
           least(l.ends_on, c.counts_to, m.ends_on) AS until_on
    FROM read_state r
    JOIN connection c ON c.id = r.connection_id
    JOIN known_month m ON m.period_id = r.period_id
    JOIN linked l ON l.connection_id = c.id AND l.starts_on < m.ends_on AND l.ends_on > m.month
    JOIN scoped w ON w.scope_id = l.scope_id AND NOT (w.internal AND r.facts IN ({ours}))
    WHERE r.state <> 4 AND r.facts IN (
        SELECT facts FROM read_state WHERE facts NOT IN ({whole}) GROUP BY 1 HAVING count(DISTINCT connection_id) > 1)
), client AS (
    SELECT a.facts, a.scope_id, a.period_id, min(least(a.label, b.label) || ' and ' || greatest(a.label, b.label)
           || ' both count: say in the admin from and to which day each does') AS words
    FROM held a JOIN held b USING (facts, scope_id, period_id)
    WHERE a.id < b.id AND a.from_on < b.until_on AND b.from_on < a.until_on
    GROUP BY 1, 2, 3
)
SELECT * FROM client
UNION ALL
SELECT n.facts, s.scope_id, n.period_id, min(o.name || ': ' || n.words)
FROM client n JOIN scoped t ON t.scope_id = n.scope_id JOIN organization o ON o.id = t.organization_id
CROSS JOIN scoped s WHERE s.kind = 'company' GROUP BY 1, 2, 3"""

# A tenant that is refused while the others are read: what was read of it before stays and is no longer today's. Where
# a list is refused that tells more of things another one names, what it told of those that are left is no number.
REFUSED = """
SELECT c.facts, n.connection_id, o.scope_id, (n.since AT TIME ZONE {zone})::date AS since,
       a.name || ': ' || n.says AS words, false AS of_all
FROM (VALUES {counted}) c(facts, entity)
JOIN refusal n ON n.entity = c.entity
JOIN account a ON a.id = n.account_id
LEFT JOIN owned o ON o.account_id = a.id AND o.ends_on > (n.since AT TIME ZONE {zone})::date
WHERE o.ignored IS NOT TRUE
UNION ALL
SELECT c.facts, n.connection_id, NULL, (n.since AT TIME ZONE {zone})::date, n.says, true
FROM (VALUES {counted}) c(facts, entity)
JOIN refusal n ON n.entity = c.entity AND n.account_id IS NULL
WHERE c.facts = ANY(ARRAY[{told_apart}]::text[])"""


def lay_tables(asked: Asked, known_at: datetime | None = None) -> tuple[Periods, frozenset[Month]]:
    """Lay every table above; the ids of the periods in play, and which months are narrow."""
    periods = _lay_periods(asked)
    _lay_scopes(known_at)
    _lay_owners(known_at)
    narrow = _lay_narrow(asked, periods)
    _lay_asked(asked, periods, narrow)
    _lay_readings(asked)
    return periods, narrow


def _lay_periods(asked: Asked) -> Periods:
    months = asked.months
    known = {*months, *(month.previous for month in months)}
    members = _members(months, asked)
    periods = _period_ids({*known, *members, *(month for of in members.values() for month in of)})
    lay_rules("period_rules", {row: span.ends_on - timedelta(days=1) for span, row in periods.items()})
    rolled = frozenset(months)
    month_rows = ", ".join(_month_row(month, periods[month], asked, month in rolled) for month in sorted(known))
    lay("known_month", f"""
        SELECT m.*, {", ".join(f"r.{key}" for key in COLUMNS)}
        FROM (VALUES {month_rows}) m(period_id, month, ends_on, last_day, starts_at, ends_at, running, rolled)
        JOIN period_rules r ON r.period_id = m.period_id""")
    return periods


def _members(months: Iterable[Month], asked: Asked) -> dict[Span, list[Month]]:
    """The quarters and years that hold some months, and their months that have begun."""
    upper: set[Span] = {
        span for month in months for span in (Quarter.holding(month.starts_on), Year.holding(month.starts_on))
    }
    return {span: [month for month in span.months if month <= asked.current] for span in sorted(upper, key=str)}


def lay_upper(asked: Asked, periods: Periods) -> Periods:
    """The tables of quarters and years that hold a month still asked for; these, and the months they are made of."""
    still = {period for (period,) in fetch("SELECT DISTINCT period_id FROM asked")}
    members = _members([month for month in asked.months if periods[month] in still], asked)
    rows = [
        f"({periods[span]}, {text(span.grain)}, {span.ends_on > asked.current.starts_on})"
        for span in members if not asked.is_closed(span.ends_on)
    ]
    lay("upper", f"SELECT * FROM (VALUES {', '.join(rows)}) u(period_id, grain, running)" if rows else
        "SELECT 0::bigint AS period_id, ''::text AS grain, false AS running WHERE false")
    held = ", ".join(
        f"({periods[span]}, {periods[month]}, {day(month.starts_on)}, {number})"
        for span, of in members.items() for number, month in enumerate(of)
    )
    lay("member", f"SELECT * FROM (VALUES {held or '(0, 0, NULL::date, 0)'}) m(period_id, month_id, month, number)")
    lay("asked_upper", """
        SELECT p.scope_id, u.period_id, u.grain, u.running, s.kind,
               coalesce(bit_or(1 << m.number)
                   FILTER (WHERE m.month >= s.from_month AND m.month < s.to_month), 0) AS mask
        FROM (SELECT DISTINCT a.scope_id, m.period_id FROM asked a JOIN member m ON m.month_id = a.period_id) p
        JOIN upper u ON u.period_id = p.period_id
        JOIN scoped s ON s.scope_id = p.scope_id
        JOIN member m ON m.period_id = p.period_id
        GROUP BY 1, 2, 3, 4, 5""")
    spans: set[Span] = {*members, *(month for of in members.values() for month in of)}
    return {span: periods[span] for span in spans}


def _month_row(month: Month, period: int, asked: Asked, rolled: bool) -> str:
    starts_at, ends_at = (f"timestamptz '{moment.isoformat()}'" for moment in month.moments(asked.zone))
    running = month >= asked.current
    days = ", ".join(day(each) for each in (month.starts_on, month.ends_on, asked.last_day(month)))
    return f"({period}, {days}, {starts_at}, {ends_at}, {running}, {rolled})"


def _period_ids(spans: Iterable[Span]) -> Periods:
    wanted = {(span.grain, span.starts_on): span for span in spans}
    first = min(starts_on for _, starts_on in wanted)

    def rows() -> Mapping[tuple[str, date], int]:
        found = Period.objects.filter(starts_on__gte=first).exclude(grain="week")
        return {(grain, starts_on): row for row, grain, starts_on in found.values_list("id", "grain", "starts_on")}

    there = rows()
    if missing := [span for key, span in wanted.items() if key not in there]:
        Period.objects.bulk_create(
            [Period(grain=span.grain, starts_on=span.starts_on, ends_on=span.ends_on) for span in missing],
            ignore_conflicts=True,
        )
        there = rows()
    return {span: there[key] for key, span in wanted.items()}


def company_scope() -> int:
    return Scope.objects.get_or_create(kind=Scope.Kind.COMPANY, organization=None, key=None)[0].pk


def not_linked_scope() -> int:
    return Scope.objects.get_or_create(kind=Scope.Kind.NOT_LINKED, organization=None, key=None)[0].pk


def _lay_scopes(known_at: datetime | None) -> None:
    company_scope()
    not_linked_scope()
    execute(NEW_SCOPES)
    # A client's first and last day are rounded out to whole months: a month it was a client in counts.
    lay("scoped", f"""
        SELECT s.id AS scope_id, s.kind, s.organization_id, coalesce(o.kind = 'internal', false) AS internal,
               coalesce(date_trunc('month', o.client_from::timestamp)::date, date '0001-01-01') AS from_month,
               coalesce((date_trunc('month', o.client_to - interval '1 day') + interval '1 month')::date,
                        date '9999-12-31') AS to_month
        FROM scope s LEFT JOIN ({clients_sql(known_at)}) o ON o.id = s.organization_id
        WHERE s.kind IN ('company', 'not_linked', 'organization')""")


def _lay_narrow(asked: Asked, periods: Periods) -> frozenset[Month]:
    """A month is narrow where each account that moved is one client's all month long, or nobody's business.

    Then the company moves by as much as those clients do, and no other client's facts need reading again. It does not
    where the first row of a month, or the last, turns whether the vendor tells.
    """
    marked = [
        f"({periods[month]}, {account})" for month, part in asked.partly.items() if part.needs is not None
        for account in part.accounts
    ]
    lay("narrow_month", f"""
        SELECT x.period_id FROM (VALUES {", ".join(marked) or "(0, 0)"}) x(period_id, account_id)
        JOIN known_month m ON m.period_id = x.period_id
        LEFT JOIN owned o ON o.account_id = x.account_id AND o.starts_on <= m.month AND o.ends_on >= m.ends_on
        GROUP BY x.period_id HAVING count(*) = count(o.account_id)""")
    narrow = {row for (row,) in fetch("SELECT period_id FROM narrow_month")}
    found = {month for month in asked.partly if periods[month] in narrow}
    turning = {month for month in found if _turns(month, asked.needs(month), periods[month])}
    execute(f"DELETE FROM narrow_month WHERE period_id = ANY({ids(periods[month] for month in turning)})")
    return frozenset(found - turning)


def _turns(month: Month, needs: Needs, period: int) -> bool:
    """Whether the company has a number of what a vendor may not tell and had none before, or the other way round."""
    if any(  # of what stood: its listings ask for whole months anyway
        _is_of_what_stands(metric, needs)
        for metric in CATALOGUE.values()
    ):
        return True
    of = {
        (metric.told, metric.among): metric for metric in CATALOGUE.values()
        if isinstance(metric, Told) and (needs is None or needs & {*entities_of(metric.facts)})
    }
    turned = [
        f"""{untold(metric, month)} IS DISTINCT FROM (
            SELECT CASE WHEN v.origin = 0 THEN v.value ELSE v.collected END IS NULL
            FROM metrics_monthly v JOIN definition d ON d.id = v.definition_id
            WHERE v.scope_id = {company_scope()} AND v.period_id = {period}
              AND d.metric = {text(metric.key)} AND d.version = {metric.version})"""
        for metric in of.values()
    ]
    return bool(turned) and bool(fetch(f"SELECT {' OR '.join(turned)}")[0][0])


def _is_of_what_stands(metric: Metric, needs: Needs) -> bool:
    if not isinstance(metric, ToldStock | ToldStanding) or needs is None:
        return False
    entities = entities_of(metric.facts)
    return bool(needs & {*entities, *map(standing, entities)})


def _lay_asked(asked: Asked, periods: Periods, narrow: frozenset[Month]) -> None:
    apart = not_linked_scope()
    pairs = [f"SELECT scope_id, unnest(ARRAY[{_listed(asked.whole, periods)}]::bigint[]) AS period_id FROM scoped"]
    pairs += [
        f"SELECT scope_id, {periods[month]} FROM scoped"
        f" WHERE scope_id = ANY({ids(part.scopes - {apart} if month in narrow else part.scopes)})"
        for month, part in asked.partly.items()
    ]
    lay("asked", " UNION ALL ".join(pairs))


def _listed(months: Iterable[Month], periods: Periods) -> str:
    return ", ".join(str(periods[month]) for month in sorted(months))


def _lay_owners(known_at: datetime | None) -> None:
    lay("owner_day", owners_sql(known_at))
    # Outside a client's own months its facts are nobody's, so that clients and the rest still make the company.
    lay("owned", """
        SELECT w.account_id, greatest(w.starts_on, s.from_month) AS starts_on, least(w.ends_on, s.to_month) AS ends_on,
               s.scope_id, s.internal, false AS ignored
        FROM owner_day w JOIN scoped s ON s.organization_id = w.organization_id
        WHERE w.verdict = 'linked' AND greatest(w.starts_on, s.from_month) < least(w.ends_on, s.to_month)
        UNION ALL
        SELECT account_id, starts_on, ends_on, NULL, false, true FROM owner_day WHERE verdict = 'ignored'""")
    lay("linked", """
        SELECT DISTINCT s.scope_id, a.connection_id, w.starts_on, w.ends_on
        FROM owner_day w JOIN scoped s ON s.organization_id = w.organization_id JOIN account a ON a.id = w.account_id
        WHERE w.verdict = 'linked'""")


def _lay_readings(asked: Asked) -> None:
    flows = {metric.facts.name: metric.facts for metric in CATALOGUE.values() if isinstance(metric, Flow | Standing)}
    stocks = {metric.facts.name: metric.facts for metric in CATALOGUE.values() if isinstance(metric, Stock)}
    stocks |= {bridge.facts.name: bridge.facts for bridge in bridges()}
    flows, stocks = ({name: facts for name, facts in of.items() if asked.counts(facts)} for of in (flows, stocks))
    zone = text(asked.zone.key)
    lay("stock_day", " UNION ALL ".join(stock_days(facts) for facts in stocks.values()) or NO_STOCK_DAY)
    states = [_flow_states(facts, zone) for facts in flows.values()]
    states.append("SELECT facts, connection_id, period_id, state, cause FROM stock_day WHERE rolled")
    states += [_moved_states(bridge) for bridge in bridges() if bridge.facts.name in stocks]
    lay("read_state", " UNION ALL ".join(states))
    whole = ", ".join(text(facts.name) for facts in (flows | stocks).values() if not facts.account) or "''"
    ours = ", ".join(text(facts.name) for facts in (flows | stocks).values() if not facts.internal) or "''"
    lay("doubled", DOUBLED.format(whole=whole, ours=ours))
    counted = [(name, entity) for name, facts in (flows | stocks).items() for entity in entities_of(facts)]
    lay("refused", REFUSED.format(
        counted=", ".join(f"({text(name)}, {text(entity)})" for name, entity in counted) or "('', '')", zone=zone,
        told_apart=", ".join(text(name) for name, facts in (flows | stocks).items() if facts.told_apart),
    ))
    lay("wanted", """
        SELECT scope_id, period_id FROM asked WHERE period_id IN (SELECT period_id FROM narrow_month)
        UNION ALL
        SELECT s.scope_id, m.period_id FROM scoped s CROSS JOIN known_month m
        WHERE m.rolled AND m.period_id NOT IN (SELECT period_id FROM narrow_month)""")
    lay("fed", f"""
        SELECT x.facts, x.scope_id, x.period_id,
               CASE WHEN x.apart OR x.ours THEN 6
                    WHEN x.doubled IS NOT NULL AND bool_and(x.state IN (0, 1)) THEN 3
                    WHEN min(x.state) = max(x.state) THEN max(x.state)
                    WHEN bool_and(x.state IN (0, 1)) THEN 1 ELSE 2 END::smallint AS state,
               CASE WHEN x.apart THEN 'not a client then' WHEN x.ours THEN 'our own are not counted'
                    ELSE coalesce(min(x.cause) FILTER (WHERE x.state NOT IN (0, 1)), x.doubled) END AS cause
        FROM (
            SELECT DISTINCT r.facts, s.scope_id, r.period_id, r.connection_id,
                   CASE WHEN n.words IS NULL OR r.state NOT IN (0, 1) THEN r.state
                        WHEN n.of_all THEN 4 ELSE 2 END AS state,
                   CASE WHEN n.words IS NOT NULL AND r.state IN (0, 1) THEN n.words ELSE r.cause END AS cause,
                   m.month < s.from_month OR m.month >= s.to_month AS apart, s.internal AND r.facts IN ({ours}) AS ours,
                   w.words AS doubled
            FROM read_state r
            JOIN known_month m ON m.period_id = r.period_id
            JOIN wanted a ON a.period_id = r.period_id
            JOIN scoped s ON s.scope_id = a.scope_id
            LEFT JOIN linked l ON l.scope_id = s.scope_id AND l.connection_id = r.connection_id
                AND l.starts_on < m.ends_on AND l.ends_on > m.month
            LEFT JOIN LATERAL (
                SELECT min(x.words) AS words, bool_or(x.of_all) AS of_all FROM refused x
                WHERE x.facts = r.facts AND x.connection_id = r.connection_id AND x.since < m.ends_on
                  AND (x.scope_id = s.scope_id OR s.organization_id IS NULL OR x.of_all)
            ) n ON true
            LEFT JOIN doubled w ON w.facts = r.facts AND w.scope_id = s.scope_id AND w.period_id = r.period_id
            WHERE s.organization_id IS NULL OR l.scope_id IS NOT NULL
        ) x
        GROUP BY 1, 2, 3, x.apart, x.ours, x.doubled""")


def sources(facts: Facts, readings: str) -> str:
    """Connections that feed an entity: they have been read for it, or hold facts of a read not yet ended well.

    One of a vendor that feeds it elsewhere will, so that the sum of those read before it is not taken for the whole;
    but of a source of files nobody knows what will be loaded into it.
    A system known to speak for another layer does not: the EDR's devices are no part of the RMM's. The ORDER BY has
    the planner look one row up by key instead of reading the whole table for a connection without.
    """
    table, entity = facts.entity._meta.db_table, text(facts.entity.__name__)
    elsewhere = ", ".join(text(slug) for slug in of_other_layers(facts.layer))
    files = ", ".join(map(text, FILES))
    return f"""SELECT connection_id FROM (
        SELECT connection_id FROM {readings} WHERE entity = {entity}
        UNION SELECT c.id FROM connection c WHERE c.enabled AND c.vendor NOT IN ({files}) AND c.vendor IN (
            SELECT k.vendor FROM connection k JOIN {readings} k_read ON k_read.connection_id = k.id
            WHERE k_read.entity = {entity})
        UNION SELECT c.id FROM connection c WHERE (
            SELECT x.external_id FROM {table} x WHERE x.connection_id = c.id ORDER BY x.external_id LIMIT 1
        ) IS NOT NULL
        ) feeding WHERE connection_id NOT IN (SELECT id FROM connection WHERE vendor IN ({elsewhere}))"""


def _flow_states(facts: Facts, zone: str) -> str:
    """What happened is measured in a month read from before it began to past its end, by each entity it needs."""
    entities = ", ".join(text(name) for name in entities_of(facts))

    def on(moment: str) -> str:
        return f"to_char({moment} AT TIME ZONE {zone}, 'FMDD Mon YYYY')"

    return f"""
        SELECT {text(facts.name)} AS facts, s.connection_id, m.period_id,
               CASE WHEN s.entities < {len(entities_of(facts))} THEN 4
                    WHEN s.read_from >= d.ends_at OR s.read_through <= d.starts_at THEN 4
                    WHEN s.read_from > d.starts_at THEN 2
                    WHEN s.read_through >= d.ends_at THEN 0
                    WHEN m.running THEN 1 ELSE 2 END::smallint AS state,
               CASE WHEN s.entities < {len(entities_of(facts))} THEN 'not read yet'
                    WHEN s.read_from >= d.ends_at THEN 'not collected before ' || {on("s.read_from")}
                    WHEN s.read_through <= d.starts_at THEN 'not read since ' || {on("s.read_through")}
                    WHEN s.read_from > d.starts_at THEN 'read from ' || {on("s.read_from")}
                    WHEN s.read_through < d.ends_at AND NOT m.running THEN 'read until ' || {on("s.read_through")}
               END AS cause
        FROM (
            SELECT c.id AS connection_id, c.counts_from, c.counts_to, count(r.id) AS entities,
                   max(r.read_from) AS read_from, min(r.read_through) AS read_through
            FROM ({sources(facts, "reading")}) x JOIN connection c ON c.id = x.connection_id
            LEFT JOIN reading r ON r.connection_id = c.id AND r.account_id IS NULL AND r.entity IN ({entities})
            GROUP BY c.id
        ) s
        CROSS JOIN known_month m
        CROSS JOIN LATERAL (
            SELECT CASE WHEN s.counts_from <= m.month THEN m.starts_at
                        ELSE s.counts_from::timestamp AT TIME ZONE {zone} END AS starts_at,
                   CASE WHEN s.counts_to >= m.ends_on THEN m.ends_at
                        ELSE s.counts_to::timestamp AT TIME ZONE {zone} END AS ends_at
        ) d
        WHERE m.rolled AND s.counts_from < m.ends_on AND s.counts_to > m.month"""


def stock_days(facts: Facts) -> str:
    """A month's stock is read on its last complete listing, if that was taken near enough to its end (C25).

    A connection that no longer counts at the end tells nothing of it; what took its place does. Before the first run
    that ended well, no list of those needed may be missing: agreements without their additions would bill too little.
    A listing of what looks back at what happened waits until that is read as well, where the connection reads it.
    """
    entities = ", ".join(text(name) for name in entities_of(facts))
    known_on, unread = "NULL::date", ""
    if facts.through:
        known_on = f"""(
            SELECT min((r.read_through AT TIME ZONE (SELECT time_zone FROM calendar))::date) FROM reading r
            WHERE r.connection_id = c.id AND r.account_id IS NULL
              AND r.entity IN ({", ".join(text(of.__name__) for of in facts.through)}))"""
        words = " and ".join(str(of._meta.verbose_name_plural) for of in facts.through)
        unread = f"""
                    WHEN s.known_on < least(m.ends_on, s.counts_to) - 1 AND NOT m.running
                    THEN {text(words)} || ' read until ' || to_char(s.known_on, 'FMDD Mon YYYY')"""
    return f"""
        SELECT {text(facts.name)} AS facts, s.connection_id, m.period_id, m.month, m.rolled, d.day,
               CASE WHEN d.day IS NULL THEN 4
                    WHEN m.running THEN 1
                    WHEN least(m.ends_on, s.counts_to) - 1 - d.day <= m.listing_tolerance_days THEN 0
                    ELSE 2 END::smallint AS state,
               CASE WHEN s.first_day IS NULL OR s.entities < s.needed THEN 'not listed yet'{unread}
                    WHEN s.first_day >= m.ends_on THEN 'not collected before ' || to_char(s.first_day, 'FMDD Mon YYYY')
                    WHEN d.day IS NULL THEN 'not listed in this month'
                    WHEN NOT m.running AND least(m.ends_on, s.counts_to) - 1 - d.day > m.listing_tolerance_days
                    THEN 'last listed ' || to_char(d.day, 'FMDD Mon YYYY') END AS cause
        FROM (
            SELECT c.id AS connection_id, c.counts_from, c.counts_to, min(l.day) AS first_day,
                   count(DISTINCT l.entity) AS entities,
                   CASE WHEN c.full_compare_at IS NULL THEN {len(entities_of(facts))}
                        ELSE count(DISTINCT l.entity) END AS needed, {known_on} AS known_on
            FROM ({sources(facts, "listing")}) x JOIN connection c ON c.id = x.connection_id
            LEFT JOIN listing l ON l.connection_id = c.id AND l.entity IN ({entities})
            GROUP BY c.id
        ) s
        CROSS JOIN known_month m
        LEFT JOIN LATERAL (
            SELECT min(e.day) AS day FROM (
                SELECT max(l.day) AS day FROM listing l
                WHERE l.connection_id = s.connection_id AND l.entity IN ({entities})
                  AND l.day >= greatest(m.month, s.counts_from) AND l.day < least(m.ends_on, s.counts_to)
                  AND l.day <= coalesce(s.known_on, l.day)
                GROUP BY l.entity
            ) e HAVING count(*) = s.needed
        ) d ON true
        WHERE s.counts_from < m.ends_on
          AND s.counts_to > least(m.ends_on - 1, greatest(m.month, (SELECT max(day) FROM listing)))"""


def _moved_states(bridge: Bridge) -> str:
    """A movement is measured between two month ends that were both read whole."""
    facts = text(bridge.facts.name)
    return f"""
        SELECT {text(moved(bridge))}, n.connection_id, n.period_id,
               CASE WHEN n.state NOT IN (0, 1) THEN n.state WHEN b.state IN (0, 1) THEN n.state
                    WHEN b.state = 2 THEN 2 ELSE 4 END::smallint,
               CASE WHEN n.state NOT IN (0, 1) THEN n.cause WHEN b.state IN (0, 1) THEN NULL
                    ELSE 'the month before is ' || CASE WHEN b.state = 2 THEN 'incomplete' ELSE 'not collected' END END
        FROM stock_day n
        LEFT JOIN stock_day b ON b.facts = n.facts AND b.connection_id = n.connection_id
            AND b.month = (n.month - interval '1 month')::date
        WHERE n.rolled AND n.facts = {facts}"""
