"""A file checked, which writes nothing, and loaded, as one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from collectors.connections import CollectorRun
    from collectors.drop.declare import Layout, Span
    from collectors.drop.table import Table


@dataclass(frozen=True)
class SetAside:
    """A row that is not loaded: its number in the file and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class Checked:
    """What loading a file would do, or did. `retired` are rows the file, which is complete, no longer names."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    retired: int = 0
    set_aside: tuple[SetAside, ...] = ()
    accounts: tuple[str, ...] = ()  # companies not met before, which will wait in the mapping queue
    notes: tuple[str, ...] = ()  # sentences worth knowing: columns left out, rows of other days
    span: Span | None = None  # the days it would count as read, or listed on the last of them
    too_many_gone: str = ""  # a sentence, where so much is missing that a person has to confirm


def check(
    layout: Layout, table: Table, source: str, *, span: Span | None = None, complete: bool | None = None,
) -> Checked:
    """What `load` would do; writes nothing. Raises DropError where it would."""
    raise NotImplementedError


def load(
    layout: Layout, table: Table, source: str, *, span: Span | None = None, complete: bool | None = None,
    by: AbstractBaseUser | None = None, confirm_retire: bool = False,
) -> CollectorRun:
    """Load a file into the connection of this name, made where there is none; one transaction.

    `span`: the days it speaks for (of what stood, the day it was listed on); None: those its rows name, or today.
    `complete`: it names everything of its days, so that what it leaves out is retired; None: only of what stood.
    Raises DropError, and changes nothing, where the file cannot be loaded at all. `run.file` is its LoadedFile.
    """
    raise NotImplementedError
