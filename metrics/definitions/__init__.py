"""Every metric, in the order it is shown: the rows of the owner's spreadsheet, then what we add to them."""

from __future__ import annotations

from itertools import chain

from metrics.declare import Metric
from metrics.definitions import agreements, operations, results, sales, service, smartnumbers


def _catalogue(*groups: tuple[Metric, ...]) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for metric in chain(*groups):
        if metrics.setdefault(metric.key, metric) is not metric:
            raise ValueError(f"Two metrics are called {metric.key}.")
    return metrics


CATALOGUE: dict[str, Metric] = _catalogue(
    service.MONTHLY, operations.MONTHLY, results.MONTHLY, operations.GENERAL, agreements.MONTHLY, sales.MONTHLY,
    smartnumbers.SMART_NUMBERS, results.RATIOS, agreements.RETENTION, service.QUALITY, service.HOURS,
)
