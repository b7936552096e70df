"""The one door out: every page, export, command and program reads stored values here, as the person asking.

A metric the person may not see is absent from the answer, not blank.
"""

from metrics.reading.benchmarks import Published, benchmarks
from metrics.reading.changed_settings import Changed, ChangedBy, changed_settings
from metrics.reading.freshness import Freshness, SystemFreshness, freshness
from metrics.reading.goals import goals
from metrics.reading.over_clients import collected_by_kind, values_of_clients
from metrics.reading.peers import Among, among_peers
from metrics.reading.provenance import Provenance, provenance
from metrics.reading.shapes import (
    COMPANY,
    NOT_LINKED,
    Number,
    Numbers,
    Person,
    ScopeRef,
    client,
    may_see,
    segment,
)
from metrics.reading.stored import for_all_clients, in_version, number, numbers, numbers_by_grain, segments
from metrics.reading.to_date import year_to_date
from metrics.reading.versions import PutInForce, Switch, in_force, owners, stands_on, switches, version_on

__all__ = [
    "COMPANY", "NOT_LINKED", "Among", "Changed", "ChangedBy", "Freshness", "Number", "Numbers", "Person",
    "Provenance", "Published", "PutInForce", "ScopeRef", "Switch", "SystemFreshness", "among_peers", "benchmarks",
    "changed_settings", "client", "collected_by_kind", "for_all_clients", "freshness", "goals", "in_force",
    "in_version", "may_see", "number", "numbers", "numbers_by_grain", "owners", "provenance", "segment", "segments",
    "stands_on", "switches", "values_of_clients", "version_on", "year_to_date",
]
