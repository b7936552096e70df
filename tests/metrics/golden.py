"""The golden quarter: the seed's own months, and its eighteen SmartNumbers worked out from them by hand."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from metrics import rollup
from tests.metrics.rollup.world import enter

MONTHS = Path(__file__).parents[2] / "qbr" / "examples" / "golden_q1_2025.csv"
WORKED_OUT_AT = datetime(2025, 5, 1, 12, tzinfo=UTC)

# Sums of flows over means of stocks.
SMART_NUMBERS = {
    "reactive_tickets_per_tech_per_month": "65.45454545",
    "total_close_pct": "99.90749306",
    "reactive_tickets_per_endpoint_per_month": "0.60662177",
    "rhem": "0.25369248",
    "average_resolution_time": "0.41859259",
    "reactive_service_pct": "16.40645981",
    "net_profit_pct": "10.47589857",
    "service_revenue_pct": "70.27088894",
    "services_from_mrr_pct": "91.08900778",
    "service_revenue_per_employee": "170464.94117647",
    "service_revenue_per_technical_employee": "263445.81818182",
    "aisp": "201.44017094",
    "mrr_per_agreement": "2972.60360360",
    "new_mrr_added": "2902",
    "lost_mrr_churn": "2536",
    "net_mrr_gain": "366",
    "dials_per_appointment": "0",
    "sales_call_close_pct": "50",
}


def enter_months() -> None:
    """Every month of every metric as people would, and the roll-up after it."""
    with MONTHS.open() as lines:
        for row in csv.DictReader(lines):
            metric = row.pop("metric")
            for month, number in row.items():
                if month != "unit":
                    enter(metric, month, number)
    rollup.run("golden", now=WORKED_OUT_AT)
