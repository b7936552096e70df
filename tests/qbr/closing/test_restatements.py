"""The Restatements page: what waits and was decided, for whom, and what deciding does; and the lines elsewhere."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from metrics.declare import fingerprint
from metrics.definitions import CATALOGUE
from metrics.models import Definition, Restatement
from metrics.reading import COMPANY
from qbr.closing import batched
from tests.metrics.rollup.world import value
from tests.metrics.stored_values import person, scope_row
from tests.qbr.closing.late import change_hours, closed_quarter, waiting

pytestmark = pytest.mark.django_db
CHANGED = "Hour entry {} changed from 1.50 to 2.75 h"


@pytest.fixture
def web(client: Client) -> Client:
    client.force_login(person("kim", "see_finance", "enter_numbers"))
    return client


def text_of(web: Client, query: str = "") -> str:
    return web.get(reverse("restatements") + query).content.decode()


def decide(web: Client, *rows: Restatement, **sent: str) -> str:
    answer = web.post(reverse("restatements_decide"), {"batch": [row.pk for row in rows], **sent}, follow=True)
    return answer.content.decode()


def of_finance(metric: str = "total_revenue") -> Restatement:
    """A waiting one of the company, of an amount."""
    definition, _ = Definition.objects.get_or_create(
        metric=metric, version=CATALOGUE[metric].version, defaults={"fingerprint": fingerprint(CATALOGUE[metric])}
    )
    period = waiting("reactive_hours").period
    return Restatement.objects.create(
        scope=scope_row(COMPANY), definition=definition, period=period, old_value=1000, new_value=1250, old_state=0,
        new_state=0, cause="an amount dated back",
    )


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    for address in (reverse("restatements"), reverse("restatements_decide"), reverse("restatement", args=[1])):
        assert client.post(address).headers["Location"].startswith(reverse("sign_in"))


def test_it_says_so_where_nothing_waits(web: Client) -> None:
    assert "Nothing waits for a decision." in text_of(web)
    assert web.get(reverse("restatement", args=[1])).status_code == 404


def test_what_waits_is_listed_by_what_is_decided_together(web: Client) -> None:
    closed_quarter("acme", "beta")
    first, second = change_hours("acme", "2025-02", "2.75"), change_hours("beta", "2025-03", "2.75")
    text = text_of(web)
    assert text.count('class="batch"') == 2
    for entry in (first, second):
        assert CHANGED.format(entry.external_id) in text
    assert '<td class="n">90 min</td><td class="n">2.8 h</td><td class="n">+75 min</td>' in text


def test_filters_keep_a_period_and_what_lies_in_it_and_a_client(web: Client) -> None:
    closed_quarter("acme", "beta")
    acme, beta = change_hours("acme", "2025-02", "2.75"), change_hours("beta", "2025-03", "2.75")
    for query, kept in (
        ("?period=2025-Q1", {acme, beta}), ("?period=2025-02", {acme}), ("?client=beta", {beta}),
        ("?client=company", {acme, beta}), ("?client=acme&period=2025-03", set()),
        ("?period=never&page=x", {acme, beta}),
    ):  # fmt: skip
        text = text_of(web, query)
        assert {each for each in (acme, beta) if CHANGED.format(each.external_id) in text} == kept, query


def test_the_number_of_statements_does_not_grow_with_the_restatements(web: Client) -> None:
    closed_quarter("acme", "beta", "cobalt")
    counts = []
    for slugs in (["acme"], ["beta", "cobalt"]):
        for slug in slugs:
            change_hours(slug, "2025-02", "2.75")
            change_hours(slug, "2025-03", "2.75")
        text_of(web)
        with CaptureQueriesContext(connection) as asked:
            text_of(web)
        with CaptureQueriesContext(connection) as of_client:
            web.get(reverse("client") + "?client=acme&period=2025-Q1")
        counts.append((len(asked), len(of_client)))
    assert counts[0] == counts[1]
    assert counts[0][0] <= 15


def test_a_page_reads_the_rows_that_it_shows_and_no_others(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batched, "DECIDED", 2)
    monkeypatch.setattr(batched, "BATCHES", 1)
    closed_quarter("acme", "beta")
    for slug in ("acme", "beta"):
        change_hours(slug, "2025-02", "2.75")
    decide(web, waiting("reactive_hours", "acme"), do="refuse", reason="Closed with the client")
    change_hours("acme", "2025-03", "2.75")
    total = Restatement.objects.filter(decision="refused").count()
    assert total > 4
    listed = []
    for query in ("?decision=refused", "?decision=refused&page=2", "?page=1", "?page=2"):
        with CaptureQueriesContext(connection) as asked:
            listed.append(text_of(web, query))
        assert all("LIMIT" in sql["sql"] or '"restatement"."id" IN' in sql["sql"]
                   for sql in asked if '"restatement"."reason"' in sql["sql"])
    refused = [set(re.findall(r'href="/restatements/(\d+)/"', text)) for text in listed[:2]]
    assert [len(each) for each in refused] == [2, 2] and not refused[0] & refused[1]
    assert f"1 to 2 of {total}" in listed[0] and f"3 to 4 of {total}" in listed[1]
    assert [text.count('class="batch"') for text in listed[2:]] == [1, 1]
    assert "1 to 1 of 2" in listed[2] and "2 to 2 of 2" in listed[3]


def test_accepting_moves_the_value_and_says_who_and_why(web: Client) -> None:
    closed_quarter("acme", "beta")
    entry = change_hours("acme", "2025-02", "2.75")
    change_hours("beta", "2025-02", "4")
    text = decide(web, waiting("reactive_hours", "acme"), do="accept", reason="The sheet was corrected")
    assert "figures restated." in text
    assert text.count('class="batch"') == 1
    assert value("reactive_hours", "2025-02").value == Decimal("4.25")
    decided = text_of(web, "?decision=accepted")
    assert "by Kim Example" in decided and "The sheet was corrected" in decided
    assert CHANGED.format(entry.external_id) in decided


def test_several_are_left_as_closed_at_once(web: Client) -> None:
    closed_quarter("acme", "beta")
    for slug in ("acme", "beta"):
        change_hours(slug, "2025-02", "2.75")
    before = value("reactive_hours", "2025-02").value
    rows = [waiting("reactive_hours", slug) for slug in ("acme", "beta")]
    text = decide(web, *rows, do="refuse", reason="Closed with the client")
    assert "left as closed." in text and "Nothing waits for a decision." in text
    assert value("reactive_hours", "2025-02").value == before
    assert "Closed with the client" in text_of(web, "?decision=refused")


def test_what_is_refused_is_said_and_nothing_is_decided(web: Client) -> None:
    closed_quarter("acme")
    change_hours("acme", "2025-02", "2.75")
    row = waiting("reactive_hours", "acme")
    assert "Say why." in decide(web, row, do="accept", reason=" ")
    assert "Tick what you decide about." in decide(web, do="accept", reason="x")
    assert "Say what to do" in decide(web, row, reason="x")
    assert not Restatement.objects.exclude(decision="").exists()
    decide(web, row, do="refuse", reason="x")
    assert "was decided already" in decide(web, row, do="accept", reason="x")


def test_readers_look_and_do_not_decide(client: Client) -> None:
    closed_quarter("acme")
    entry = change_hours("acme", "2025-02", "2.75")
    row = waiting("reactive_hours", "acme")
    client.force_login(person("lee"))
    text = text_of(client)
    assert CHANGED.format(entry.external_id) in text and 'name="batch"' not in text
    assert client.post(reverse("restatements_decide"), {"batch": row.pk, "do": "accept"}).status_code == 403


def test_who_may_not_see_finance_sees_no_restatement_of_it_and_decides_none(client: Client) -> None:
    closed_quarter("acme")
    change_hours("acme", "2025-02", "2.75")
    row = of_finance()
    client.force_login(person("lee", "enter_numbers"))
    assert "an amount dated back" not in text_of(client).lower()
    assert client.get(reverse("restatement", args=[row.pk])).status_code == 404
    assert "Tick what you decide about." in decide(client, row, do="refuse", reason="x")
    row.refresh_from_db()
    assert row.decision == ""
    client.force_login(person("kim", "see_finance"))
    assert "an amount dated back" in text_of(client).lower()
    assert "$1,000" in client.get(reverse("restatement", args=[row.pk])).content.decode()


def test_the_rows_behind_are_told_with_their_page_at_the_vendor(web: Client) -> None:
    closed_quarter("acme")
    entry = change_hours("acme", "2025-02", "2.75", link="https://psa.example/entries/6")
    row = waiting("reactive_hours", "acme")
    text = web.get(reverse("restatement", args=[row.pk])).content.decode()
    assert CHANGED.format(entry.external_id) in text
    assert 'href="https://psa.example/entries/6"' in text
    assert "Hours logged" in text  # decided together


def test_a_clients_page_and_the_numbers_page_say_what_waits_and_what_was_restated(client: Client) -> None:
    closed_quarter("acme", "beta")
    change_hours("acme", "2025-02", "2.75")
    row = waiting("reactive_hours", "acme")
    client.force_login(User.objects.create_superuser("boss"))
    pages = {
        f"{reverse('client')}?client={{}}&period=2025-Q1": "Reactive hours of Q1 2025",
        f"{reverse('number', args=['reactive_hours'])}?client={{}}&period=2025-02": "Reactive hours of Feb 2025",
    }
    for path, subject in pages.items():
        text = client.get(path.format("acme")).content.decode()
        assert "waits for a decision" in text and f"A later change at the source: {subject} would be" in text
        assert "Since it was closed" not in client.get(path.format("beta")).content.decode()
    decide(client, row, do="accept", reason="true")
    for path, subject in pages.items():
        text = client.get(path.format("acme")).content.decode()
        assert f"{subject} restated" in text and "waits for a decision" not in text


def test_figures_that_look_alike_are_written_with_the_digits_that_tell_them_apart(web: Client) -> None:
    closed_quarter("acme")
    change_hours("acme", "2025-02", "2.75")
    Restatement.objects.filter(pk=waiting("hours_logged", "acme").pk).update(old_value="40.01", new_value="40.03")
    assert '<td class="n">40.01</td><td class="n">40.03</td><td class="n">+0.02</td>' in text_of(web)
