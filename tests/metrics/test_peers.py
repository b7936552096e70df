"""Where a client stands among others, beside what a person would work out by hand."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import Any

import pytest
from django.contrib.auth.models import User

from metrics.models import Definition, InForce, State
from metrics.periods import Quarter
from metrics.reading import COMPANY, Among, among_peers, client
from organizations.models import Organization
from tests.metrics.stored_values import person, store

pytestmark = pytest.mark.django_db

Q1 = Quarter(2025, 1)
MINE = client("mine")


@pytest.fixture
def boss() -> User:
    return User.objects.create(username="boss", is_superuser=True)


def clients(metric: str, *values: str | None, segment: str = "", prefix: str = "other", **also: Any) -> None:
    for at, value in enumerate(values):
        one(f"{prefix}-{at}", metric, value, segment=segment, **also)


def one(slug: str, metric: str, value: str | None, segment: str = "", **also: Any) -> None:
    Organization.objects.get_or_create(slug=slug, defaults={"name": slug, "segment": segment} | also)
    store(metric, Q1, value, client(slug))


def among(boss: User, metric: str) -> Among | None:
    return among_peers(boss, [metric], MINE, Q1).get(metric)


def test_lower_is_better_ranks_from_the_lowest_and_the_median_leaves_the_client_out(boss: User) -> None:
    one("mine", "rhem", "0.25")
    clients("rhem", "0.10", "0.20", "0.30", "0.40", "0.50", "0.60")
    found = among(boss, "rhem")
    assert found == Among(segment="", others=6, median=Decimal("0.35"), rank=3, own_segment="")
    assert found.of == 7


def test_higher_is_better_ranks_from_the_highest(boss: User) -> None:
    one("mine", "tickets_sla_met_pct", "90")
    clients("tickets_sla_met_pct", "99", "95", "91", "80", "70")
    found = among(boss, "tickets_sla_met_pct")
    assert found is not None
    assert (found.rank, found.of, found.median) == (4, 6, Decimal(91))


def test_equal_values_share_the_better_rank(boss: User) -> None:
    one("mine", "rhem", "0.2")
    clients("rhem", "0.1", "0.2", "0.2", "0.3", "0.4")
    found = among(boss, "rhem")
    assert found is not None
    assert found.rank == 2


def test_it_is_compared_within_its_segment_whatever_its_case(boss: User) -> None:
    one("mine", "rhem", "0.25", segment="Healthcare")
    clients("rhem", "0.1", "0.2", "0.3", "0.4", "0.5", segment="healthcare ")
    clients("rhem", "9", "9", "9", "9", "9", segment="Legal", prefix="lawyer")
    assert among(boss, "rhem") == Among(
        segment="Healthcare", others=5, median=Decimal("0.3"), rank=3, own_segment="Healthcare"
    )


def test_a_segment_too_small_gives_way_to_all_clients_and_is_still_named(boss: User) -> None:
    one("mine", "rhem", "0.25", segment="Healthcare")
    clients("rhem", "0.1", "0.2", "0.3", "0.4", segment="Healthcare")
    clients("rhem", "0.5", prefix="lawyer", segment="Legal")
    assert among(boss, "rhem") == Among(
        segment="", others=5, median=Decimal("0.3"), rank=3, own_segment="Healthcare"
    )


def test_of_fewer_than_five_others_neither_median_nor_rank_is_told(boss: User) -> None:
    one("mine", "rhem", "0.25")
    clients("rhem", "0.1", "0.2", "0.3", "0.4", None)
    assert among(boss, "rhem") == Among(segment="", others=4, median=None, rank=None, own_segment="")


def test_only_measured_values_of_clients_count(boss: User) -> None:
    one("mine", "rhem", "0.25")
    clients("rhem", "0.1", "0.2", "0.3", "0.4", "0.5")
    clients("rhem", "0.01", "0.01", prefix="own", kind="internal")
    one("half", "rhem", None)
    Organization.objects.create(slug="resolved-badly", name="Badly")
    store("rhem", Q1, "0.01", client("resolved-badly"), state=State.INSUFFICIENT_COVERAGE)
    merged = Organization.objects.get(slug="other-0")
    one("merged", "rhem", "0.01", merged_into=merged)
    store("rhem", Q1, "0.01", COMPANY)
    found = among(boss, "rhem")
    assert found is not None
    assert (found.others, found.median) == (5, Decimal("0.3"))


def test_values_of_another_version_are_no_peers(boss: User) -> None:
    one("mine", "rhem", "0.25")
    clients("rhem", "0.1", "0.2", "0.3", "0.4", "0.5")
    Organization.objects.create(slug="newer", name="Newer")
    store("rhem", Q1, "0.01", client("newer"), version=2)
    InForce.objects.create(metric="rhem", from_on=Q1.starts_on, definition=Definition.objects.get(
        metric="rhem", version=1
    ))
    found = among(boss, "rhem")
    assert found is not None
    assert found.others == 5


def test_it_agrees_with_working_it_out_one_by_one(boss: User) -> None:
    values = [Decimal(at * 37 % 23) / 7 for at in range(31)]
    exact = [value.quantize(Decimal("0.00000001")) for value in values]
    one("mine", "rhem", str(exact[0]))
    clients("rhem", *map(str, exact[1:]))
    found = among(boss, "rhem")
    assert found is not None
    assert (found.median, found.rank) == (median(exact[1:]), 1 + sum(value < exact[0] for value in exact[1:]))


def test_many_metrics_of_many_clients_are_one_statement(boss: User, django_assert_num_queries: Any) -> None:
    metrics = ("rhem", "tickets_sla_met_pct", "reactive_hours")
    for metric in metrics:
        one("mine", metric, "1")
        clients(metric, *map(str, range(40)))
    with django_assert_num_queries(1):
        found = among_peers(boss, metrics, MINE, Q1)
    assert [found[metric].others for metric in metrics] == [40] * 3


def test_finance_is_for_those_who_may_see_it_and_the_company_has_no_peers(boss: User) -> None:
    one("mine", "agreement_mrr", "1")
    clients("agreement_mrr", *map(str, range(6)))
    assert among_peers(boss, ["agreement_mrr"], COMPANY, Q1) == {}
    assert among_peers(person("ann"), ["agreement_mrr"], MINE, Q1) == {}
    assert "agreement_mrr" in among_peers(boss, ["agreement_mrr"], MINE, Q1)
