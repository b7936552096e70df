"""Which metrics rest on links between systems, and on what: told from what they declare, never listed by hand.

A metric is joined where its inputs are counted from the records of more than one kind of system (hours of the PSA over
devices of the RMM), or where it is summed over clients, as every value of a segment is. The share of its base that is
resolved, which means counted for an organization we know, travels with each of its values.
"""

from __future__ import annotations

from functools import cache

from metrics.declare import Derived, Facts, For, Metric, facts_of
from metrics.definitions import VERSIONS, name_of
from metrics.formula import parse

LEAST_RESOLVED = "least_resolved"  # the rule below which a joined number has insufficient coverage


@cache
def counted_inputs(name: str, scope: For) -> tuple[str, ...]:
    """The metrics counted from facts that a version of one comes down to, in its formula's order; or itself."""
    metric = VERSIONS[name]
    if facts_of(metric) is not None:
        return (name,)
    if not isinstance(metric, Derived):
        return ()
    words = [word for word in parse(metric.formula_for(scope)).inputs if word in VERSIONS]
    return tuple(dict.fromkeys(found for word in words for found in counted_inputs(word, scope)))


def is_joined(metric: Metric, scope: For) -> bool:
    """Whether a metric's values depend on which accounts are the same client. A client's own are all its own."""
    if scope is For.COMPANY:
        return len({_facts(key).layer for key in counted_inputs(name_of(metric), scope)}) > 1
    return scope is For.SEGMENT and metric.is_for(scope)


def bases_of(metric: Metric, scope: For) -> tuple[str, ...]:
    """The inputs a joined metric's coverage is told of: those whose facts belong to accounts. Empty: it has none."""
    if not is_joined(metric, scope):
        return ()
    return tuple(key for key in counted_inputs(name_of(metric), scope) if _facts(key).account)


def base_word(name: str) -> str:
    """What a share of it is a share of: hours, devices, MRR."""
    return VERSIONS[name].base or _facts(name).base


def _facts(name: str) -> Facts:
    facts = facts_of(VERSIONS[name])
    assert facts is not None, name
    return facts
