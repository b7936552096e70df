"""A fault at any list of any vendor never becomes a number. A new vendor joins by being there, with its sandbox."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from collectors.connections import CollectorRun
from collectors.declare import Endpoint, Vendor
from collectors.facts.shapes import Record
from collectors.vendors import VENDORS
from tests.collectors.faults.judged import holds, says_so
from tests.collectors.faults.month import QUICK, Months

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
SILENCE = replace(QUICK, silence=0.5, tries=1)

# Answers that look like the list and are not all of it.
LIES = ("empty_page", "half_page")


@every_list
def test_an_answer_that_is_no_list_stops_the_reading_and_moves_no_number(months: Months, endpoint: Endpoint) -> None:
    moment = months.begin(endpoint)
    known, stopped_at = months.values(), {}
    stops = STOPS | (RARER if endpoint is months.vendor.endpoints[-1] else {})
    for name, (kind, more) in stops.items():
        months.fault(endpoint, kind, **more)
        says_so(months, months.read(months.vendor, moment, SILENCE if kind == "hang" else QUICK))
        stopped_at[name] = months.read_so_far()
    assert {name for name, place in stopped_at.items() if place != stopped_at["401"]} == set()
    months.figures()
    holds(months, known)
    months.recover(moment)
    assert months.values() == months.well()


@every_list
@pytest.mark.parametrize("kind", LIES)
def test_a_list_that_lost_rows_on_the_way_is_not_believed(months: Months, endpoint: Endpoint, kind: str) -> None:
    moment = months.begin(endpoint)
    known, retired = months.values(), gone(months.vendor)
    months.fault(endpoint, kind)
    ended = months.read(months.vendor, moment)
    if ended.state != CollectorRun.State.DONE:  # else it was read whole by other pages
        says_so(months, ended)
        months.figures()
        holds(months, known)
        assert gone(months.vendor) == retired
    months.recover(moment)
    assert months.values() == months.well()


def gone(vendor: Vendor) -> set[tuple[str, str]]:
    entities: set[type[Record]] = {endpoint.into for endpoint in vendor.endpoints}
    return {
        (entity.__name__, key)
        for entity in entities
        for key in entity._default_manager.exclude(retired_on=None).values_list("external_id", flat=True)
    }
