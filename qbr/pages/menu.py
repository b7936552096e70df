"""The menu: groups of entries, each a name in the address book of `qbr/urls.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse

from qbr import access

if TYPE_CHECKING:
    from metrics.reading import Person

CARRIED = ("client", "period")  # what a person has chosen goes with them from page to page


def _everyone(person: Person) -> bool:
    return True


def _staff(person: Person) -> bool:
    return bool(getattr(person, "is_staff", False))


@dataclass(frozen=True)
class Entry:
    name: str
    label: str
    icon: str
    short: str = ""  # on the narrow screen's tab bar; empty: under More
    carries: bool = True
    may: Callable[[Person], bool] = _everyone


@dataclass(frozen=True)
class Shown:
    name: str
    label: str
    icon: str
    short: str
    href: str
    current: bool

    @property
    def tab(self) -> bool:
        return bool(self.short)


@dataclass(frozen=True)
class Group:
    name: str
    entries: tuple[Shown, ...]


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("today", "Today", "today", "Today", carries=False),
            Entry("portfolio", "Portfolio", "portfolio", "Portfolio"),
        ),
    ),
    (
        "Sections",
        (
            Entry("operations", "Operations", "operations", "Ops"),
            Entry("security", "Security", "security"),
            Entry("service", "Service", "service", "Service"),
            Entry("financial", "Financial", "financial", "Finance"),
        ),
    ),
    (
        "Results",
        (
            Entry("smartnumbers", "SmartNumbers", "smartnumbers"),
            Entry("business_review", "Monthly review", "review"),
        ),
    ),
    (
        "Behind the numbers",
        (
            Entry("data", "Data", "data", carries=False),
            Entry("quality", "Data quality", "check", carries=False),
            Entry("notes", "Notes", "review", carries=False),
            Entry("definitions", "Definitions", "table", carries=False),
            Entry("periods", "Periods", "review", carries=False),
            Entry("restatements", "Restatements", "table", carries=False),
            Entry("entry", "Enter numbers", "entry", carries=False, may=access.may_enter),
            Entry("import", "Import", "download", carries=False, may=access.may_enter),
            Entry("admin:index", "Administration", "admin", carries=False, may=_staff),
        ),
    ),
)


def menu(person: Person, here: str, chosen: dict[str, str]) -> list[Group]:
    """The groups as this person may use them, with the entry of the page they are on marked."""
    return [Group(name, tuple(_shown(entries, person, here, chosen))) for name, entries in MENU]


def _shown(entries: tuple[Entry, ...], person: Person, here: str, chosen: dict[str, str]) -> Iterator[Shown]:
    for entry in entries:
        if not entry.may(person):
            continue
        path = reverse(entry.name)
        carried = urlencode({name: chosen[name] for name in CARRIED if chosen.get(name)}) if entry.carries else ""
        yield Shown(
            entry.name,
            entry.label,
            entry.icon,
            entry.short,
            f"{path}?{carried}" if carried else path,
            here == path or (path != "/" and here.startswith(path)),
        )
