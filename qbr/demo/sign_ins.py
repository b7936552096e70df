"""The demo's people, with passwords that are meant to be read. They exist only where `make demo` made them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SignIn:
    username: str
    password: str
    first_name: str
    last_name: str
    role: str  # a role of qbr.access
    does: str


SIGN_INS = (
    SignIn("vcio", "demo-vcio", "Robin", "Vale", "vCIO", "reads every client's numbers, with finance"),
    SignIn("editor", "demo-editor", "Sam", "Field", "Editor", "enters and imports numbers"),
    SignIn("finance", "demo-finance", "Toni", "Marsh", "Finance", "sees wages too"),
    SignIn("admin", "demo-admin", "Alex", "Hill", "Admin", "connects systems, maps clients, owns the rules"),
)
