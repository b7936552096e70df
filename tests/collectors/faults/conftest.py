from __future__ import annotations

from collections.abc import Iterator

import pytest

from collectors.declare import Vendor
from tests.collectors.faults.kept import Kept
from tests.collectors.faults.month import Months
from tests.collectors.playing import Playing


@pytest.fixture(scope="session")
def kept(django_db_setup: None, django_db_blocker: object) -> Iterator[Kept]:
    states = Kept()
    yield states
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        states.forget()


@pytest.fixture
def months(transactional_db: None, playing: Playing, kept: Kept, vendor: Vendor) -> Months:
    return Months(playing, kept, vendor)
