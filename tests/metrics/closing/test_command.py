"""`manage.py close_period`: checks, closes, and reopens."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from metrics import closing
from metrics.closing import CHECKS
from metrics.periods import Quarter
from tests.metrics.closing.test_frontier import small

pytestmark = pytest.mark.django_db
EVERY = [f"{check.key}=a test" for check in CHECKS]


def run(*words: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("close_period", *words, stdout=out, **options)
    return out.getvalue()


def test_it_says_what_the_checks_find_and_changes_nothing() -> None:
    small()
    told = run("2025-Q1", "--check")
    assert "FAILS  given             Not entered: Employees (never entered)" in told
    assert told.count("\n") == len(CHECKS)
    assert closing.closed_through() is None


def test_it_closes_what_holds_or_is_accepted_and_reopens_with_a_reason() -> None:
    small()
    with pytest.raises(CommandError, match=r"Q1 2025 was not closed\. .*Not entered"):
        run("2025-Q1", "--earlier")
    told = run("2025-Q1", earlier=True, accept=EVERY)
    assert told.endswith("Closed: 2024, Q4 2024, Dec 2024, Q1 2025, Jan 2025, Feb 2025, Mar 2025.\n") or (
        "Closed: " in told and "Q1 2025" in told
    )
    assert closing.status(Quarter(2025, 1)) == "closed"
    with pytest.raises(CommandError, match="Say why"):
        run("2025-Q1", "--reopen")
    assert "Reopened: " in run("2025-Q1", "--reopen", reason="A board was missing")
    assert closing.status(Quarter(2025, 1)) == "open"


def test_a_word_it_does_not_know_is_refused_in_a_sentence() -> None:
    for words in (("2025-Q5",), ("2025-Q1", "--accept", "nothing=why"), ("2025-Q1", "--accept", "given")):
        with pytest.raises(CommandError, match="is no"):
            run(*words)
