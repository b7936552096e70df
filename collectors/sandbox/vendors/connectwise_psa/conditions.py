"""The `conditions` language: field, operator, value, joined by and / or, with parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from collectors.sandbox.exchange import Refusal, Row

Test = Callable[[Row], bool]
ReadDate = Callable[[str], str]
Fields = Mapping[str, str]
"""Path of a field to its type: int, number, text, flag or date."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<date>\[[^\]]*\])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign><=|>=|!=|=|<|>|\(|\)|,)
    |(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][A-Za-z0-9_/]*))""",
    re.VERBOSE,
)
_SIGNS = {"=", "!=", "<", "<=", ">", ">="}
# The name of a field in a condition is not always where the reply has it.
_ALIASES = {"dateEntered": "_info/dateEntered", "lastUpdated": "_info/lastUpdated"}


def path_of(name: str) -> tuple[str, ...]:
    return tuple(_ALIASES.get(name, name).split("/"))


@dataclass
class Condition:
    test: Test
    changed_since: str = ""
    """Rows that pass have changed at or after this moment, as far as the condition says."""
    fields: frozenset[str] = frozenset()
    among: tuple[str, frozenset[object]] | None = None
    """Rows that pass have one of these values in this field."""


class _Reader:
    def __init__(self, text: str, fields: Fields, read_date: ReadDate) -> None:
        self.fields, self.read_date = fields, read_date
        self.tokens = _tokens(text)
        self.place = 0
        self.used: set[str] = set()

    def whole(self) -> Condition:
        condition = self.either()
        if self.place != len(self.tokens):
            raise _bad("trailing text")
        condition.fields = frozenset(self.used)
        return condition

    def either(self) -> Condition:
        parts = [self.all()]
        while self._word("or"):
            parts.append(self.all())
        if len(parts) == 1:
            return parts[0]
        return Condition(lambda row: any(part.test(row) for part in parts), min(p.changed_since for p in parts))

    def all(self) -> Condition:
        parts = [self.one()]
        while self._word("and"):
            parts.append(self.one())
        if len(parts) == 1:
            return parts[0]
        among = next((part.among for part in parts if part.among), None)
        since = max(part.changed_since for part in parts)
        return Condition(lambda row: all(part.test(row) for part in parts), since, among=among)

    def one(self) -> Condition:
        if self._sign("("):
            inner = self.either()
            self._expect(")")
            return inner
        name = self._take("word")
        if name not in self.fields:
            raise _bad(f"unknown field {name}")
        self.used.add(name)
        path = path_of(name)
        negated = self._word("not")
        if self._word("in"):
            values = self._values(name)
            test = _perhaps_not(lambda row: value_of(row, path) in values, negated)
            return Condition(test, among=None if negated else (name, values))
        for word, make in (("contains", self._contains), ("like", self._like)):
            if self._word(word):
                return Condition(_perhaps_not(make(name, path), negated))
        if negated:
            raise _bad("not stands before in, contains or like")
        return self._compare(name, path)

    def _compare(self, name: str, path: tuple[str, ...]) -> Condition:
        sign = self._take("sign")
        if sign not in _SIGNS:
            raise _bad(f"unknown operator {sign}")
        value = self._value(name)
        if sign in ("<", "<=", ">", ">=") and self.fields[name] in ("text", "flag"):
            raise _bad(f"{sign} does not suit {name}")
        since = str(value) if sign in (">", ">=") and self.fields[name] == "date" else ""
        return Condition(_comparing(path, sign, value), since)

    def _values(self, name: str) -> frozenset[object]:
        self._expect("(")
        values = {self._value(name)}
        while self._sign(","):
            values.add(self._value(name))
        self._expect(")")
        return frozenset(values)

    def _contains(self, name: str, path: tuple[str, ...]) -> Test:
        wanted = self._text(name).lower()
        return lambda row: wanted in str(value_of(row, path) or "").lower()

    def _like(self, name: str, path: tuple[str, ...]) -> Test:
        pattern = re.escape(self._text(name)).replace("%", ".*").replace(r"\*", ".*")
        compiled = re.compile(f"^{pattern}$", re.IGNORECASE)
        return lambda row: compiled.match(str(value_of(row, path) or "")) is not None

    def _text(self, name: str) -> str:
        if self.fields[name] != "text":
            raise _bad(f"{name} is not text")
        return str(self._value(name))

    def _value(self, name: str) -> object:
        kind, text = self._next()
        wanted = self.fields[name]
        if wanted == "text" and kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if wanted == "flag" and kind == "word" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        if wanted == "date" and kind == "date":
            return self.read_date(text[1:-1])
        if wanted == "int" and kind == "number" and "." not in text:
            return int(text)
        if wanted == "number" and kind == "number":
            return float(text)
        raise _bad(f"{text} does not suit {name}")

    def _next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise _bad("the condition breaks off")
        self.place += 1
        return self.tokens[self.place - 1]

    def _take(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise _bad(f"did not expect {text}")
        return text

    def _peek(self, kind: str, text: str) -> bool:
        if self.place >= len(self.tokens):
            return False
        found, word = self.tokens[self.place]
        met = found == kind and word.lower() == text
        self.place += met
        return met

    def _word(self, text: str) -> bool:
        return self._peek("word", text)

    def _sign(self, text: str) -> bool:
        return self._peek("sign", text)

    def _expect(self, text: str) -> None:
        if not self._sign(text):
            raise _bad(f"{text} is missing")


def parse(text: str, fields: Fields, read_date: ReadDate) -> Condition:
    """The condition as a test for rows; anything the sheet does not name is refused."""
    return _Reader(text, fields, read_date).whole()


def parse_child(text: str, fields: Fields, read_date: ReadDate) -> Test:
    """A condition on the members of an array: `types/id = 1` asks for a row with such a type."""
    array = text.strip().split("/")[0]
    inside = {path.split("/", 1)[1]: kind for path, kind in fields.items() if path.startswith(f"{array}/")}
    condition = _Reader(re.sub(rf"\b{re.escape(array)}/", "", text), inside, read_date).whole()
    return lambda row: any(condition.test(child) for child in row.get(array, ()))  # type: ignore[attr-defined]


def utc_date(text: str, zone: tzinfo = UTC) -> str:
    """A date in brackets as the canonical text that rows carry; without an offset it is in `zone`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _bad(f"[{text}] is not a date") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _comparing(path: tuple[str, ...], sign: str, value: object) -> Test:
    def test(row: Row) -> bool:
        found = value_of(row, path)
        if found is None:
            return sign == "!="
        if isinstance(found, str) and isinstance(value, str) and sign in ("=", "!="):
            return (found.lower() == value.lower()) == (sign == "=")
        return _ordered(found, sign, value)

    return test


def _perhaps_not(test: Test, negated: bool) -> Test:
    return (lambda row: not test(row)) if negated else test


def _ordered(found: object, sign: str, value: object) -> bool:
    less, same = bool(found < value), found == value  # type: ignore[operator]
    return {"=": same, "!=": not same, "<": less, "<=": less or same,
            ">": not less and not same, ">=": not less}[sign]  # fmt: skip


def value_of(row: Row, path: tuple[str, ...]) -> object:
    found: object = row
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise _bad(f"cannot read {text[place : place + 20]}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return tokens


def _bad(why: str) -> Refusal:
    return Refusal(400, f"conditions: {why}", "ConnectWiseApi")
