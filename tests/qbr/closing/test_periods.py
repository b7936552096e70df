"""The pages of periods: what holds and what does not, closing with reasons, and reopening."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from collectors.facts.touched import Calendar
from metrics import closing, quality, rollup
from metrics.models import PeriodChange
from metrics.periods import Month, Quarter, parse
from tests.metrics.rollup.world import World
from tests.metrics.stored_values import person
from tests.qbr.closing.late import ALL, NOW, closed_quarter

pytestmark = pytest.mark.django_db
Q1 = Quarter(2025, 1)
OPEN, CLOSED = "open", "closed"


@pytest.fixture
def editor() -> User:
    return person("kim", "see_finance", "see_wages", "enter_numbers")


@pytest.fixture
def web(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def worked_out() -> World:
    """Four months with a ticket each, and an amount on a ledger account without a category."""
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "UTC"})
    world = World()
    account = world.account(world.client("acme"))
    for month in ("2025-01", "2025-02", "2025-03"):
        world.ticket(account, f"{month}-10", f"{month}-11")
    world.balance("2025-02", "1234.50")
    rollup.run("test", now=NOW)
    quality.run()  # as after every roll-up
    return world


def page(web: Client, text: str = "2025-Q1") -> str:
    return web.get(reverse("period", args=[text])).content.decode()


def reasons(web: Client) -> dict[str, str]:
    """A reason in every field that asks for one."""
    return {name: f"fine by {name}" for name in re.findall(r'name="(accept_\w+)"', page(web))}


def close(web: Client, text: str = "2025-Q1", **sent: str) -> str:
    return web.post(reverse("period_close", args=[text]), {"do": "close", **sent}, follow=True).content.decode()


def reopen(web: Client, text: str = "2025-Q1", **sent: str) -> str:
    return web.post(reverse("period_reopen", args=[text]), sent, follow=True).content.decode()


def test_strangers_are_sent_to_sign_in(client: Client) -> None:
    for address in (reverse("periods"), *(reverse(name, args=["2025-Q1"]) for name in (
        "period", "period_close", "period_reopen"))):
        assert client.post(address).headers["Location"].startswith(reverse("sign_in"))


def test_it_says_so_where_there_is_nothing_to_close_and_such_periods_have_no_page(web: Client) -> None:
    assert "There is nothing to close yet." in web.get(reverse("periods")).content.decode()
    for text in ("2025-Q1", "2025-13", "soon"):
        assert web.get(reverse("period", args=[text])).status_code == 404


def test_what_does_not_hold_is_said_with_where_it_is_mended(web: Client, editor: User) -> None:
    worked_out()
    text = page(web)
    assert "Ledger accounts without a category: Unmapped (1,234.50)." in text
    assert f'href="{reverse("entry")}"' in text
    ledger = reverse("admin:collectors_ledgeraccount_changelist")
    assert f'href="{ledger}"' not in text
    editor.is_staff = True
    editor.save()
    assert f'href="{ledger}"' in page(web)


def test_amounts_are_told_to_nobody_who_may_not_see_finance(client: Client) -> None:
    worked_out()
    client.force_login(person("lee"))
    text = page(client)
    assert "1,234.50" not in text
    assert "This does not hold. What it names are figures you may not see." in text


def test_readers_look_and_do_not_close(client: Client) -> None:
    worked_out()
    client.force_login(person("lee", "see_finance"))
    assert "<form" not in page(client).partition("<main")[2].partition("</main>")[0]
    for name in ("period_close", "period_reopen"):
        assert client.post(reverse(name, args=["2025-Q1"]), {"reason": "x"}).status_code == 403
    assert closing.closed_through() is None


def test_each_check_that_does_not_hold_wants_a_reason_of_its_own(web: Client) -> None:
    worked_out()
    given = reasons(web)
    assert len(given) > 1
    kept = given.pop("accept_ledger_mapped")
    text = close(web, earlier="on", **given)
    assert text.count("Say why it may be closed all the same, or mend it first.") == 1
    assert given["accept_given"] in text
    assert closing.status(Q1) == OPEN
    assert "Q1 2025 is closed." in close(web, earlier="on", accept_ledger_mapped=kept, **given)
    assert closing.status(Q1) == CLOSED


def test_a_closed_period_shows_what_held_then_and_why_the_rest_was_accepted(web: Client) -> None:
    worked_out()
    close(web, earlier="on", reason="The books are done", **reasons(web))
    quarter, month = page(web), page(web, "2025-02")
    for text in (quarter, month):
        assert "Accepted: fine by accept_ledger_mapped" in text
        assert "by Kim Example on" in text and "The books are done" in text
    assert f'It was closed with <a href="{reverse("period", args=["2025-Q1"])}">Q1 2025</a>' in month
    assert "It was closed with" not in quarter
    listed = web.get(reverse("periods")).content.decode()
    assert "Closed through 31 Mar 2025." in listed and "The books are done" in listed


def test_what_is_refused_is_said_in_its_sentence_and_nothing_is_half_done(web: Client) -> None:
    worked_out()
    text = close(web, **reasons(web))
    assert "Dec 2024 is open: close what comes before Q1 2025 first, or all at once." in text
    assert "fine by accept_ledger_mapped" in text
    assert closing.closed_through() is None and not PeriodChange.objects.exists()
    assert "Q1 2025 is open." in reopen(web, reason="never closed")
    assert not PeriodChange.objects.exists()


def test_a_period_that_runs_says_from_when_on_it_can_be_closed(web: Client) -> None:
    worked_out()
    running = Month.holding(closing.periods.today())
    text = page(web, str(running))
    assert "It can be closed from 1 " in text and "<button class=\"button primary\"" not in text
    assert "has not ended" in close(web, str(running), earlier="on", **{f"accept_{key}": "x" for key in ALL})
    assert closing.closed_through() is None


def test_soft_closed_first_and_for_good_later(web: Client) -> None:
    worked_out()
    assert "Q1 2025 is soft-closed." in close(web, earlier="on", do="soft", **reasons(web))
    assert closing.status(Q1) == "soft_closed"
    assert "Soft-close Q1 2025" not in page(web)
    close(web, earlier="on", **reasons(web))
    assert closing.status(Q1) == CLOSED


def test_a_reopened_period_says_so_with_its_reason(web: Client) -> None:
    closed_quarter("acme")
    assert "Say why it is reopened." in reopen(web, reason=" ")
    assert closing.status(Q1) == CLOSED
    assert "Q1 2025 is open again." in reopen(web, reason="An invoice was missing")
    assert closing.status(Q1) == OPEN and closing.status(parse("2024-12")) == CLOSED
    for text in (page(web), web.get(reverse("periods")).content.decode()):
        assert "reopened" in text and "An invoice was missing" in text


def test_what_is_closed_after_it_is_reopened_only_where_that_is_asked(web: Client) -> None:
    closed_quarter("acme")
    text = reopen(web, "2025-01", reason="January was wrong")
    assert "What comes after Jan 2025 is closed through Mar 2025: reopen that first, or all at once." in text
    assert closing.status(Q1) == CLOSED
    reopen(web, "2025-01", reason="January was wrong", later="on")
    assert closing.first_open_day() == parse("2025-01").starts_on


def test_pages_of_figures_mark_a_closed_period(web: Client) -> None:
    closed_quarter("acme")
    for path in (reverse("operations"), reverse("number", args=["reactive_hours"])):
        mark = f'<a class="badge good" href="{reverse("period", args=["2025-Q1"])}">Closed'
        assert mark in web.get(f"{path}?period=2025-Q1").content.decode()
        assert '<a class="badge good"' not in web.get(f"{path}?period=2025-Q2").content.decode()
