"""Reading ahead: in order, not too far, and over when nobody takes any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from collectors.ahead import AHEAD, Ahead
from collectors.errors import Unavailable


def test_it_gives_the_items_in_their_order() -> None:
    with Ahead(iter(range(20))) as items:
        assert list(items) == list(range(20))


def test_it_goes_no_further_ahead_than_it_may() -> None:
    got: list[int] = []
    reached = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(100):
            got.append(number)
            if number == AHEAD:  # the first was taken, and made room for one more
                reached.set()
            yield number

    with Ahead(numbers()) as items:
        assert next(items) == 0
        assert reached.wait(5)
    assert got == list(range(AHEAD + 1))


def test_a_fault_comes_after_what_was_read_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        yield 2
        raise Unavailable("The desk cannot be reached.")

    taken: list[int] = []
    with pytest.raises(Unavailable, match="cannot be reached"), Ahead(broken()) as items:
        taken.extend(items)
    assert taken == [1, 2]


def test_its_thread_has_ended_when_it_is_left_early() -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), Ahead(iter(range(1_000))) as items:
        next(items)
        raise KeyError
    assert threading.active_count() == before
