"""Which record of another layer is which device of the RMM: inside one client, by serial number, then by host name.

A guess is worse than a gap: what fits two devices of the client fits none, and a serial number that makers write into
every machine is no serial number. The pairs are laid anew before a roll-up; what did not change is left in place.
"""

from __future__ import annotations

from django.db import connection

from organizations.as_of import owners_sql

# A serial number that tells one machine from another.
REAL = "length({0}) >= 5 AND {0} ~ '[0-9]' AND {0} !~ '^(.)\\1*$' AND {0} !~ '^0?123456'"

FOUND = """
CREATE TEMPORARY TABLE same_now ON COMMIT DROP AS
WITH owner AS MATERIALIZED (
    SELECT account_id, organization_id FROM ({owners}) o
    WHERE verdict = 'linked' AND starts_on <= current_date AND ends_on > current_date
), named AS (
    SELECT t.id, t.layer, upper(btrim(t.serial)) AS serial, lower(btrim(t.hostname)) AS name, s.account_id
    FROM asset t CROSS JOIN LATERAL (
        SELECT account_id FROM asset_state s WHERE s.thing_id = t.id ORDER BY from_on DESC LIMIT 1) s
    UNION ALL
    SELECT t.id, 'backup', upper(btrim(t.serial)), lower(btrim(t.hostname)), s.account_id
    FROM backup t CROSS JOIN LATERAL (
        SELECT account_id, kind FROM backup_state s WHERE s.thing_id = t.id ORDER BY from_on DESC LIMIT 1) s
    WHERE s.kind = 'continuity'
), known AS MATERIALIZED (
    SELECT n.id, n.layer, CASE WHEN {real} THEN n.serial END AS serial, nullif(n.name, '') AS name, o.organization_id
    FROM named n JOIN owner o ON o.account_id = n.account_id
), device AS (
    SELECT * FROM known WHERE layer = 'rmm'
), other AS (
    SELECT * FROM known WHERE layer NOT IN ('rmm', 'psa')
), by_serial AS (
    SELECT o.layer, o.id AS other, min(d.id) AS asset_id
    FROM other o JOIN device d ON d.organization_id = o.organization_id AND d.serial = o.serial
    GROUP BY 1, 2 HAVING count(*) = 1
), by_name AS (
    SELECT o.layer, o.id AS other, min(d.id) AS asset_id
    FROM other o JOIN device d ON d.organization_id = o.organization_id AND d.name = o.name
        AND (d.serial IS NULL OR o.serial IS NULL OR d.serial = o.serial)
    WHERE NOT EXISTS (SELECT FROM by_serial b WHERE b.layer = o.layer AND b.other = o.id)
    GROUP BY 1, 2 HAVING count(*) = 1
)
SELECT layer, other, asset_id, 'serial' AS by FROM by_serial
UNION ALL SELECT layer, other, asset_id, 'name' FROM by_name"""

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
        cursor.execute(FOUND.format(owners=owners_sql(), real=REAL.format("n.serial")))
        cursor.execute(DROP_OLD)
        cursor.execute(ADD_NEW)
        return int(cursor.rowcount)
