"""What comes in over HTTP and what goes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable
from urllib.parse import parse_qsl

Row: TypeAlias = dict[str, object]


def dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass
class Request:
    method: str
    path: str
    query_text: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    base: str
    """Where the vendor's own address begins, as the caller spells it."""

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_text, keep_blank_values=True))

    @property
    def repeated(self) -> bool:
        """True if a parameter is given twice, which no sheet provides for."""
        names = [name for name, _ in parse_qsl(self.query_text, keep_blank_values=True)]
        return len(names) != len(set(names))

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    rows: list[Row] | None = None
    """Kept apart from the body until the last moment, so that faults can spoil one of them."""
    wrap: Callable[[bytes], bytes] | None = None

    def finish(self) -> bytes:
        if self.rows is not None:
            listed = dumps(self.rows)
            self.body = self.wrap(listed) if self.wrap else listed
        return self.body


class Refusal(Exception):
    """Raised inside a vendor when a request is not one that its sheet allows."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class Vendor(Protocol):
    slug: str

    def answer(self, request: Request) -> Reply: ...

    def refusal(self, status: int, message: str, code: str = "") -> Reply:
        """The vendor's own way of saying no."""
        ...

    def settings(self, base: str) -> dict[str, str]: ...

    def secrets(self) -> dict[str, str]: ...


@runtime_checkable
class Owning(Protocol):
    """A vendor with ids of its own for the clients, others than `world.others.account` gives."""

    def owners(self) -> dict[str, int | None]:
        """The client's index by the id of each account it lists; None where it is nobody's."""
        ...


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(status, dumps(value), headers=dict(headers))
