"""What a column of ours can hold: a vendor's value made fit for it, or refused with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.db import models

Read: TypeAlias = Callable[[Any], Any]
Empty: TypeAlias = Callable[[], Any]
Column: TypeAlias = "models.Field[Any, Any]"

NOT_IN_TEXT = re.compile("[\0\ud800-\udfff]")  # what JSON can say and PostgreSQL cannot store
YEARS = range(2, 9999)  # a moment's local day must stay within what Python can hold


def coercer(column: Column) -> Read:
    """Makes a value one that its column can hold, or raises ValueError with the reason."""
    kind = _KINDS[_kind(column)]
    if column.name == "external_id":
        empty = _missing
    elif column.null:
        empty = _nothing
    elif column.has_default():
        default = kind(column, _missing)(column.get_default())
        empty = lambda: default  # noqa: E731
    else:
        empty = _missing
    into = kind(column, empty)
    choices = {choice for choice, _ in column.flatchoices} | ({""} if column.blank else set())

    def coerce_choice(value: Any) -> Any:
        value = into(value)
        if value not in choices and value is not None:
            raise ValueError(f"“{value}” is not one of {', '.join(sorted(choices))}")
        return value

    if column.name == "external_id":
        return lambda value: into(None if value == "" else value)
    return coerce_choice if column.flatchoices else into


def _missing() -> Any:
    raise ValueError("missing")


def _nothing() -> None:
    return None


def _kind(column: Column) -> type[models.Field[Any, Any]]:
    return next(kind for kind in type(column).__mro__ if kind in _KINDS)


# One call a value: each of these also asks `empty` for what stands in place of nothing.


def _text(column: Column, empty: Empty) -> Read:
    def into(value: Any) -> Any:
        if isinstance(value, str):
            return value if value.isascii() and "\0" not in value else clean(value)
        if value is None:
            return empty()
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise TypeError(column.name)
        return str(value)

    return into


def _reference(column: Column, empty: Empty) -> Read:
    def into(value: Any) -> Any:
        if type(value) is int:
            return str(value)
        return empty() if value is None else text(value) or None

    text = _text(column, empty)
    return into


def _flag(column: Column, empty: Empty) -> Read:
    def into(value: Any) -> Any:
        if value is True or value is False:
            return value
        if value is None:
            return empty()
        raise TypeError(column.name)

    return into


def _whole(column: Column, empty: Empty) -> Read:
    limit = 2**31

    def into(value: Any) -> Any:
        if value is None:
            return empty()
        number = Decimal(value)
        if isinstance(value, bool) or not -limit <= number < limit or number != int(number):
            raise ValueError("not a whole number that can be counted with")
        return int(number)

    return into


def _number(column: Column, empty: Empty) -> Read:
    assert isinstance(column, models.DecimalField)
    limit = Decimal(10) ** (column.max_digits - column.decimal_places)
    step = Decimal(1).scaleb(-column.decimal_places)

    def into(value: Any) -> Any:
        if value is None:
            return empty()
        if isinstance(value, bool):
            raise TypeError(column.name)
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if not number.is_finite() or abs(number) >= limit - step:
            raise ValueError("not a number that can be stored")
        return number

    return into


def _moment(column: Column, empty: Empty) -> Read:
    def into(value: Any) -> Any:
        if value is None:
            return empty()
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment.tzinfo is None:
            raise ValueError("a time without its zone")
        if moment.year not in YEARS:
            raise ValueError("a time outside of history")
        assert isinstance(moment, datetime)
        return moment

    return into


def _day(column: Column, empty: Empty) -> Read:
    def into(value: Any) -> Any:
        if value is None:
            return empty()
        day = date.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(day, datetime) or not isinstance(day, date):
            raise TypeError(column.name)
        return day

    return into


def _json(column: Column, empty: Empty) -> Read:
    def into(value: Any) -> Any:
        if value is None:
            return empty()
        if not isinstance(value, dict | list):
            raise TypeError(column.name)
        return json.dumps(storable(value))

    return into


_KINDS: dict[type[models.Field[Any, Any]], Callable[[Column, Empty], Read]] = {
    models.TextField: _text,
    models.ForeignKey: _reference,
    models.BooleanField: _flag,
    models.IntegerField: _whole,
    models.DecimalField: _number,
    models.DateTimeField: _moment,
    models.DateField: _day,
    models.JSONField: _json,
}


def storable(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case Mapping():
            return {clean(str(key)): storable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [storable(inner) for inner in value]
        case Decimal() if not value.is_finite() or value.adjusted() > 30:
            return str(value)
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
    return value


def clean(text: str) -> str:
    return NOT_IN_TEXT.sub("", text)
