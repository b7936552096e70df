"""How far a joined number is resolved stands beside it: on tiles, in tables and in its working."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client

from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.periods import parse
from metrics.reading import COMPANY, Number
from qbr.pages import formats
from qbr.pages.formats import Style
from tests.metrics.stored_values import store

pytestmark = pytest.mark.django_db
Q3 = parse("2026-Q3")
WORDS = "98.4% of hours, 96% of devices resolved"


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(User.objects.create_user("reader"))
    return client


def body(reader: Client, address: str) -> str:
    return reader.get(address).content.decode()


def test_a_value_that_is_not_wholly_resolved_says_so_wherever_it_stands(reader: Client) -> None:
    store("rhem", Q3, "0.29", coverage=Decimal("0.96"), cause=WORDS)
    for page in ("/operations/", "/smartnumbers/", "/numbers/rhem/"):
        assert WORDS in body(reader, f"{page}?period=2026-Q3"), page
    assert "Insufficient coverage" not in body(reader, "/operations/?period=2026-Q3")


def test_one_of_which_all_is_resolved_says_nothing_of_it(reader: Client) -> None:
    store("rhem", Q3, "0.29", coverage=Decimal(1))
    assert "resolved" not in body(reader, "/operations/?period=2026-Q3")


def test_too_little_coverage_is_a_state_of_its_own_and_no_goal_is_judged(reader: Client) -> None:
    half = {"coverage": Decimal("0.5"), "cause": "50% of hours resolved"}
    store("rhem", Q3, "0.20", state=State.INSUFFICIENT_COVERAGE, **half)
    for page in ("/operations/", "/numbers/rhem/"):
        shown = body(reader, f"{page}?period=2026-Q3")
        assert "Insufficient coverage" in shown
        assert "only 50% of hours resolved" in shown
        assert "Meets goal" not in shown
    assert "only 50% of hours resolved" in body(reader, "/smartnumbers/?period=2026-Q3")


def test_its_working_names_each_share_and_the_limit(reader: Client) -> None:
    store("reactive_hours", parse("2026-07"), "6")
    store("endpoints_managed", parse("2026-09"), "6")
    store("rhem", Q3, "0.29", coverage=Decimal(1))
    shown = body(reader, "/numbers/rhem/?period=2026-Q3")
    assert "100% of hours, 100% of devices" in shown
    assert "Share that must be resolved" in shown
    assert "Share that must be resolved" not in body(reader, "/numbers/reactive_hours/?period=2026-Q3")


@pytest.mark.parametrize(("state", "coverage", "cause", "said"), [
    (State.MEASURED, None, "unsplit", ""),
    (State.MEASURED, "0.96", WORDS, WORDS),
    (State.SO_FAR, "0.96", WORDS, f"so far, {WORDS}"),
    (State.SO_FAR, "1", "", "so far"),
    (State.INSUFFICIENT_COVERAGE, "0.5", "50% of hours resolved", "only 50% of hours resolved"),
    (State.INSUFFICIENT_COVERAGE, "0.5", "so far, 50% of hours resolved", "so far, only 50% of hours resolved"),
    (State.INSUFFICIENT_COVERAGE, "0.9", "a and b both count", "a and b both count"),
])
def test_why_in_words(state: State, coverage: str | None, cause: str, said: str) -> None:
    share = None if coverage is None else Decimal(coverage)
    number = Number(CATALOGUE["rhem"], COMPANY, Q3, Decimal(1), state, cause, coverage=share)
    assert formats.why(number) == said
    in_a_list = {State.MEASURED: "", State.SO_FAR: "so far", State.INSUFFICIENT_COVERAGE: "too little covered"}
    assert formats.why(number, Style.LIST) == in_a_list[state]
