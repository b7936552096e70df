"""The words a layout is written in: what the columns of a file are, and the entity its rows become."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from collectors.declare import Convert, Layer

if TYPE_CHECKING:
    from datetime import date

    from collectors.drop.table import Table
    from collectors.facts.shapes import Record as Entity


class Kind(StrEnum):
    """What stands in a column's cells."""

    TEXT = "text"
    MOMENT = "a day and time"  # in the business time zone, unless it names its offset; a day alone is its midnight
    DAY = "a day"
    MONTH = "a month"
    NUMBER = "a number"
    WHOLE = "a whole number"
    FLAG = "yes or no"
    CHOICE = "one of a list"
    PERSON = "a person"  # kept as a keyed hash: enough to count people, never a name


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column. `name` is its heading in the template; `also` are other headings by which it is known.

    Where `required`, the file must have the column, and a row whose cell is empty is set aside.
    """

    name: str
    meaning: str
    example: str = ""
    required: bool = False
    kind: Kind = Kind.TEXT
    also: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)  # what may stand there, in any case -> ours


@dataclass(frozen=True, kw_only=True)
class Named:
    """A thing that rows name by the way: whose a ticket is, the queue it is in. One not known yet is made.

    It is found by its id, where the file has one, else by its name among those of the same source. Its external id is
    then at "<column> key" in the row.
    """

    into: type[Entity]
    column: str
    id: str = ""  # the column of its id
    under: str = ""  # the column of what it is a part of: a device is known by name within its company
    makes: bool = True  # false: what is not known yet is waited for
    fields: Mapping[str, str | Convert] = field(default_factory=dict)  # besides external id and name


Line = tuple[int, Mapping[str, str]]  # the number of a row in its file, and its cells by the name of their column


@dataclass(frozen=True)
class Span:
    """The days a file speaks for, from the first through the last. Things that stood are listed on the last."""

    from_on: date
    through_on: date


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What one kind of file holds. `fields` give our field for each column that fills one, by the column's name.

    The external id is the `id` column, or where that is empty made of the cells of `known_by`.
    """

    key: str
    label: str
    about: str  # a sentence for whoever makes the file
    layer: Layer
    into: type[Entity]
    columns: tuple[Column, ...]
    fields: Mapping[str, str | Convert]
    id: str = ""
    known_by: tuple[str, ...] = ()
    by: str = ""  # of what happened: our local-day column by which the span is meant; "": what stood, listed on a day
    dated: tuple[str, ...] = ()  # the columns that tell that day, the first that has one
    named: tuple[Named, ...] = ()
    settles: str = ""  # a column of one value that is the source's own setting of that name: its ledger's basis
    shapes: Callable[[Table, Span | None], Iterable[Line]] | None = None  # the rows of a table of another form
    constants: Mapping[str, Any] = field(default_factory=dict)  # our fields that every row has alike
    sample: tuple[tuple[str, ...], ...] = ()  # an example file of that other form, cell by cell

    @property
    def happens(self) -> bool:
        return bool(self.by)

    @property
    def stands(self) -> bool:
        return not self.by

    @property
    def whole(self) -> bool:
        """Whether a file names everything of its days, unless it is said not to: lists of a day, and reports."""
        return self.stands or self.shapes is not None

    @property
    def vendor(self) -> str:
        """The slug of the connections its files are loaded into."""
        return f"files_{self.layer}"

    @property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)
