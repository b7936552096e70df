"""Dated decisions as spans of days: each lasts until the next about the same thing begins."""

from django.db import migrations

SPANS = """
CREATE VIEW {view} AS
SELECT {thing}, {what}, from_on, lead(from_on, 1, date '9999-12-31') OVER (PARTITION BY {thing} ORDER BY from_on) AS until_on
FROM {table}
"""
FORWARD = [
    SPANS.format(view="queue_kind_days", thing="queue_id", what="kind", table="queue_kind"),
    SPANS.format(view="ledger_category_days", thing="ledger_account_id", what="category", table="ledger_category"),
]
BACKWARD = ["DROP VIEW queue_kind_days", "DROP VIEW ledger_category_days"]


class Migration(migrations.Migration):
    dependencies = [("metrics", "0002_smartnumbers")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
