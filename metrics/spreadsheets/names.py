"""Which metric or client a cell means, by any name people know it by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from django.db import connection
from django.utils import timezone

from collectors.facts.touched import Calendar
from metrics.declare import Metric
from metrics.reading import COMPANY, ScopeRef, client
from organizations.as_of import owners_sql

# A client is known by its slug, its own name, and the id or name of any account linked to it today.
KNOWN_AS = """
SELECT lower(o.slug), o.slug FROM organization o WHERE o.merged_into_id IS NULL AND lower(o.slug) = ANY(%(names)s)
UNION
SELECT lower(o.name), o.slug FROM organization o WHERE o.merged_into_id IS NULL AND lower(o.name) = ANY(%(names)s)
UNION
SELECT called.name, o.slug
FROM account a CROSS JOIN LATERAL (VALUES (lower(a.external_id)), (lower(a.name))) AS called(name)
JOIN ({owners}) w ON w.account_id = a.id AND w.starts_on <= %(today)s AND %(today)s < w.ends_on
JOIN organization o ON o.id = w.organization_id
WHERE called.name = ANY(%(names)s)"""


def normalised(name: str) -> str:
    """Case, punctuation and spacing do not tell metrics apart."""
    return " ".join(re.sub(r"[^\w%$]+", " ", name.casefold().replace("_", " ")).split())


def metric_finder(metrics: Iterable[Metric]) -> Callable[[str], Metric]:
    """Looks a metric up by key, label or its name in the owner's spreadsheet; the key wins, then the label."""
    catalogue = tuple(metrics)
    tiers = [
        _by_name((normalised(name), metric) for metric in catalogue if (name := getattr(metric, attribute)))
        for attribute in ("key", "label", "spreadsheet_label")
    ]

    def find(name: str) -> Metric:
        for tier in tiers:
            if found := tier.get(normalised(name)):
                if len(found) > 1:
                    choices = " or ".join(metric.key for metric in found)
                    raise LookupError(f"“{name}” names more than one metric: write {choices}")
                return found[0]
        raise LookupError(f"“{name}” is not a metric")

    return find


def _by_name(pairs: Iterable[tuple[str, Metric]]) -> dict[str, list[Metric]]:
    named: dict[str, list[Metric]] = defaultdict(list)
    for name, metric in pairs:
        named[name].append(metric)
    return named


def client_finder(names: Iterable[str]) -> Callable[[str], ScopeRef]:
    """Looks up the clients of a file in one statement. “company” is the whole business."""
    asked = sorted({name.strip().lower() for name in names if name.strip()})
    known = _known(asked) if asked else {}

    def find(name: str) -> ScopeRef:
        if not name.strip():
            raise LookupError("no client is named in this row")
        if name.strip().lower() == "company":
            return COMPANY
        slugs = known.get(name.strip().lower(), set())
        if not slugs:
            raise LookupError(f"“{name}” is not a client, nor an account linked to one")
        if len(slugs) > 1:
            raise LookupError(f"“{name}” means more than one client: write {' or '.join(sorted(slugs))}")
        return client(next(iter(slugs)))

    return find


def _known(names: list[str]) -> Mapping[str, set[str]]:
    known: dict[str, set[str]] = defaultdict(set)
    today = timezone.now().astimezone(Calendar.current().zone).date()
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_AS.format(owners=owners_sql()), {"names": names, "today": today})
        for name, slug in cursor.fetchall():
            known[name].add(slug)
    return known
