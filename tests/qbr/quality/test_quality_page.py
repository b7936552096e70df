"""The Data quality page: what is shown to whom, and what deciding does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from metrics import quality
from metrics.models import Finding, Period, QualityScore
from metrics.periods import Month
from metrics.reading import COMPANY, ScopeRef, client
from organizations.models import Organization
from qbr.quality.shown import A_PAGE, FIRST
from tests.metrics.stored_values import person, scope_row, store

pytestmark = pytest.mark.django_db
LAST = Month.holding(date.today()).previous


@pytest.fixture(autouse=True)
def utc() -> None:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})


@pytest.fixture
def web(client: Client) -> Client:
    client.force_login(person("kim", "see_finance", "enter_numbers"))
    return client


def finding(says: str, rule: str = "jump", scope: ScopeRef = COMPANY, metric: str = "reactive_hours",
            **fields: object) -> Finding:  # fmt: skip
    period, _ = Period.objects.get_or_create(grain="month", starts_on=LAST.starts_on, ends_on=LAST.ends_on)
    return Finding.objects.create(
        rule=rule, metric=metric, scope=scope_row(scope), period=period, says=says, subject=says,
        severity=quality.RULES[rule].severity, **fields,
    )


def text_of(web: Client, query: str = "") -> str:
    return web.get(reverse("quality") + query).content.decode()


def decide(web: Client, *findings: Finding, **sent: str) -> str:
    answer = web.post(
        reverse("quality_decide"), {"finding": [each.pk for each in findings], **sent}, follow=True
    )
    return answer.content.decode()


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    for name in ("quality", "quality_decide"):
        assert client.post(reverse(name)).headers["Location"].startswith(reverse("sign_in"))


def test_it_says_so_where_there_is_nothing(web: Client) -> None:
    text = text_of(web)
    assert "Nothing is open." in text and "Not scored yet." in text and "Nothing to compare yet." in text


def test_filters_keep_what_they_name(web: Client) -> None:
    Organization.objects.create(slug="acme", name="Acme")
    lee = User.objects.create_user("lee")
    psa = Connection.objects.create(vendor="connectwise_psa", label="Our PSA")
    finding("of the company", "negative")
    finding("of Acme", scope=client("acme"), owner=lee)
    finding("of the PSA", "future", connection=psa)
    every = {"of the company", "of Acme", "of the PSA"}
    for query, kept in (
        ("", every), ("?severity=stop", {"of the company"}), ("?rule=jump", {"of Acme"}), ("?client=acme", {"of Acme"}),
        (f"?system={psa.pk}", {"of the PSA"}), (f"?owner={lee.pk}", {"of Acme"}),
        ("?owner=none", {"of the company", "of the PSA"}), ("?life=fixed", set()), ("?severity=huge&owner=x", every),
    ):  # fmt: skip
        text = text_of(web, query)
        assert {says for says in every if f">{says}<" in text or f"{says}\n" in text} == kept, query


def test_thousands_are_told_by_rule_with_their_count_and_paged_by_themselves(web: Client) -> None:
    for number in range(A_PAGE + 20):
        finding(f"jump number {number:03}")
    assert text_of(web).count("<td class=\"says\">") == FIRST
    assert f"All {A_PAGE + 20} of this rule" in text_of(web)
    assert text_of(web, "?rule=jump").count("<td class=\"says\">") == A_PAGE
    assert text_of(web, "?rule=jump&page=2").count("<td class=\"says\">") == 20


def test_the_number_of_statements_does_not_grow_with_the_findings(web: Client) -> None:
    asked = []
    for many in (3, 60):
        for number in range(Finding.objects.count(), many):
            Organization.objects.create(slug=f"c{number}", name=f"Client {number}")
            finding(f"number {number}", scope=client(f"c{number}"))
        text_of(web)
        with CaptureQueriesContext(connection) as queries:
            text_of(web)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 40


def test_accepting_takes_a_reason_and_keeps_who_and_when(web: Client) -> None:
    row = finding("rose")
    assert "Say why it may stay as it is" in decide(web, row, do="accept", reason="  ")
    assert "1 finding accepted." in decide(web, row, do="accept", reason="A new office")
    row.refresh_from_db()
    assert (row.life, row.reason) == ("accepted", "A new office")
    assert row.decided_by is not None and row.decided_by.username == "kim" and row.decided_at is not None
    assert "A new office" in text_of(web, "?life=accepted") and "Nothing is open." in text_of(web)
    assert "1 finding open again." in decide(web, row, do="open", here="?life=accepted")
    row.refresh_from_db()
    assert (row.life, row.reason) == ("open", "")


def test_all_that_a_rules_filters_keep_are_accepted_at_once_and_no_others(web: Client) -> None:
    for number in range(3):
        finding(f"jump {number}")
    other = finding("zero", "zero")
    decide(web, do="accept", reason="So it is", every="1", here="?rule=jump")
    assert set(Finding.objects.filter(life="open")) == {other}
    assert "Tick the findings" in decide(web, do="accept", reason="So it is", every="1", here="")


def test_a_finding_is_given_to_somebody_and_to_no_one(web: Client) -> None:
    lee, row = User.objects.create_user("lee"), finding("rose")
    assert "1 finding given to lee." in decide(web, row, do="assign", owner=str(lee.pk))
    row.refresh_from_db()
    assert row.owner == lee
    decide(web, row, do="assign", owner="")
    row.refresh_from_db()
    assert row.owner is None


def test_whoever_only_reads_decides_about_nothing_but_what_was_given_to_them(client: Client) -> None:
    reader = person("reader")
    theirs, others = finding("theirs", owner=reader), finding("others")
    client.force_login(reader)
    text = text_of(client)
    assert f'value="{theirs.pk}"' in text and f'value="{others.pk}"' not in text
    decide(client, theirs, others, do="accept", reason="Seen")
    assert set(Finding.objects.filter(life="open")) == {others}
    Finding.objects.update(owner=None)
    assert client.post(reverse("quality_decide"), {"finding": [others.pk], "do": "accept"}).status_code == 403


def test_whoever_may_not_see_finance_neither_sees_nor_decides_about_it(client: Client) -> None:
    row = finding("of money", metric="mrr")
    client.force_login(person("editor", "enter_numbers"))
    assert "of money" not in text_of(client)
    decide(client, row, do="accept", reason="So it is")
    row.refresh_from_db()
    assert row.life == "open"


def test_the_strip_shows_both_figures_with_their_working_and_follows_the_period(web: Client) -> None:
    for key, value in (("mrr", "1000"), ("agreement_mrr", "1100")):
        store(key, LAST, value)
        store(key, LAST.previous, "1000")
    text = text_of(web)
    assert "$100 apart, more than the $20 allowed." in text
    assert f'{reverse("number", args=["mrr"])}?period={LAST}' in text
    assert "They agree." in text_of(web, f"?period={LAST.previous}")
    assert LAST.label in text_of(web, "?period=2999-01")


def test_scores_are_shown_by_system_with_how_they_went(web: Client) -> None:
    psa = Connection.objects.create(vendor="connectwise_psa", label="Our PSA")
    for back, good in ((0, 1999), (1, 1000), (2, 1500)):
        QualityScore.objects.create(
            connection=psa, dimension="completeness", day=timezone.now().date() - timedelta(days=back), good=good,
            total=2000,
        )
    text = text_of(web)
    assert "99.9 %" in text and "1,999 of 2,000" in text and 'aria-label="Our PSA, completeness, by day"' in text
    assert "75.0 %" in text  # of the day before yesterday, in its table
