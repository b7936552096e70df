"""What can go wrong while collecting, told apart by what has to happen next."""

from __future__ import annotations


class CollectError(Exception):
    """A fault in collecting; its text is a sentence for people and holds no secret."""


class Refused(CollectError):
    """The vendor will not let us, or we will not let ourselves: a person must act, and retrying does not help."""


class Unavailable(CollectError):
    """The vendor cannot answer now: wait, then try again. `retry_after` is in seconds, where the vendor names them."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OutOfTime(Unavailable):
    """The run has met its own deadline: nothing is wrong, it goes on from its checkpoint."""


class Unreadable(CollectError):
    """One record cannot be read: it is quarantined with this reason and the run goes on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
