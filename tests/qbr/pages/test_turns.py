"""Where numbers begin to be worked out otherwise: on the chart, beneath it and in its table."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics import varying
from metrics.models import Basis, Definition, Goal, InForce, MonthlyValue, Rule
from metrics.periods import Month, months_between
from tests.metrics.stored_values import store

pytestmark = pytest.mark.django_db
TREND = tuple(months_between(Month(2024, 10), Month(2026, 9)))
JULY = Month(2026, 7)


@pytest.fixture
def reader() -> Client:
    web = Client()
    web.force_login(User.objects.create(username="boss", is_superuser=True))
    return web


def page(reader: Client) -> str:
    return reader.get("/operations/?period=2026-Q3").content.decode()


def figure(body: str) -> Any:
    found = re.search(r'<script type="application/json" id="rhem-trend-figure">(.*?)</script>', body, re.DOTALL)
    assert found
    return json.loads(found[1])


def words(body: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def put_in_force(version: int, month: Month) -> None:
    definition = Definition.objects.get(metric="rhem", version=version)
    InForce.objects.create(metric="rhem", from_on=month.starts_on, definition=definition)


def test_two_versions_meet_at_a_line_with_a_letter_told_beneath_and_in_the_table(reader: Client) -> None:
    for month in TREND:
        store("rhem", month, "0.9" if month < JULY else "0.3", version=1 if month < JULY else 2)
    put_in_force(1, TREND[0])
    put_in_force(2, JULY)
    body = page(reader)
    drawn = figure(body)
    [line] = [shape for shape in drawn["layout"]["shapes"] if shape["line"]["dash"] == "solid"]
    assert line["x0"] == TREND.index(JULY) - 0.5
    assert "A Definition 2" in [word["text"] for word in drawn["layout"]["annotations"]]
    said = words(body)
    assert "A From Jul 2026 · Definition 2: RHEM (reactive hours / endpoint / month): version 2." in said
    assert "Jul 2026 A Definition 2 from here on 0.300" in said
    assert "0.300 in Sep 2026, unchanged throughout by version 2." in said  # 0.9 was another version's


def test_a_setting_that_changed_is_marked_and_told_with_what_it_was(reader: Client) -> None:
    for month in TREND:
        store("rhem", month, "0.3")
    before = Basis.objects.get()
    before.rules = {"hours_per_month": "167"}
    before.save()
    now = Basis.objects.create(definition=before.definition, rules={"hours_per_month": "173"}, fingerprint="now")
    MonthlyValue.objects.filter(period__starts_on__gte=JULY.starts_on).update(basis=now)
    Rule.objects.create(key="hours_per_month", from_on=date(2026, 7, 1), value="173")
    body = page(reader)
    assert "A Settings" in [word["text"] for word in figure(body)["layout"]["annotations"]]
    assert "A From Jul 2026 · Settings: Working hours a month: 167, then 173 from 1 Jul 2026" in words(body)


def test_an_input_of_another_version_is_a_definition_too(reader: Client) -> None:
    for month in TREND:
        store("rhem", month, "0.3")
    before = Basis.objects.get()
    hours = [
        Basis.objects.create(fingerprint=f"hours-{version}", definition=Definition.objects.create(
            metric="reactive_hours", version=version, fingerprint=str(version)
        )) for version in (1, 2)
    ]  # fmt: skip
    Basis.objects.filter(pk=before.pk).update(inputs=[hours[0].pk])
    now = Basis.objects.create(definition=before.definition, inputs=[hours[1].pk], fingerprint="now")
    MonthlyValue.objects.filter(period__starts_on__gte=JULY.starts_on).update(basis=now)
    assert "A From Jul 2026 · Definition: Reactive hours: version 1, then 2" in words(page(reader))


def test_where_nothing_changed_no_line_stands_and_nothing_is_asked(reader: Client) -> None:
    for month in TREND:
        store("rhem", month, "0.3")
    page(reader)
    with CaptureQueriesContext(connection) as asked:
        body = page(reader)
    assert "shapes" not in figure(body)["layout"] or figure(body)["layout"]["shapes"] == []
    assert not [each for each in asked.captured_queries if "RECURSIVE stands" in each["sql"]]


def test_limits_of_one_version_are_not_drawn_behind_another(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 10, 5, tzinfo=UTC))
    begins = TREND[8]
    for month in TREND:
        store("rhem", month, "0.9" if month < begins else "0.3", version=1 if month < begins else 2)
    put_in_force(1, TREND[0])
    put_in_force(2, begins)
    assert varying.hold(everyone=True) == 1
    lower = figure(page(reader))["data"][0]
    assert (lower["name"], lower["x"]) == ("lower limit", [month.label for month in TREND[8:]])


@pytest.mark.parametrize(("goal", "lines"), [
    ({"direction": "at_most", "target": "0.25"}, {"goal": (0.25, 0.25, 0.25)}),
    ({"direction": "band", "target": "0.2", "ceiling": "0.35"},
     {"goal at least": (0.2, 0.2, 0.2), "goal at most": (0.35, 0.35, 0.35)}),
    ({"direction": "at_most", "target": "0.1", "starts_at": "0.5", "reached_on": date(2027, 3, 29)},
     {"goal": (None, 0.47, 0.3)}),  # 27 of 360 days gone on 30 Apr, 180 on 30 Sep
])  # fmt: skip
def test_a_goal_is_drawn_as_it_stands_in_each_month(
    reader: Client, goal: dict[str, Any], lines: dict[str, tuple[float | None, ...]]
) -> None:
    for month in TREND:
        store("rhem", month, "0.3")
    Goal.objects.create(metric="rhem", from_on=date(2026, 4, 3), **goal)
    at = [TREND.index(Month(2026, number)) for number in (3, 4, 9)]
    drawn = {line["name"]: line["y"] for line in figure(page(reader))["data"] if line["name"].startswith("goal")}
    assert {name: tuple(line[place] for place in at) for name, line in drawn.items()} == lines
