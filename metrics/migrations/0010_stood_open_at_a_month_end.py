from django.db import migrations

# By the condition of `metrics.rollup.compile.stood`, word for word: the planner takes an index whose condition follows
# from a statement's own. Of a year's tickets a few in a hundred are in it, and the newest of a month are found by key.
LAID = """
CREATE INDEX ticket_stood_open ON ticket (opened_on)
WHERE (CASE WHEN closed THEN closed_on END IS NULL OR date_trunc('month', (opened_on)::timestamp)
    < date_trunc('month', (CASE WHEN closed THEN closed_on END)::timestamp))"""


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0009_versions_in_force"),
        ("collectors", "0007_changes_after_a_close"),
    ]

    operations = [migrations.RunSQL(LAID, "DROP INDEX ticket_stood_open")]
