"""The watched folder: each file in it is loaded once it is whole, and moved to done or failed with a report beside it.

    <folder>/<source>/<layout>[_from[_through]][_complete|_part].csv or .xlsx

Whoever may write there is believed no more than an uploader: no name leads out of the folder, no link is followed.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import time
from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connection

from collectors.drop import report
from collectors.drop.declare import Layout, Span
from collectors.drop.layouts import LAYOUTS
from collectors.drop.loading import load_and_tell
from collectors.drop.table import LARGEST_FILE, DropError, table

log = logging.getLogger(__name__)

QUIET = 10.0  # seconds in which a file has not changed before it is taken for whole
DONE, FAILED, WAITING = "done", "failed", "waiting"
REPORT = ".report.txt"
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart")
SWEEPING = 7_132_011  # the advisory lock of whoever empties the folder
NAMED = re.compile(
    r"(?P<layout>[a-z][a-z_0-9]*?)(?:_(?P<first>\d{4}-\d{2}(?:-\d{2})?))?(?:_(?P<last>\d{4}-\d{2}(?:-\d{2})?))?"
    r"(?:_(?P<whole>complete|part))?\.(?:csv|tsv|xlsx)"
)


@dataclass(frozen=True)
class Outcome:
    """What became of one file: done, failed or waiting, and a sentence."""

    file: str  # source/name
    state: str
    says: str


@dataclass(frozen=True)
class Meant:
    """What a file's name says of it."""

    layout: Layout
    span: Span | None
    complete: bool | None


def sweep(folder: Path, *, quiet: float = QUIET, confirm_retire: bool = False) -> list[Outcome]:
    """Load every whole file; nothing where another worker is at it. A file the database fails for stays."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone() as alone:
        return [*_swept(folder, quiet, confirm_retire)] if alone else []


def _swept(folder: Path, quiet: float, confirm_retire: bool) -> Iterator[Outcome]:
    with _directory(str(folder)) as root:
        for source in sorted(entry.name for entry in os.scandir(root) if entry.is_dir(follow_symlinks=False)):
            with _directory(source, root) as place:
                for name in sorted(_files(place), key=_turn):
                    yield _taken(source, name, place, quiet, confirm_retire)


def _taken(source: str, name: str, place: int, quiet: float, confirm_retire: bool) -> Outcome:
    """Load one file and move it. The report comes before the move: killed in between, the next sweep does both again,
    and finds every row the same. A folder that nothing can be moved in is left alone, or it would do so for ever."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in f"{source}/{name}")
    try:
        with _directory(DONE, place, make=True) as done, _directory(FAILED, place, make=True) as failed:
            content = _read(name, place, quiet)
            if content is None:
                return Outcome(shown, WAITING, "It is still being written.")
            state, says, text = _loaded(source, name, content, confirm_retire)
            target = done if state == DONE else failed
            free = _free(name, target)
            _write(free + REPORT, text, target)
            os.rename(name, free, src_dir_fd=place, dst_dir_fd=target)
    except (DatabaseError, InterfaceError, OSError) as fault:
        log.warning("%s stays in the folder (%s)", shown, type(fault).__name__)
        return Outcome(shown, WAITING, f"It could not be loaded or moved ({type(fault).__name__}); tried again later.")
    return Outcome(shown, state, says)


def _loaded(source: str, name: str, content: bytes, confirm_retire: bool) -> tuple[str, str, str]:
    """Where the file belongs now, a sentence, and its report."""
    try:
        if len(content) > LARGEST_FILE:
            raise DropError(f"{name} is larger than {LARGEST_FILE // 1024 // 1024} MB. Split it into smaller files.")
        meant = meaning(name)
        found = table(content, name)
        run, told = load_and_tell(
            meant.layout, found, source, span=meant.span, complete=meant.complete, confirm_retire=confirm_retire
        )
    except DropError as problem:
        return FAILED, str(problem), report.of_failure(source, name, str(problem))
    except (DatabaseError, InterfaceError):
        raise
    except Exception as fault:
        log.exception("loading %s/%s failed", source, name)
        says = f"A fault of our own ({type(fault).__name__}) kept it from being loaded; the log says more."
        return FAILED, says, report.of_failure(source, name, says)
    return DONE, report.in_short(told), report.of(source, name, meant.layout, run, told)


def meaning(name: str) -> Meant:
    """What the name says: the layout, the days and whether the file names all of them. Raises DropError."""
    found = NAMED.fullmatch(re.sub(r"[\s_]+", "_", name.casefold().strip()))
    layout = LAYOUTS.get(found["layout"]) if found else None
    if found is None or layout is None:
        raise DropError(
            f"{name} does not say what it holds. Call it by its layout and days, such as "
            f"tickets_2026-04-01_2026-04-30.csv or assets_2026-04-30.xlsx. Layouts: {', '.join(LAYOUTS)}."
        )
    first, last = found["first"], found["last"]
    span = Span(_first(first, name), _last(last or first, name)) if first else None
    if span and layout.stands and last and span.from_on != span.through_on:
        raise DropError(f"{name} names two days, and {layout.label.lower()} are listed on one. Name that day alone.")
    return Meant(layout, span, None if not found["whole"] else found["whole"] == "complete")


def _first(text: str, name: str) -> date:
    return _day(f"{text}-01" if len(text) == 7 else text, name)


def _last(text: str, name: str) -> date:
    if len(text) == 7:
        month = _day(f"{text}-01", name)
        return month.replace(day=monthrange(month.year, month.month)[1])
    return _day(text, name)


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DropError(f"{text} in the name of {name} is no day. Write it as 2026-04-30.") from None


def _turn(name: str) -> tuple[str, int, str]:
    """The oldest first, since what stood is never dated back; of one day the layouts in their order."""
    try:
        meant = meaning(name)
    except DropError:
        return "", 0, name
    day = meant.span.through_on.isoformat() if meant.span else "9999"
    return day, list(LAYOUTS).index(meant.layout.key), name


# Files, always by their directory's descriptor: a name that is swapped for a link meanwhile is not followed


@contextmanager
def _directory(name: str, parent: int | None = None, make: bool = False) -> Iterator[int]:
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=parent)
    inside = os.O_NOFOLLOW if parent is not None else 0  # the folder itself may be a link: who set it chose it
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | inside, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _files(place: int) -> list[str]:
    """Regular files alone, without those that programs have open or leave about."""
    return [
        entry.name
        for entry in os.scandir(place)
        if entry.is_file(follow_symlinks=False) and not entry.name.startswith((".", "~$"))
        and not entry.name.casefold().endswith(UNFINISHED)
    ]  # fmt: skip


def _read(name: str, place: int, quiet: float) -> bytes | None:
    """The file's bytes, one more than the largest allowed at the most; None while it changes."""
    with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place), "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode) or abs(time.time() - before.st_mtime) < quiet:
            return None
        content = file.read(LARGEST_FILE + 1)
        after = os.fstat(file.fileno())
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content if same else None


def _free(name: str, target: int) -> str:
    """A name that neither a file nor a report has there."""
    taken = set(os.listdir(target))
    base, dot, ending = name.rpartition(".")
    names = (name, *(f"{base} ({number}){dot}{ending}" for number in range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)


def _write(name: str, text: str, target: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with open(os.open(name, flags, 0o640, dir_fd=target), "w", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SWEEPING])
        held = bool(cursor.fetchone()[0])
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [SWEEPING])
