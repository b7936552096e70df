"""One row for each amount that stood: an agreement's base or an addition, normalised to a month."""

from django.db import migrations

# An agreement bills on a day within its term and before its cancellation, so those days cut the state's own.
FORWARD = """
CREATE VIEW agreement_line AS
WITH base AS (
    SELECT thing_id AS agreement_id, account_id, kind, currency, amount, cycle_months,
           greatest(from_on, starts_on) AS from_on,
           least(until_on, ends_on + 1, CASE WHEN cancelled THEN coalesce(cancelled_on, from_on) END) AS until_on
    FROM agreement_state
)
SELECT agreement_id, NULL::bigint AS addition_id, account_id, kind, ''::text AS product, currency,
       amount / cycle_months AS monthly_amount, 0::numeric AS seats, from_on, until_on
FROM base WHERE from_on < until_on
UNION ALL
SELECT b.agreement_id, x.id, b.account_id, b.kind, s.product, b.currency,
       CASE WHEN s.billed THEN s.amount / b.cycle_months ELSE 0 END,
       s.quantity - s.included,
       greatest(b.from_on, s.from_on, s.effective_on),
       least(b.until_on, s.until_on, s.cancelled_on)
FROM addition x
JOIN addition_state s ON s.thing_id = x.id
JOIN base b ON b.agreement_id = x.agreement_id
WHERE greatest(b.from_on, s.from_on, s.effective_on) < least(b.until_on, s.until_on, s.cancelled_on)
"""


class Migration(migrations.Migration):
    dependencies = [("collectors", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, "DROP VIEW agreement_line")]
