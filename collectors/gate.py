"""The list of what may be asked at all. Reading only is ours to keep: some vendors give no read-only key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from collectors.declare import Vendor
from collectors.errors import Refused

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Way:
    """One method on one host and path; `path` matches the whole path."""

    method: str
    origin: tuple[str, str, int]
    path: re.Pattern[str]


@dataclass(frozen=True)
class Gate:
    """Lets through what the vendor file declares and refuses everything else."""

    label: str
    ways: tuple[Way, ...]

    def check(self, method: str, address: str) -> None:
        parts = urlsplit(address)
        origin = _origin(parts)
        known = (way for way in self.ways if way.method == method and way.origin == origin)
        if not any(way.path.fullmatch(parts.path) for way in known):
            raise Refused(
                f"Stopped a request that the vendor file of {self.label} does not declare: "
                f"{method} {parts.scheme}://{parts.hostname}{parts.path}"
            )


def gate(vendor: Vendor, fill: Callable[[str], str]) -> Gate:
    """The gate of one connection: its vendor's declarations with the connection's own address filled in."""
    return Gate(vendor.label, tuple(_ways(vendor, fill)))


def only_locating(vendor: Vendor, fill: Callable[[str], str]) -> Gate:
    """The gate of a connection whose zone is not known yet."""
    assert vendor.locate is not None
    return Gate(vendor.label, (_way("GET", fill(vendor.locate.address)),))


def _ways(vendor: Vendor, fill: Callable[[str], str]) -> Iterator[Way]:
    base = fill(vendor.base_url)
    yield _way("GET", base + fill(vendor.test))
    for endpoint in vendor.endpoints:
        path = endpoint.path if endpoint.each else fill(endpoint.path)
        yield _way(endpoint.method, base + path)
        if endpoint.total and endpoint.total.path:
            total = endpoint.total.path if endpoint.each else fill(endpoint.total.path)
            yield _way(endpoint.total.method, base + total)
        yield from (_way("GET", base + fill(lookup.path)) for lookup in endpoint.looks_up.values())
    if vendor.auth.token_address:
        yield _way("POST", fill(vendor.auth.token_address.replace("{tenant}", "\0")).replace("\0", "{tenant}"))


def _way(method: str, template: str) -> Way:
    secure(template)
    parts = urlsplit(template)
    path = "[^/]+".join(re.escape(text) for text in re.split(r"\{[^{}]+\}", parts.path))
    return Way(method, _origin(parts), re.compile(path))


def secure(address: str) -> None:
    """Raises Refused unless the address is https, or a server on this machine."""
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Refused(f"“{address.partition('?')[0]}” is not a full address. It begins with https:// and a host.")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise Refused(f"The address of {parts.hostname} must begin with https://: our keys are secret.")


def loopback(address: str) -> bool:
    return urlsplit(address).hostname in _LOOPBACK


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)
