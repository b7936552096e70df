"""Counts requests in a sliding minute for each vendor."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock


class Limits:
    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}
        self._lock = Lock()

    def passes(self, vendor: str, a_minute: int) -> bool:
        """Counts a request; False if it is one too many."""
        if not a_minute:
            return True
        now = time.monotonic()
        with self._lock:
            seen = self._seen.setdefault(vendor, deque())
            while seen and seen[0] < now - 60:
                seen.popleft()
            if len(seen) >= a_minute:
                return False
            seen.append(now)
            return True

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()
