"""The words metrics are declared in, and what `manage.py check` refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from metrics import rollup
from metrics.checks import check_definitions, check_versions
from metrics.declare import (
    COMPANY_ONLY,
    Across,
    Derived,
    Flow,
    Manual,
    Metric,
    Section,
    Stock,
    Unit,
    fingerprint,
)
from metrics.definitions import CATALOGUE, _catalogue
from metrics.definitions.facts import DEVICES, INCOME, TICKETS
from metrics.models import Definition
from tests.metrics.rollup.world import enter

ALIKE = {"section": Section.GENERAL, "unit": Unit.COUNT, "meaning": "Something."}


def derived(key: str, formula: str) -> Derived:
    return Derived(key=key, label=key, formula=formula, scopes=COMPANY_ONLY, **ALIKE)  # type: ignore[arg-type]


def problems(*metrics: Metric) -> list[str]:
    return [message.msg for message in check_definitions({metric.key: metric for metric in metrics})]


def test_what_stands_in_the_catalogue_passes() -> None:
    assert check_definitions() == []


def test_a_stock_that_would_be_summed_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="cannot be summed"):
        Stock(key="s", label="S", facts=DEVICES, across=Across.SUM, **ALIKE)  # type: ignore[arg-type]


def test_two_metrics_cannot_share_a_key() -> None:
    one = Manual(key="k", label="K", **ALIKE)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Two metrics are called k"):
        _catalogue((one,), (replace(one, label="Other"),))


def test_an_unknown_input_is_refused() -> None:
    assert problems(derived("a", "nonsense / months")) == [
        "a: reads “nonsense”, which is no metric and no rule with a number."
    ]


def test_a_rule_that_is_read_and_not_named_is_refused() -> None:
    assert problems(derived("a", "hours_per_month * months")) == [
        "a: reads the rule hours_per_month and does not name it, so that its basis would not."
    ]


def test_a_number_that_reads_a_median_is_refused() -> None:
    median = CATALOGUE["resolve_hours"]
    closed = CATALOGUE["reactive_tickets_closed"]
    assert "a: reads resolve_hours, a median, which adds up to nothing." in problems(
        median, closed, derived("a", "resolve_hours * 2")
    )


def test_a_circle_is_refused_and_told() -> None:
    circle = (derived("a", "b + 1"), derived("b", "c"), derived("c", "a"))
    assert problems(*circle) == ["a -> b -> c -> a goes round in a circle."]


def test_a_client_number_from_a_company_input_is_refused() -> None:
    company = Manual(key="m", label="M", scopes=COMPANY_ONLY, **ALIKE)  # type: ignore[arg-type]
    client = Derived(key="d", label="D", formula="m * 2", **ALIKE)  # type: ignore[arg-type]
    assert problems(company, client) == ["d: reads m for a scope that m is not for (organization)."]


def test_an_aggregate_that_does_not_add_up_over_clients_is_refused() -> None:
    mean = Flow(key="f", label="F", facts=TICKETS, dated="f.opened_on", value="avg(f.reopened)", **ALIKE)  # type: ignore[arg-type]
    assert problems(mean) == ["f: “avg(f.reopened)” does not add up over clients; count or sum."]


def test_ledger_facts_are_the_companys_alone() -> None:
    flow = Flow(key="f", label="F", facts=INCOME, dated="f.month", **ALIKE)  # type: ignore[arg-type]
    assert problems(flow) == ["f: counts facts that belong to no account, so it is the company's alone."]


def test_wording_may_change_within_a_version_and_meaning_may_not() -> None:
    rhem = CATALOGUE["rhem"]
    assert fingerprint(replace(rhem, label="RHEM", meaning="In other words.", goal=None)) == fingerprint(rhem)
    assert fingerprint(replace(rhem, formula="reactive_hours / months")) != fingerprint(rhem)  # type: ignore[call-arg]
    created = CATALOGUE["reactive_tickets_created"]
    assert fingerprint(replace(created, where="true")) != fingerprint(created)  # type: ignore[call-arg]


@pytest.mark.django_db
def test_changing_the_meaning_of_a_version_that_has_values_fails_the_check() -> None:
    enter("employees", "2025-01", "8.5")
    rollup.run("test", now=datetime(2025, 2, 3, tzinfo=UTC))
    assert check_versions() == []
    Definition.objects.filter(metric="rhem").update(fingerprint="another")  # has no values: free to change
    assert check_versions() == []
    Definition.objects.filter(metric="employees").update(fingerprint="another")
    assert [error.id for error in check_versions()] == ["metrics.E003"]
    with pytest.raises(SystemCheckError, match="Declare version 2"):
        call_command("check", "--tag", "models")
