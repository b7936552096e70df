"""Goals people set: what the form refuses in words, and which is in force."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from metrics import reading
from metrics.admin.goals import GoalForm
from metrics.declare import Glide
from metrics.declare import Goal as Declared
from metrics.models import Goal
from metrics.reading import COMPANY

pytestmark = pytest.mark.django_db

GLIDE: dict[str, Any] = {"starts_at": "0.40", "from_on": "2026-01-01", "reached_on": "2027-06-30"}


def form(**given: Any) -> GoalForm:
    return GoalForm({"metric": "rhem", "direction": "at_most", "target": "0.25"} | given)


@pytest.mark.parametrize(("given", "field", "problem"), [
    ({"direction": "band"}, "ceiling", "A band needs a ceiling."),
    ({"direction": "band", "ceiling": "0.25"}, "ceiling", "The ceiling of a band lies above its floor."),
    ({"direction": "band", "ceiling": "0.3", "warn_at": "0.4"}, "warn_at",
     "A band has no warning line: widen the band."),
    ({"ceiling": "0.3"}, "ceiling", "Only a band has a ceiling. Choose “Between”, or leave it empty."),
    ({"warn_at": "0.2"}, "warn_at", "The warning line lies above the target."),
    ({"direction": "at_least", "warn_at": "0.3"}, "warn_at", "The warning line lies below the target."),
    (GLIDE | {"starts_at": ""}, "starts_at", "A goal that is reached by a day needs what it is on its first day."),
    (GLIDE | {"reached_on": ""}, "reached_on", "A goal that glides needs the day on which the target is reached."),
    (GLIDE | {"from_on": ""}, "from_on", "A goal that glides needs the day on which it begins."),
    (GLIDE | {"reached_on": "2026-01-01"}, "reached_on", "The target is reached after the day it begins."),
    (GLIDE | {"direction": "band", "ceiling": "1"}, "starts_at",
     "A band does not glide. Set one band after the other, each from its day on."),
])
def test_a_goal_that_makes_no_sense_is_refused_in_words(given: dict[str, Any], field: str, problem: str) -> None:
    assert form(**given).errors == {field: [problem]}


@pytest.mark.parametrize("given", [
    {}, {"warn_at": "0.35"}, {"direction": "band", "ceiling": "0.3"}, GLIDE, GLIDE | {"warn_at": "0.3"},
])
def test_every_kind_of_goal_can_be_set(given: dict[str, Any]) -> None:
    assert form(**given).errors == {}


@pytest.mark.parametrize(("given", "field", "problem"), [
    ({"from_on": "2026-01-01"}, "from_on", "There is a goal for this from that day on. Change that one."),
    ({"from_on": "2026-07-01"}, "from_on", "A goal is on its way until 30 Jun 2027. Begin then, or change that one."),
    (GLIDE | {"from_on": "2025-07-01"}, "reached_on", "Another goal begins on 1 Jan 2026. Reach this one by then."),
])
def test_no_goal_begins_while_another_is_on_its_way(given: dict[str, Any], field: str, problem: str) -> None:
    form(**GLIDE).save()
    assert form(**given).errors == {field: [problem]}


@pytest.mark.parametrize("given", [
    {"from_on": "2027-06-30"}, {"from_on": "2025-07-01"}, {"from_on": "2026-07-01", "metric": "tickets_open"},
])
def test_goals_may_follow_each_other_and_stand_beside_those_of_other_metrics(given: dict[str, Any]) -> None:
    form(**GLIDE).save()
    assert form(**given).errors == {}


def test_a_goal_can_be_changed_without_standing_in_its_own_way() -> None:
    kept = form(**GLIDE).save()
    again = GoalForm({"metric": "rhem", "direction": "at_most", "target": "0.2"} | GLIDE, instance=kept)
    assert again.errors == {}


def test_the_goal_in_force_carries_its_band_and_its_glide_path() -> None:
    boss = User.objects.create(username="boss", is_superuser=True)
    form(**GLIDE).save()
    Goal.objects.create(
        metric="tickets_sla_met_pct", from_on=date(2026, 1, 1), direction="band", target=Decimal(90),
        ceiling=Decimal(100),
    )
    found = reading.goals(boss, ["rhem", "tickets_sla_met_pct"], COMPANY, date(2026, 9, 30))
    path = Glide(starts_at="0.4", from_on=date(2026, 1, 1), reached_on=date(2027, 6, 30))
    assert found == {
        "rhem": Declared(direction="at_most", target="0.25", glide=path),
        "tickets_sla_met_pct": Declared(direction="band", target="90", ceiling="100"),
    }
