"""Which record of another layer is which device of the RMM: inside one client, by serial number, then by host name.

A guess is worse than a gap: what fits two devices of the client fits none, and a serial number that makers write into
every machine is no serial number. One that is gone gives way to one that is there, as after an agent was put on anew.
The pairs are laid anew before a roll-up; what did not change is left in place.
"""

from __future__ import annotations

from django.db import connection

from collectors.facts.shapes import EARLIEST
from organizations.as_of import owners_sql

# A serial number that tells one machine from another.
REAL = "length({0}) >= 5 AND {0} ~ '[0-9]' AND {0} !~ '^(.)\\1*$' AND {0} !~ '^0?123456'"

# Of the devices that fit, the one that is there; where none is any more, the one that was.
ONLY = "coalesce(min(d.id) FILTER (WHERE d.is_there), min(d.id))"
FITS = "count(*) FILTER (WHERE d.is_there) = 1 OR count(*) = 1"

FOUND = """
CREATE TEMPORARY TABLE same_now ON COMMIT DROP AS
WITH owner AS MATERIALIZED (
    SELECT account_id, organization_id FROM ({owners}) o
    WHERE verdict = 'linked' AND starts_on <= current_date AND ends_on > current_date
), named AS (
    SELECT t.id, t.layer, upper(btrim(t.serial)) AS serial, lower(btrim(t.hostname)) AS name, s.account_id,
           s.until_on = date '9999-12-31' AS is_there
    FROM asset t JOIN connection c ON c.id = t.connection_id AND c.counts_from < c.counts_to
    CROSS JOIN LATERAL (
        SELECT account_id, until_on FROM asset_state s WHERE s.thing_id = t.id ORDER BY from_on DESC LIMIT 1) s
    UNION ALL
    SELECT t.id, 'backup', upper(btrim(t.serial)), lower(btrim(t.hostname)), s.account_id, true
    FROM backup t JOIN connection c ON c.id = t.connection_id AND c.counts_from < c.counts_to
    CROSS JOIN LATERAL (
        SELECT account_id, kind FROM backup_state s WHERE s.thing_id = t.id ORDER BY from_on DESC LIMIT 1) s
    WHERE s.kind = 'continuity'
), known AS MATERIALIZED (
    SELECT n.id, n.layer, CASE WHEN {real} THEN n.serial END AS serial, n.is_there, o.organization_id,
           CASE WHEN n.name !~ '^[0-9.]*$' THEN split_part(n.name, '.', 1) END AS name  -- without its domain
    FROM named n JOIN owner o ON o.account_id = n.account_id
), device AS (
    SELECT * FROM known WHERE layer = 'rmm'
), other AS (
    SELECT * FROM known WHERE layer NOT IN ('rmm', 'psa')
), by_serial AS (
    SELECT o.layer, o.id AS other, {only} AS asset_id
    FROM other o JOIN device d ON d.organization_id = o.organization_id AND d.serial = o.serial
    GROUP BY 1, 2 HAVING {fits}
), by_name AS (
    SELECT o.layer, o.id AS other, {only} AS asset_id
    FROM other o JOIN device d ON d.organization_id = o.organization_id AND d.name = o.name
        AND (d.serial IS NULL OR o.serial IS NULL OR d.serial = o.serial)
    WHERE NOT EXISTS (SELECT FROM by_serial b WHERE b.layer = o.layer AND b.other = o.id)
    GROUP BY 1, 2 HAVING {fits}
)
SELECT layer, other, asset_id, 'serial' AS by FROM by_serial
UNION ALL SELECT layer, other, asset_id, 'name' FROM by_name"""

# Who is asked for anew: whose record found another device, or none. Before the roll-up takes its marks.
MARK = """
INSERT INTO touched (entity, account, month)
SELECT DISTINCT x.entity, x.account_id, %s::date FROM (
    (SELECT layer, other, asset_id FROM same_now EXCEPT SELECT layer, other, asset_id FROM same_device)
    UNION ALL
    (SELECT layer, other, asset_id FROM same_device EXCEPT SELECT layer, other, asset_id FROM same_now)
) moved CROSS JOIN LATERAL (
    SELECT account_id, 'Backup' AS entity FROM backup_state b WHERE moved.layer = 'backup' AND b.thing_id = moved.other
    UNION ALL
    SELECT account_id, 'Asset' FROM asset_state a WHERE moved.layer <> 'backup' AND a.thing_id = moved.other
) x(account_id, entity)
WHERE x.account_id IS NOT NULL
ON CONFLICT DO NOTHING"""
DROP_OLD = """
DELETE FROM same_device s WHERE NOT EXISTS (
    SELECT FROM same_now n
    WHERE n.layer = s.layer AND n.other = s.other AND n.asset_id = s.asset_id AND n.by = s.by)"""
ADD_NEW = """
INSERT INTO same_device (layer, other, asset_id, by)
SELECT layer, other, asset_id, by FROM same_now ON CONFLICT (layer, other) DO NOTHING"""


def lay() -> int:
    """Make the pairs what the records say now; how many were added. Call inside the roll-up's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.same_now")
        cursor.execute(FOUND.format(owners=owners_sql(), real=REAL.format("n.serial"), only=ONLY, fits=FITS))
        cursor.execute(MARK, [EARLIEST])
        cursor.execute(DROP_OLD)
        cursor.execute(ADD_NEW)
        return int(cursor.rowcount)
