"""Reading ahead: the next batch is fetched, parsed and converted in a thread while the one before it is stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, TypeVar

from django.db import connections

AHEAD = 2  # batches: enough to fill the time one is stored in, and little to hold or to read again

Item = TypeVar("Item")


class Ahead(Generic[Item]):
    """Goes through items in a thread, at most AHEAD of them before they are taken; a fault comes in its turn.

    The thread has database connections of its own: a token it stores is safe whatever becomes of the batch that is
    stored meanwhile. Leaving waits until the thread has ended, at the latest with the request it is in.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._room = threading.Semaphore(AHEAD)
        self._ready: SimpleQueue[tuple[Item] | BaseException | None] = SimpleQueue()  # None at the end
        self._left = False
        self._thread = threading.Thread(target=self._go_through, name="reading-ahead", daemon=True)

    def __enter__(self) -> Iterator[Item]:
        self._thread.start()
        return self._taken()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        self._room.release()
        self._thread.join()

    def _taken(self) -> Iterator[Item]:
        while (got := self._ready.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            self._room.release()
            yield got[0]

    def _go_through(self) -> None:
        try:
            while self._room.acquire() and not self._left:
                self._ready.put((next(self._items),))
        except StopIteration:
            self._ready.put(None)
        except BaseException as fault:  # whoever takes the items is told, at the place where it happened
            self._ready.put(fault)
        finally:
            connections.close_all()
