"""The world of the breakdowns, empty but for its clients and systems."""

from __future__ import annotations

import pytest

from tests.metrics.breakdowns.world import World


@pytest.fixture
def world(db: None) -> World:
    return World()
