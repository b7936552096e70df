"""Ledger accounts without a category: wages among them are shown to those who may see wages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from metrics.periods import parse
from qbr.pages.financial import unmapped
from tests.metrics.rollup.world import World
from tests.metrics.stored_values import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("rights", "seen"), [
    (("see_finance",), ["100"]), (("see_finance", "see_wages"), ["52800", "100"]),
])
def test_costs_nobody_decided_on_are_hidden_from_those_who_may_not_see_wages(
    rights: tuple[str, ...], seen: list[str]
) -> None:
    world = World()
    world.balance("2025-03", "52800", side="expense")
    world.balance("2025-03", "100", side="income")
    question = SimpleNamespace(person=person("vcio", *rights), period=parse("2025-Q1"))
    table = unmapped(question)  # type: ignore[arg-type]
    assert [f"{line.cells[3].value:.0f}" for line in table.lines] == seen
