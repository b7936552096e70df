"""How often someone at one address may guess one user's password."""

from __future__ import annotations

import hashlib

from django.core.cache import caches
from django.http import HttpRequest

ALLOWED = 5
PAUSE_MINUTES = 15


class Guesses:
    """Wrong guesses at one user from one address, counted where every web process sees them."""

    def __init__(self, request: HttpRequest, username: str) -> None:
        self._cache = caches["q"]
        who = f"{username.strip().lower()}\n{request.META.get('REMOTE_ADDR', '')}"
        self._key = "sign-in-guesses-" + hashlib.sha256(who.encode()).hexdigest()

    @property
    def used_up(self) -> bool:
        return int(self._cache.get(self._key, 0)) >= ALLOWED

    def add(self) -> None:
        self._cache.set(self._key, int(self._cache.get(self._key, 0)) + 1, PAUSE_MINUTES * 60)

    def forget(self) -> None:
        self._cache.delete(self._key)
