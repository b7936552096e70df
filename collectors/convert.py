"""How a vendor's values become ours. Each word makes a `Convert`; None in is None out, unless it says otherwise.

A value that cannot be read raises ValueError with a plain reason, which quarantines its record.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import itertools
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

import tldextract
from django.conf import settings

from collectors.declare import Convert

_MILLISECONDS_FROM = Decimal(10) ** 11  # as seconds that is the year 5138, as milliseconds 1973
_WHOLE = re.compile(r"[+-]?\d+")


def utc(path: str) -> Convert:
    """A moment in UTC, from ISO text with its offset or from seconds or milliseconds since 1970."""
    return Convert((path,), _moment)


def day(path: str) -> Convert:
    """A plain day, from ISO text whose time, if any, is dropped and never shifted."""
    return Convert((path,), _day)


def day_of(path: str) -> Convert:
    """The day, in UTC, of a moment told as for `utc`."""
    return Convert((path,), lambda value: moment.date() if (moment := _moment(value)) else None)


def decimal(path: str, default: str | None = None) -> Convert:
    """An exact number, from a number or its text."""
    missing = None if default is None else Decimal(default)
    return Convert((path,), lambda value: missing if value in (None, "") else _decimal(value))


def whole(path: str) -> Convert:
    return Convert((path,), lambda value: None if value in (None, "") else _whole(value))


def text(path: str, default: str = "") -> Convert:
    """Text without spaces around it; what is missing is `default`."""

    def of(value: Any) -> str:
        return (value.strip() if type(value) is str else _text(value)) or default

    return Convert((path,), of)


def flag(path: str, default: bool | None = None) -> Convert:
    """True or false; `default` where the vendor leaves it out."""

    def of(value: Any) -> bool | None:
        if value is True or value is False:
            return value
        return default if value is None else _flag(value)

    return Convert((path,), of)


def not_flag(path: str) -> Convert:
    """The contrary of a flag: true where the vendor says false or nothing."""
    return Convert((path,), lambda value: True if value is None else not _flag(value))


def choice(path: str, mapping: Mapping[str, Any], default: Any = ...) -> Convert:
    """One of ours for each of theirs, in any case; without a default, one not in the mapping cannot be read."""
    ours = {theirs.casefold(): _plain(value) for theirs, value in mapping.items()}
    otherwise = _plain(default)

    def of(value: Any) -> Any:
        found = ours.get(_text(value).casefold(), otherwise)
        if found is ...:
            raise ValueError(f"“{_text(value)[:60]}” is not one of {', '.join(mapping)}")
        return found

    return Convert((path,), of)


def constant(value: Any) -> Convert:
    plain = _plain(value)
    return Convert((), lambda: plain)


def share(path: str, most: str) -> Convert:
    """Points at `path` as a part of a hundred, where `most` is the most there can be; more than that cannot be read."""

    def of(points: Any, highest: Any) -> Decimal | None:
        if points in (None, ""):
            return None
        score = _decimal(points) * 100 / _decimal(highest)
        if not 0 <= score <= 100:
            raise ValueError(f"{points} points, and the connection says that {highest} is the most")
        return score

    return Convert((path, most), of)


def joined(*paths: str, by: str = " ") -> Convert:
    """The texts at the paths, those that are there, one after the other."""
    return Convert(paths, lambda *values: by.join(_text(value) for value in values if _text(value)))


def first(*sources: str | Convert) -> Convert:
    """The first of the paths or conversions that gives something."""
    converts = [Convert((source,), _same) if isinstance(source, str) else source for source in sources]
    ends = list(itertools.accumulate(len(convert.paths) for convert in converts))

    def of(*values: Any) -> Any:
        made = (
            convert.of(*values[end - len(convert.paths) : end]) for convert, end in zip(converts, ends, strict=True)
        )
        return next((value for value in made if value not in (None, "")), None)

    return Convert(tuple(path for convert in converts for path in convert.paths), of)


def tagged(tag: str, path: str) -> Convert:
    """A vendor's id under a tag, where several of its lists become one entity of ours and their ids would meet."""
    return Convert((path,), lambda value: None if value in (None, "") else f"{tag}/{_text(value)}")


