"""The seed's table of SmartNumbers, as a view of the stored values whose definition is one (R14)."""

from django.db import migrations

ONE_GRAIN = """
SELECT d.metric, d.version, s.kind AS scope, s.organization_id, p.grain, p.starts_on, p.ends_on,
       v.value, v.state, v.origin, v.months, v.of_months
FROM {table} v
JOIN definition d ON d.id = v.definition_id AND d.smart_number
JOIN scope s ON s.id = v.scope_id
JOIN period p ON p.id = v.period_id
"""
TABLES = ("metrics_monthly", "metrics_quarterly", "metrics_yearly")
FORWARD = "CREATE VIEW smartnumbers AS " + " UNION ALL ".join(ONE_GRAIN.format(table=table) for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, "DROP VIEW smartnumbers")]
