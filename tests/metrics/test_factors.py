"""Factors: they multiply to the formula they explain, and say nothing about a definition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from metrics.checks import check_definitions
from metrics.declare import Derived, Factor, fingerprint
from metrics.definitions import CATALOGUE

RHEM = CATALOGUE["rhem"]


def problems(*formulas: str) -> list[str]:
    assert isinstance(RHEM, Derived)
    factors = tuple(Factor(label=text, formula=text, more="more", fewer="less") for text in formulas)
    return [problem.msg for problem in check_definitions({**CATALOGUE, "rhem": replace(RHEM, factors=factors)})]


def test_the_factors_of_every_metric_multiply_to_its_formula() -> None:
    assert [key for key, metric in CATALOGUE.items() if getattr(metric, "factors", ())]
    assert check_definitions() == []


@pytest.mark.parametrize(("formulas", "says"), [
    (("reactive_hours", "1 / endpoints_managed"), "do not multiply"),
    (("reactive_hours / months", "2 / endpoints_managed"), "do not multiply"),
    (("reactive_hours / no_such_thing", "no_such_thing / endpoints_managed / months"), "reads “no_such_thing”"),
    (("reactive_hours +",), "is no formula"),
])  # fmt: skip
def test_factors_that_do_not_are_refused(formulas: Any, says: str) -> None:
    [problem] = problems(*formulas)
    assert says in problem


def test_factors_are_wording_and_change_no_definition() -> None:
    assert isinstance(RHEM, Derived)
    assert fingerprint(RHEM) == fingerprint(replace(RHEM, factors=()))
