"""From a vendor's records to rows of ours, in the order of an entity's columns.

A `Plan` is compiled once for an endpoint; reading a record is then one call a column. What cannot be read is set
aside with its reason and the fields its file declares, and never stops the others.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from collectors.columns import Column, Read, clean, coercer, storable
from collectors.declare import Convert, Endpoint, Record, Vendor
from collectors.errors import Unreadable
from collectors.facts.shapes import Record as Entity

Row: TypeAlias = tuple[Any, ...]

SHAPE_FAULTS = (TypeError, AttributeError, LookupError, ArithmeticError)  # a value of another kind than declared
FAULTS = (ValueError, Unreadable, *SHAPE_FAULTS)


@dataclass(frozen=True)
class Unread:
    """A record that could not be read: its declared fields and why."""

    external_id: str  # "" where not even that could be read
    reason: str
    record: dict[str, Any]


@dataclass
class Batch:
    """What a few pages came to. Rows are by external id: of a record named twice the last is right."""

    rows: dict[str, Row] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    parents: dict[str, dict[str, Any]] = field(default_factory=dict)  # what endpoints asked `each` of these need
    read: int = 0
    again: int = 0  # of these, named before in the same batch

    @property
    def named(self) -> list[str]:
        return [*self.rows, *{one.external_id for one in self.unread if one.external_id}]


class Plan:
    """How one endpoint's records are read. `columns` are names of model fields, the external id first."""

    def __init__(self, endpoint: Endpoint, vendor: Vendor, settings: Mapping[str, Any]) -> None:
        self.endpoint = endpoint
        self.entity: type[Entity] = endpoint.into
        sources: dict[str, str | Convert] = dict(endpoint.fields)
        if endpoint.link:
            sources.setdefault("link", _address(endpoint, vendor, settings))
        if "layer" not in sources and _has(endpoint.into, "layer"):
            sources["layer"] = Convert((), lambda: str(vendor.layer))
        if endpoint.into.counted.inherits in sources and "account" not in sources:
            sources["account"] = Convert((), lambda: None)  # loading takes that of the thing it belongs to
        known = {**{one.name: one.default for one in vendor.settings}, **settings}
        sources = {name: _settled(source, known) for name, source in sources.items()}
        names = ["external_id", *(name for name in sources if name != "external_id")]
        self.columns = tuple(names)
        self.readers = tuple(_reader(_column(endpoint.into, name), sources[name]) for name in names)
        self.keeps = _test(endpoint.keep) if endpoint.keep else None
        read = [*sources.values(), *([endpoint.keep] if endpoint.keep else [])]
        self.paths = sorted({path for source in read for path in _paths(source)})
        self.parent_paths = sorted(
            {
                path.removeprefix("each.")
                for other in vendor.endpoints
                if other.each == endpoint.name
                for path in (*_placeholders(other.path), *_child_paths(other), other.tenant)
                if path
            }
        )

    def read(self, records: Iterable[Record], batch: Batch) -> None:
        """Add these records to the batch."""
        if self.endpoint.parts is not None:
            self._read_parts(self.endpoint.parts, records, batch)
            return
        readers, rows, keeps = self.readers, batch.rows, self.keeps
        for record in records:
            batch.read += 1
            try:
                if keeps is not None and not keeps(record):
                    continue
                row = tuple([read(record) for read in readers])
            except FAULTS:
                batch.unread.append(self._unread(record))
                continue
            batch.again += rows.pop(row[0], None) is not None
            rows[row[0]] = row
            if self.parent_paths:
                batch.parents[row[0]] = only(record, self.parent_paths)

    def _read_parts(self, parts: Callable[[Record], Iterable[Record]], records: Iterable[Record], batch: Batch) -> None:
        """The parts of each record; what is counted, and compared with what the vendor says, is the whole record."""
        for record in records:
            batch.read += 1
            again = False
            try:
                found = list(parts(record))
            except FAULTS as fault:
                reason = str(fault) if isinstance(fault, ValueError) else "It has no parts of the expected kind."
                batch.unread.append(Unread("", clean(reason), only(record, self.paths) if _is_one(record) else {}))
                continue
            for part in found:
                try:
                    if self.keeps is not None and not self.keeps(part):
                        continue
                    row = tuple([read(part) for read in self.readers])
                except FAULTS:
                    batch.unread.append(self._unread(part))
                    continue
                again = batch.rows.pop(row[0], None) is not None or again
                batch.rows[row[0]] = row
            batch.again += again

    def parent_json(self, batch: Batch, external_id: str) -> str | None:
        """What endpoints asked `each` of these records need of one, as JSON; None where none asks, or it is unread."""
        kept = batch.parents.get(external_id)
        return None if kept is None else json.dumps(kept)

    def _unread(self, record: Any) -> Unread:
        """Find the column that failed, one at a time."""
        if not isinstance(record, Mapping):
            return Unread("", "The record is not an object.", {})
        kept = only(record, self.paths)
        external_id = ""
        for name, read in zip(self.columns, self.readers, strict=True):
            try:
                value = read(record)
            except SHAPE_FAULTS:
                return Unread(external_id, f"{name} is not of the expected kind.", kept)
            except (ValueError, Unreadable) as fault:
                return Unread(external_id, f"{name}: {clean(str(fault))}", kept)
            external_id = external_id or value
        return Unread(external_id, "Whether it is to be read cannot be told.", kept)


