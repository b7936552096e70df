"""The 18 SmartNumbers by quarter, in the owner's own order."""

from __future__ import annotations

from metrics.definitions import CATALOGUE
from qbr.pages.layout import Page
from qbr.pages.panels import QuarterTable

EIGHTEEN = tuple(key for key, metric in CATALOGUE.items() if metric.smart_number)
ROWS = ((QuarterTable(key="smartnumbers", title="SmartNumbers by quarter", of="SmartNumber", metrics=EIGHTEEN),),)

PAGE = Page(
    slug="smartnumbers",
    title="SmartNumbers",
    lead="The 18 by quarter and for the year to date. Each one leads to its working.",
    rows=ROWS,
    client_rows=ROWS,
)
