"""A fault at any list of any vendor never becomes a number. A new vendor joins by being there, with its sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from collectors.connections import CollectorRun, Connection
from collectors.declare import Endpoint, Vendor
from collectors.facts.accounts import Account
from collectors.facts.readings import Refusal
from collectors.facts.shapes import Record
from collectors.vendors import VENDORS
from metrics.declare import Flow, Standing, Stock
from metrics.definitions import CATALOGUE
from tests.collectors.faults.judged import holds, says_so
from tests.collectors.faults.month import QUICK, Months, Values

pytestmark = pytest.mark.django_db(transaction=True)

every_list = pytest.mark.parametrize(
    ("vendor", "endpoint"),
    [
        pytest.param(vendor, endpoint, id=f"{vendor.slug}, {endpoint.name}")
        for vendor in VENDORS.values() for endpoint in vendor.endpoints
    ],
)  # fmt: skip

# Answers that cannot be taken for the list, for as long as they last: at every list, and the rarer at each last one.
STOPS: dict[str, tuple[str, dict[str, Any]]] = {
    "401": ("401", {}),
    "404": ("404", {}),
    "429 for days": ("429", {"retry_after": "259200"}),
    "500": ("500", {}),
    "an error that says 200": ("error_200", {}),
    "a page to sign in at": ("html", {}),
    "fewer bytes than promised": ("truncated", {}),
    "silence": ("hang", {"seconds": 2.0}),
}
RARER: dict[str, tuple[str, dict[str, Any]]] = {
    "403": ("403", {}),
    "429": ("429", {}),
    "503": ("503", {}),
    "sent on to a page to sign in at": ("redirect", {}),
    "JSON cut in the middle": ("cut_body", {}),
    "no gzip": ("garbled", {}),
    "a connection that breaks": ("reset", {}),
}
# A list that may be refused is told and passed by; the others are read.
REFUSED = ("401", "403", "404", "sent on to a page to sign in at")
SILENCE = replace(QUICK, silence=0.5, tries=1)

# Answers that look like the list and are not all of it: the fault, and how many pages come well before it.
LIES: dict[str, tuple[str, int]] = {
    "an empty page": ("empty_page", 0),
    "half of every page": ("half_page", 0),
    "an empty page after a good one": ("empty_page", 1),
}
SMALL = 5  # records to a page, where pages are to come before the fault


@every_list
def test_an_answer_that_is_no_list_stops_the_reading_and_moves_no_number(months: Months, endpoint: Endpoint) -> None:
    moment = months.begin(endpoint)
    known, stopped_at = months.values(), {}
    stops = STOPS | (RARER if endpoint is months.vendor.endpoints[-1] else {})
    stops = {name: one for name, one in stops.items() if not (endpoint.optional and name in REFUSED)}
    for name, (kind, more) in stops.items():
        months.fault(endpoint, kind, **more)
        with instead(months.vendor, needed(months.vendor, endpoint)):
            says_so(months, months.read(months.vendor, moment, SILENCE if kind == "hang" else QUICK))
        stopped_at[name] = months.read_so_far()
    assert {name for name, place in stopped_at.items() if place != stopped_at["500"]} == set()
    months.fault(endpoint, "500")
    says_so(months, months.read(months.vendor, moment))
    judge(months, moment, known, was_read=not is_counted(months.vendor, endpoint))


@pytest.mark.parametrize(
    ("vendor", "endpoint"),
    [
        pytest.param(vendor, endpoint, id=f"{vendor.slug}, {endpoint.name}")
        for vendor in VENDORS.values() for endpoint in vendor.endpoints if endpoint.optional
    ],
)  # fmt: skip
def test_a_list_that_may_be_refused_is_told_and_its_numbers_are_called_incomplete(
    months: Months, endpoint: Endpoint
) -> None:
    moment = months.begin(endpoint)
    known = months.values()
    months.fault(endpoint, "403")
    ended = months.read(months.vendor, moment)
    assert ended.state == CollectorRun.State.DONE, ended.error
    assert Refusal.objects.filter(endpoint=endpoint.name).exists()
    problem = Connection.objects.get(vendor=months.vendor.slug).problem
    assert problem.startswith("Read, but not ") and problem.endswith(".")
    months.figures()
    holds(months, known, was_read=True)
    months.recover(moment)
    assert months.values() == months.well()


@every_list
def test_a_list_that_lost_rows_on_the_way_is_not_believed(months: Months, endpoint: Endpoint) -> None:
    counted = bool(endpoint.total and not endpoint.each)  # asked first, at an address much like the list's
    for kind, before in LIES.values():
        moment = months.begin(endpoint)
        known, retired = months.values(), gone(months.vendor)
        months.fault(endpoint, kind, after=before + counted)
        with instead(months.vendor, in_pages_of(SMALL if before else 1_000, months.vendor, endpoint)):
            ended = months.read(months.vendor, moment)
        was_read = ended.state == CollectorRun.State.DONE  # whole, by its other pages
        failed = endpoint
        if not was_read:
            says_so(months, ended)
            assert gone(months.vendor) == retired
            failed = next(one for one in months.vendor.endpoints if one.name == ended.step)  # or one much alike
        told = not (was_read and endpoint.untold)
        judge(months, moment, known, was_read or not is_counted(months.vendor, failed), told=told)


def judge(months: Months, moment: datetime, known: Values, was_read: bool, told: bool = True) -> None:
    """Nothing but what was read decides a number: what one fault left in the tables is judged once for all that do."""
    left = (months.vendor.slug, moment, months.read_so_far(), was_read, told)
    if left in JUDGED:
        return
    months.figures()
    if told:
        holds(months, known, was_read)
    months.recover(moment)
    assert months.values() == months.well()
    JUDGED.add(left)


JUDGED: set[tuple[str, datetime, str, bool, bool]] = set()


@contextmanager
def instead(vendor: Vendor, other: Vendor) -> Iterator[None]:
    VENDORS[vendor.slug] = other
    try:
        yield
    finally:
        VENDORS[vendor.slug] = vendor


def in_pages_of(size: int, vendor: Vendor, endpoint: Endpoint) -> Vendor:
    """The same list in pages of this size, where it comes in pages, and no larger than its vendor gives them."""
    scheme: Any = endpoint.paginate or vendor.paginate
    if not hasattr(scheme, "size"):
        return vendor
    small = replace(endpoint, paginate=replace(scheme, size=min(size, scheme.size)))
    return replace(vendor, endpoints=tuple(small if one is endpoint else one for one in vendor.endpoints))


def needed(vendor: Vendor, endpoint: Endpoint) -> Vendor:
    """The vendor without what comes before this list and is not needed to read it.

    Needed are the lists it is asked `each` of, whatever becomes the same as they do (one list of several alone would
    retire what the others name) or what they point at, and what is asked at the same address, where the fault is met
    first.
    """
    place = vendor.endpoints.index(endpoint)
    kept, before = [endpoint], list(vendor.endpoints[:place])
    while more := [one for one in before if one not in kept and any(_leans(other, one, endpoint) for other in kept)]:
        kept += more
    return replace(vendor, endpoints=tuple(one for one in before if one in kept) + vendor.endpoints[place:])


def _leans(endpoint: Endpoint, other: Endpoint, at_fault: Endpoint) -> bool:
    if endpoint.each == other.name or endpoint.into is other.into or endpoint.path == other.path:
        return True
    return endpoint is not at_fault and other.into in _pointed_at(endpoint.into)


def _pointed_at(entity: type[Record]) -> set[object]:
    models = [entity, *([entity.state_model] if entity.state_model else [])]
    return {field.related_model for model in models for field in model._meta.get_fields() if field.is_relation}


def is_counted(vendor: Vendor, endpoint: Endpoint) -> bool:
    """Whether any metric reads what the list becomes; of accounts, what any list of the vendor does."""
    facts = [metric.facts for metric in CATALOGUE.values() if isinstance(metric, Flow | Stock | Standing)]
    becomes = {one.into for one in vendor.endpoints} if endpoint.into is Account else {endpoint.into}
    return any(one.entity in becomes and one.layer in (None, vendor.layer) for one in facts)


def gone(vendor: Vendor) -> set[tuple[str, str]]:
    entities: set[type[Record]] = {endpoint.into for endpoint in vendor.endpoints}
    return {
        (entity.__name__, key)
        for entity in entities
        for key in entity._default_manager.exclude(retired_on=None).values_list("external_id", flat=True)
    }
