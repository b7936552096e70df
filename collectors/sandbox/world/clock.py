"""The moment the sandbox speaks for: the real one, or one that a test has set."""

from __future__ import annotations

import time


class Clock:
    def __init__(self, fixed: int | None = None) -> None:
        self._fixed = fixed

    def now(self) -> int:
        return int(time.time()) if self._fixed is None else self._fixed

    def set(self, moment: int | None) -> None:
        """Stand still at `moment`; None follows real time again."""
        self._fixed = moment