def _is_one(record: Any) -> bool:
    return isinstance(record, Mapping)


def only(record: Record, paths: Iterable[str]) -> dict[str, Any]:
    """The record with nothing but these dotted paths, in a form that can be stored as JSON."""
    kept: dict[str, Any] = {}
    for path in paths:
        *outer, last = path.split(".")
        source, target = record, kept
        for part in outer:
            source = source.get(part) if isinstance(source, Mapping) else None  # type: ignore[assignment]
            target = target.setdefault(part, {}) if isinstance(target, dict) else {}
        if isinstance(source, Mapping) and last in source and isinstance(target, dict):
            target[last] = storable(source[last])
    return kept


def _has(entity: type[Entity], name: str) -> bool:
    return any(column.name == name for column in entity._meta.concrete_fields)


def _column(entity: type[Entity], name: str) -> Column:
    """The field of the thing, or of its states. Raises LookupError where the vendor file names one there is not."""
    for model in (entity, entity.state_model):
        for column in model._meta.concrete_fields if model else ():
            if column.name == name:
                return column
    raise LookupError(f"{entity.__name__} has no field {name}")


def _paths(source: str | Convert) -> Sequence[str]:
    return (source,) if isinstance(source, str) else source.paths


def _settled(source: str | Convert, settings: Mapping[str, Any]) -> str | Convert:
    """The source with the connection's settings in place of the paths in braces."""
    if isinstance(source, str) or not any(path.startswith("{") for path in source.paths):
        return source
    paths, of = source.paths, source.of

    def settled(*values: Any) -> Any:
        left = iter(values)
        return of(*(settings.get(path[1:-1]) if path.startswith("{") else next(left) for path in paths))

    return Convert(tuple(path for path in paths if not path.startswith("{")), settled)


def _placeholders(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name]


def _child_paths(child: Endpoint) -> list[str]:
    paths = [path for source in child.fields.values() for path in _paths(source)] + _placeholders(child.link)
    paths += [name for text in (*child.params.values(), *child.headers.values()) for name in _placeholders(text)]
    paths += [*(child.keep.paths if child.keep else ()), *(lookup.by for lookup in child.looks_up.values())]
    return [path for path in paths if path.startswith("each.")]


def _address(endpoint: Endpoint, vendor: Vendor, settings: Mapping[str, Any]) -> Convert:
    """The record's page: braces that name a setting are filled now, the others from each record."""
    template = (vendor.console if endpoint.link.startswith("/") else "") + endpoint.link
    known = {name: str(settings[name]).rstrip("/") for name in _placeholders(template) if name in settings}
    paths = tuple(name for name in _placeholders(template) if name not in known)
    for name, value in known.items():
        template = template.replace("{" + name + "}", value.replace("{", "").replace("}", ""))
    for path in paths:
        template = template.replace("{" + path + "}", "{}", 1)

    def fill(*values: Any) -> str:
        return "" if None in values else template.format(*values)

    return Convert(paths, fill)


def _test(keep: Convert) -> Read:
    gets = [at(path) for path in keep.paths]
    return lambda record: keep.of(*[get(record) for get in gets])


def _reader(column: Column, source: str | Convert) -> Read:
    """One call from a record to the value of one column. Raises one of FAULTS."""
    coerce = coercer(column)
    if isinstance(source, str):
        return _plain(source, coerce)
    if len(source.paths) == 1:
        return _converted(source.paths[0], source.of, coerce)
    gets, of = [at(path) for path in source.paths], source.of
    if len(gets) == 2:
        one, other = gets
        return lambda record: coerce(of(one(record), other(record)))
    return lambda record: coerce(of(*[get(record) for get in gets]))


def _plain(path: str, coerce: Read) -> Read:
    """The value at a path, coerced; a name alone, which most paths are, is got without a call."""
    if "." not in path:
        return lambda record: coerce(record.get(path))
    first, second = path.split(".", 1)
    if "." in second:
        get = at(path)
        return lambda record: coerce(get(record))

    def read(record: Any) -> Any:
        outer = record.get(first)
        return coerce(None if outer is None else outer.get(second))

    return read


def _converted(path: str, of: Read, coerce: Read) -> Read:
    """As `_plain`, with what the vendor file makes of the value in between."""
    if "." not in path:
        return lambda record: coerce(of(record.get(path)))
    first, second = path.split(".", 1)
    if "." in second:
        get = at(path)
        return lambda record: coerce(of(get(record)))

    def read(record: Any) -> Any:
        outer = record.get(first)
        return coerce(of(None if outer is None else outer.get(second)))

    return read


def at(path: str) -> Read:
    """What stands at a dotted path; None where the vendor left it out."""
    first, *rest = path.split(".")
    if not rest:
        return lambda record: record.get(first)
    inner = at(".".join(rest))

    def get(record: Any) -> Any:
        outer = record.get(first)
        return None if outer is None else inner(outer)

    return get
