"""Every metric, in the order it is shown: the rows of the owner's spreadsheet, then what we add to them.

`CATALOGUE` holds each metric in the version that is in force unless people put another in force, `ALSO` the other
versions. `VERSIONS` is both, each under a name of its own: of the catalogue's own that is the metric's key.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from metrics.declare import Metric
from metrics.definitions import (
    agreements,
    backups,
    desk,
    estate,
    invoices,
    licenses,
    operations,
    results,
    sales,
    security,
    service,
    smartnumbers,
)


def _catalogue(*groups: tuple[Metric, ...]) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for metric in chain(*groups):
        if metrics.setdefault(metric.key, metric) is not metric:
            raise ValueError(f"Two metrics are called {metric.key}.")
    return metrics


CATALOGUE: dict[str, Metric] = _catalogue(
    service.MONTHLY, operations.MONTHLY, results.MONTHLY, operations.GENERAL, agreements.MONTHLY, sales.MONTHLY,
    smartnumbers.SMART_NUMBERS, results.RATIOS, agreements.RETENTION, service.QUALITY, service.HOURS, desk.MONTHLY,
    estate.MONTHLY, backups.MONTHLY, security.MONTHLY, licenses.MONTHLY, sales.CRM, invoices.MONTHLY,
)

ALSO: tuple[Metric, ...] = (*service.BY_DAY_WORKED, *smartnumbers.WITH_ORR)


def name_of(metric: Metric) -> str:
    return metric.key if CATALOGUE[metric.key].version == metric.version else f"{metric.key}_v{metric.version}"


VERSIONS: dict[str, Metric] = CATALOGUE | {name_of(metric): metric for metric in ALSO}


def versions_of(key: str) -> Mapping[str, Metric]:
    """Every version of a metric by its name, the catalogue's own first."""
    return {key: CATALOGUE[key]} | {name_of(metric): metric for metric in ALSO if metric.key == key}


def version_of(key: str, version: int) -> Metric | None:
    """One version of a metric; None where the code does not hold it."""
    return next((metric for metric in versions_of(key).values() if metric.version == version), None)


SEVERAL = frozenset(metric.key for metric in ALSO)  # metrics of more than one version