def only_when(path: str, tested: str, allowed: tuple[str, ...]) -> Convert:
    """What stands at `path`, where the text at `tested` is one of `allowed`; else nothing."""
    return Convert((path, tested), lambda value, kind: value if kind in allowed else None)


def only(path: str, *allowed: Any) -> Convert:
    """For `keep`: the records whose field is one of `allowed`."""
    return Convert((path,), lambda value: value in allowed)


def billing_months(path: str) -> Convert:
    """Months that a billing cycle covers, by its name; None for one that is no cycle."""
    return Convert((path,), _billing_months)


def evidence(
    *, domains: tuple[str, ...] = (), ids: Mapping[str, str] | None = None, phones: tuple[str, ...] = (),
    addresses: tuple[tuple[str, ...], ...] = (), types: str = "", fields: Mapping[str, str] | None = None,
) -> Convert:
    """What a vendor says of identity: domains of websites and e-mail addresses, other systems' ids in a text (`ids`) or
    in a field that holds nothing else (`fields`), telephone numbers, addresses of which each names its lines, types."""
    named, whole_fields = ids or {}, fields or {}
    lines = tuple(line for address in addresses for line in address)
    paths = (*domains, *named.values(), *whole_fields.values(), *phones, *lines, *([types] if types else []))

    def of(*values: Any) -> dict[str, Any]:
        left = iter(values)
        webs, texts = list(itertools.islice(left, len(domains))), list(itertools.islice(left, len(named)))
        plain = dict(zip(whole_fields, map(_text, itertools.islice(left, len(whole_fields))), strict=True))
        numbers = [_text(value) for value in itertools.islice(left, len(phones))]
        places = [[_text(value) for value in itertools.islice(left, len(address))] for address in addresses]
        called = [_text(one.get("name")) for one in (next(left, None) or []) if isinstance(one, Mapping)]
        said = {
            "domains": sorted({name for value in webs if (name := registrable(value))}),
            "ids": {slug: number for slug, value in zip(named, texts, strict=True) if (number := psa_id(value))}
            | {slug: number for slug, number in plain.items() if number},
            "phones": [number for number in dict.fromkeys(numbers) if number],
            "addresses": [", ".join(filter(None, place)) for place in places if place[0]],
            "types": called,
        }
        return {word: value for word, value in said.items() if value}

    return Convert(paths, of)


def requester(*paths: str) -> Convert:
    """A keyed hash of whoever asked: enough to count people, never a name. Empty where nobody is named."""

    def of(*values: Any) -> str:
        for value in values:
            if name := _text(value):
                return hashed(name)
        return ""

    return Convert(paths, of)


def whole_months(start: datetime, end: datetime) -> tuple[str, str]:
    """First and last day, as ISO dates, of the calendar months that a half-open span touches."""
    last = end - timedelta(microseconds=1)
    after = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start.strftime("%Y-%m-01"), (after - timedelta(days=1)).strftime("%Y-%m-%d")


def registrable(value: Any) -> str | None:
    """The domain that someone registered, of the first address in a text such as a website or an e-mail address."""
    found = re.split(r"[\s,;]+", _text(value).casefold().strip())[0].rpartition("@")[2]
    parts = _suffixes()(found)
    name: str = parts.top_domain_under_public_suffix
    if not parts.suffix and parts.subdomain and parts.domain == "example":  # reserved, and in no list of suffixes
        name = f"{parts.subdomain.rpartition('.')[2]}.example"
    return name if name and name not in FREE_MAIL else None


def psa_id(value: Any) -> str | None:
    """The PSA's id that someone wrote into a text, as in “PSA: 250” or “ConnectWise company 250”."""
    found = _PSA_ID.search(_text(value))
    return found[1] if found else None


