"""What stands beside the working of a number: comparisons, causes, limits, notes, findings and restatements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metrics.working import Working
from qbr.pages import compared
from qbr.pages.filters import Question
from qbr.pages.panels import changed, in_versions, limits, noted, restated

Context = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One section of the page, drawn by the template of its name; `context` answers None where it is absent."""

    name: str
    context: Callable[[Working, Question], Context | None]
    slow: bool = False  # reads facts: loads itself into a reserved space

    @property
    def template(self) -> str:
        return f"pages/number/{self.name}.html"


@dataclass(frozen=True)
class Beside:
    """A part as the page draws it. `shown` is None where it still has to load itself, from `address`."""

    name: str
    template: str
    shown: Context | None
    address: str


PARTS: tuple[Part, ...] = (  # in the order of the page
    Part("compared", compared.beside),
    Part("changed", changed.beside, slow=True),
    Part("limits", limits.beside),
    Part("notes", noted.beside),
    Part("versions", in_versions.beside),
    Part("restated", restated.beside),
)


def beside(explained: Working, question: Question) -> Iterator[Beside]:
    """Every part that has something to say; what is slow is left to load itself unless the whole page is asked."""
    for part in PARTS:
        address = question.address(part=part.name)
        if part.slow and "whole" not in question.given:
            yield Beside(part.name, part.template, None, address)
        elif (shown := part.context(explained, question)) is not None:
            yield Beside(part.name, part.template, shown, address)


def alone(name: str, explained: Working, question: Question) -> Beside | None:
    """One part by itself; None where there is no such part, or nothing to say."""
    part = next((each for each in PARTS if each.name == name), None)
    shown = part.context(explained, question) if part else None
    return Beside(name, part.template, shown, "") if part and shown is not None else None
