"""What stands beside a number, on its page and on a tile: in words, and with the reason where there is no basis."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from collectors.facts.readings import Reading
from metrics.definitions import CATALOGUE
from metrics.models import Basis, Definition, Goal, InForce, Rule, State
from metrics.periods import Quarter
from metrics.reading import COMPANY, client
from metrics.spreadsheets.benchmarks import commit_benchmarks, preview_benchmarks
from organizations.models import Organization
from qbr.pages import comparing
from tests.metrics.breakdowns.world import World
from tests.metrics.stored_values import TABLES, store

pytestmark = pytest.mark.django_db

Q3, Q2, LAST_YEAR = Quarter(2026, 3), Quarter(2026, 2), Quarter(2025, 3)
ACME = client("acme")


@pytest.fixture
def reader() -> Client:
    web = Client()
    web.force_login(User.objects.create(username="boss", is_superuser=True))
    return web


def shown(reader: Client, metric: str, of: str = "period=2026-Q3", **extra: str) -> str:
    """The text of the part, one space between words."""
    body = reader.get(f"/numbers/{metric}/?{of}&part=compared", headers=extra).content.decode()
    return text(body)


def text(body: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_it_says_better_or_worse_beside_the_quarter_before_and_a_year_ago(reader: Client) -> None:
    store("rhem", Q3, "0.30")
    store("rhem", Q2, "0.25")
    store("rhem", LAST_YEAR, "0.40")
    said = shown(reader, "rhem")
    assert "Q2 2026 previous quarter 0.250 ▲ +20.0% worse" in said
    assert "Q3 2025 same quarter last year 0.400 ▼ −25.0% better" in said


def test_what_is_missing_is_no_basis_and_says_why(reader: Client) -> None:
    store("rhem", Q3, "0.30")
    store("rhem", Q2, None, state=State.UNDEFINED, cause="no endpoint")
    said = shown(reader, "rhem")
    assert "No basis: Q2 2026 is undefined, no endpoint." in said
    assert "No basis: Q3 2025 is not collected, nothing read for this period." in said


def test_from_zero_both_ends_are_told(reader: Client) -> None:
    store("new_agreements", Q3, "4")
    store("new_agreements", Q2, "0")
    assert "▲ 0 to 4" in shown(reader, "new_agreements")


def test_another_definition_is_compared_only_when_asked(reader: Client) -> None:
    store("rhem", Q3, "0.30", version=2)
    store("rhem", Q2, "0.25", version=1)
    for version, from_on in ((1, Q2.starts_on), (2, Q3.starts_on)):
        definition = Definition.objects.get(metric="rhem", version=version)
        InForce.objects.create(metric="rhem", from_on=from_on, definition=definition)
    why = "No basis: Q2 2026 was worked out by another definition, version 1 and not 2. Compare"
    assert why in shown(reader, "rhem")
    asked = shown(reader, "rhem", "period=2026-Q3&versions=all")
    assert "▲ +20.0% worse Worked out by another definition." in asked


def test_other_settings_are_compared_with_what_changed_and_when(reader: Client) -> None:
    store("rhem", Q3, "0.30")
    store("rhem", Q2, "0.25")
    now = Basis.objects.get()
    now.rules = {"hours_per_month": "173"}
    now.save()
    before = Basis.objects.create(definition=now.definition, rules={"hours_per_month": "167"}, fingerprint="before")
    TABLES["quarter"].objects.filter(period__starts_on=Q2.starts_on).update(basis=before)  # type: ignore[attr-defined]
    Rule.objects.create(key="hours_per_month", from_on=date(2026, 7, 1), value="173")
    said = shown(reader, "rhem")
    assert "+20.0% worse Other settings: Working hours a month: 167, then 173 from 1 Jul 2026." in said


def test_an_input_with_another_definition_is_no_basis_either(reader: Client) -> None:
    store("rhem", Q3, "0.30")
    store("rhem", Q2, "0.25")
    basis = Basis.objects.get()
    of = {
        version: Basis.objects.create(fingerprint=f"hours-{version}", definition=Definition.objects.create(
            metric="reactive_hours", version=version, fingerprint=str(version)
        ))
        for version in (1, 2)
    }
    before = Basis.objects.create(definition=basis.definition, inputs=[of[1].pk], fingerprint="before")
    Basis.objects.filter(pk=basis.pk).update(inputs=[of[2].pk])
    TABLES["quarter"].objects.filter(period__starts_on=Q2.starts_on).update(basis=before)  # type: ignore[attr-defined]
    assert "worked out from other definitions, Reactive hours: version 1, then 2" in shown(reader, "rhem")


@pytest.mark.parametrize(("goal", "said"), [
    ({"direction": "at_most", "target": "0.25"}, "Goal at most 0.250 0.250 ▲ 0.050 higher misses it"),
    ({"direction": "band", "target": "0.2", "ceiling": "0.35"}, "Goal between 0.200 and 0.350 0.200 to 0.350 meets it"),
    ({"direction": "at_most", "target": "0.1", "starts_at": "0.5", "reached_on": date(2027, 3, 29)},
     "Goal gliding from 0.500 to 0.100 by 29 Mar 2027: at most 0.300 on 30 Sep 2026 0.300 meets it"),
])
def test_a_goal_is_told_in_words(reader: Client, goal: dict[str, Any], said: str) -> None:
    store("rhem", Q3, "0.30")
    Goal.objects.create(metric="rhem", from_on=date(2026, 4, 3), **goal)  # 180 of 360 days gone on 30 Sep
    assert said in shown(reader, "rhem")


def test_a_client_is_ranked_and_its_median_named(reader: Client) -> None:
    for at, value in enumerate(("0.30", "0.10", "0.20", "0.40", "0.50", "0.60")):
        Organization.objects.create(slug="acme" if not at else f"c{at}", name=f"C{at}", segment="Legal")
        store("rhem", Q3, value, client("acme" if not at else f"c{at}"))
    said = shown(reader, "rhem", "period=2026-Q3&client=acme")
    assert "Portfolio median same segment, Legal 0.400 ▼ −25.0% better 3rd of 6" in said
    assert "Portfolio median" not in shown(reader, "rhem")
    store("reactive_hours", Q3, "1", ACME)
    assert "No basis: 0 other clients have a value, 5 are needed." in shown(
        reader, "reactive_hours", "period=2026-Q3&client=acme"
    )


def test_a_benchmark_is_told_with_its_source_and_is_no_goal(reader: Client) -> None:
    store("rhem", Q3, "0.30")
    Goal.objects.create(metric="rhem", from_on=date(2026, 1, 1), direction="at_most", target="0.25")
    commit_benchmarks(
        preview_benchmarks("survey.csv", b"Metric,Median,Q1,Q3\nrhem,0.24,0.2,0.4\n"),
        source="MSP survey by Example Media", published_on=date(2026, 5, 1), population="412 MSPs",
    )  # fmt: skip
    body = reader.get("/numbers/rhem/?period=2026-Q3&part=compared").content.decode()
    assert [f'class="beside {kind}"' in body for kind in ("goal", "benchmark")] == [True] * 2
    said = text(body)
    assert "MSP survey by Example Media 2026, 412 MSPs 0.240 ▲ +25.0% worse middle half 0.200 to 0.400" in said


def test_a_running_quarter_is_compared_by_the_same_days_and_judged_by_no_word(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    Reading.objects.create(
        connection=world.psa, entity="Ticket", read_from=datetime(2025, 1, 1, tzinfo=UTC),
        read_through=datetime(2026, 7, 11, 12, tzinfo=UTC),
    )  # fmt: skip
    for opened in (date(2026, 7, 1), date(2026, 7, 10), date(2026, 7, 11), date(2026, 4, 1), date(2026, 4, 11)):
        world.ticket("acme", opened)
    store("reactive_tickets_created", Q3, "3", ACME, state=State.SO_FAR)
    store("reactive_tickets_created", Q2, "2", ACME)
    store("endpoints_managed", Q3, "3", ACME, state=State.SO_FAR)
    of = "period=2026-Q3&client=acme"
    said = shown(reader, "reactive_tickets_created", of)
    assert "Q3 2026 still runs. Its first 10 of 92 days: 2." in said
    assert "Q2 2026 previous quarter, first 10 days 1 ▲ +100.0%" in said
    assert "worse" not in said and "better" not in said
    assert "No basis yet: the quarter is still running." in shown(reader, "endpoints_managed", of)
    page = reader.get(f"/numbers/reactive_tickets_created/?{of}").content.decode()
    assert "Counting the same days of earlier periods" in page  # facts are read after the page


def test_a_number_without_a_value_stands_beside_nothing(reader: Client) -> None:
    assert reader.get("/numbers/rhem/?period=2026-Q3&part=compared").status_code == 404


@pytest.mark.parametrize(("number", "said"), [
    (1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
    (111, "111th"), (1002, "1,002nd"),
])
def test_places_are_said_as_people_say_them(number: int, said: str) -> None:
    assert comparing.ordinal(number) == said


def test_where_neither_is_better_the_place_says_from_which_end() -> None:
    assert comparing.rank_words(CATALOGUE["endpoints_managed"], 7, 31) == "7th highest of 31"
    assert comparing.rank_words(CATALOGUE["rhem"], 7, 31) == "7th of 31"


def test_a_tile_says_no_basis_in_few_words(reader: Client) -> None:
    store("endpoints_managed", Q3, "594", COMPANY)
    store("endpoints_managed", Q2, "590", COMPANY)
    said = text(reader.get("/operations/?period=2026-Q3").content.decode())
    assert "vs Q2 2026 No basis: Q3 2025 is not collected" in said