def hashed(name: str) -> str:
    return hmac.digest(_requester_key(), name.casefold().encode(), "sha256").hex()[:32] if name else ""


FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "msn.com", "yahoo.com",
    "yahoo.co.uk", "ymail.com", "aol.com", "icloud.com", "me.com", "mac.com", "gmx.com", "gmx.de", "gmx.net", "web.de",
    "mail.com", "proton.me", "protonmail.com", "zoho.com", "yandex.com", "comcast.net", "att.net", "verizon.net",
    "sbcglobal.net", "bellsouth.net", "cox.net", "charter.net", "btinternet.com", "facebook.com", "linkedin.com",
    "instagram.com", "x.com", "twitter.com",
})  # fmt: skip
_PSA_ID = re.compile(  # a sign or a word must say that the number is an id: “PSA 24/7” is none
    r"\b(?:psa|connectwise|cw)(?:\s+(?:psa|manage))?"
    r"(?:(?:\s+company)?(?:\s+id)?\s*[:#=]\s*#?|\s+company(?:\s+id)?\s+|\s+id\s+)(\d{1,18})\b(?![/.,]\d)",
    re.IGNORECASE,
)
_CYCLES = {
    "monthly": 1, "month": 1, "bi-monthly": 2, "bimonthly": 2, "every two months": 2, "quarterly": 3, "quarter": 3,
    "semi-annual": 6, "semi-annually": 6, "semiannual": 6, "semi annual": 6, "half-yearly": 6,
    "annual": 12, "annually": 12, "yearly": 12, "year": 12,
    "bi-annual": 24, "biennial": 24, "every two years": 24, "every three years": 36, "triennial": 36,
    "one time": None, "one-time": None, "once": None,
}  # fmt: skip


@functools.cache
def _suffixes() -> tldextract.TLDExtract:
    """The public suffix list that is installed with us: left alone it would fetch one from the network."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@functools.cache
def _requester_key() -> bytes:
    return hashlib.sha256(b"requester:" + settings.SECRET_KEY.encode()).digest()


def _plain(value: Any) -> Any:
    """The value itself, where one of a vocabulary of ours is given."""
    return value.value if isinstance(value, Enum) else value


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if type(value) is str:
        return value.strip()
    if isinstance(value, dict | list):
        raise ValueError("a text was expected, and a structure came")
    return "" if value is None else str(value).strip()


def _moment(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    if isinstance(value, str) and ("T" in value or not _WHOLE.fullmatch(value)):
        moment = _iso(value)
        if moment.tzinfo is UTC:
            return moment
        if moment.tzinfo is None:
            raise ValueError(f"“{value[:40]}” is a moment without its offset")
        return moment.astimezone(UTC)
    seconds = _decimal(value)
    if seconds == 0:
        return None  # what several vendors send for “never”
    try:
        return datetime.fromtimestamp(float(seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds), UTC)
    except (OverflowError, OSError):
        raise ValueError(f"{seconds} is out of range for a moment") from None


def _day(value: Any) -> date | None:
    if value in (None, ""):
        return None
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:40]} is no day")
    return _iso(value[:10]).date()


def _iso(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"“{value[:40]}” is no date") from None


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal | float):
        raise ValueError("a number was expected, and something else came")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"“{str(value)[:40]}” is no number") from None
    if not number.is_finite():
        raise ValueError(f"“{str(value)[:40]}” is no number")
    return number


def _whole(value: Any) -> int:
    number = _decimal(value)
    if number != number.to_integral_value():
        raise ValueError(f"{number} is no whole number")
    return int(number)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError(f"“{str(value)[:40]}” is neither true nor false")


def _billing_months(value: Any) -> int | None:
    name = _text(value).casefold()
    if not name:
        return None
    if name not in _CYCLES:
        raise ValueError(f"“{name[:40]}” is a billing cycle of unknown length")
    return _CYCLES[name]
