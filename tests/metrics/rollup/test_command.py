"""The roll-up from a shell says what it did."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from metrics.models import Rollup
from tests.metrics.rollup.world import enter

pytestmark = pytest.mark.django_db


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("rollup", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_how_much_it_wrote_and_when_there_was_nothing_to_do() -> None:
    enter("employees", "2025-01", 8)
    first = told()
    written = Rollup.objects.get().rows_written
    assert written > 0
    assert f"{written:,} values were written" in first
    assert told() == "Nothing has moved since the last roll-up.\n"
    assert "0 values were written" in told("--everything")
