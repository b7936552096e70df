"""What tests of collecting share: an invented vendor, and its server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collectors.vendors import VENDORS
from tests.collectors.desk import SLUG, Desk, furnish, register, serving
from tests.collectors.playing import played, playing  # noqa: F401
from tests.collectors.told import sleep, slept, told  # noqa: F401


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A furnished desk that answers."""
    register()
    with serving(Desk()) as served:
        furnish(served)
        yield served
    VENDORS.pop(SLUG)
