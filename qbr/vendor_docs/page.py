"""One vendor's page: its key step by step, what is read and where every field comes from, and what is never read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from collectors.declare import Convert, Endpoint, Vendor
from metrics.declare import Flow, Standing, Stock
from metrics.definitions import CATALOGUE
from qbr.vendor_docs.entities import LAYERS, entities


def page(vendor: Vendor) -> str:
    return "\n".join(_lines(vendor)).rstrip() + "\n"


def _lines(vendor: Vendor) -> Iterator[str]:
    about = vendor.about
    yield f"# {vendor.label}\n"
    yield "Made by `manage.py vendor_docs` from its vendor file; do not edit.\n"
    yield f"{LAYERS[vendor.layer]}{f': {about.gives}' if about else ''}.\n"
    yield "## A key that only reads\n"
    if about:
        yield from (f"{number}. {step}" for number, step in enumerate(about.key, 1))
        yield ""
        if about.writes:
            yield f"**{about.writes}**\n"
    else:
        yield f"{vendor.advice}\n"
    if about and about.scopes:
        yield from _table(("Right", "Why"), [(f"`{right}`", why) for right, why in about.scopes.items()])
    yield "The connection's form asks for:\n"
    for setting in vendor.settings:
        kind = "secret, stored encrypted" if setting.secret else "" if setting.required else "optional"
        yield f"- {setting.label}{f' ({kind})' if kind else ''}{f': {setting.help}' if setting.help else ''}"
    yield "\n## What is read\n"
    yield from _requests(vendor)
    for endpoint in vendor.endpoints:
        yield from _fields(vendor, endpoint)
    yield from _feeds(vendor)
    yield from _left(vendor)


def _requests(vendor: Vendor) -> Iterator[str]:
    """Every request that leaves, which is all the client lets through."""
    rows = []
    if vendor.locate:
        rows.append(("its own zone, without a key", _code(f"GET {vendor.locate.address}"), ""))
    if vendor.auth.token_address:
        rows.append(("a token", _code(f"POST {vendor.auth.token_address}"), ""))
    rows.append(("a test of the key", _code(f"GET {vendor.base_url}{vendor.test.partition('?')[0]}"), ""))
    for endpoint in vendor.endpoints:
        rows.append((endpoint.name, _code(f"{endpoint.method} {endpoint.path}"), ", ".join(_manner(endpoint))))
        if endpoint.total and endpoint.total.path:
            asked = _code(f"{endpoint.total.method} {endpoint.total.path}")
            rows.append((f"the number of {endpoint.name}", asked, ""))
    yield from _table(("What", "Request", "How"), rows)
    yield "No other method, host or path is ever asked for this connection.\n"


def _manner(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.each:
        yield f"once for each of {endpoint.each}"
    if endpoint.window:
        yield "by span of time"
    elif endpoint.since:
        yield "what changed"
    else:
        yield "whole"
    if not endpoint.adds:
        yield "tells more of records another list adds"
    if endpoint.optional:
        yield "may be refused"


def _fields(vendor: Vendor, endpoint: Endpoint) -> Iterator[str]:
    yield f"### {endpoint.name.capitalize()} ({entities()[endpoint.into.__name__].lower()})\n"
    rows = [(_code(name), _source(source)) for name, source in endpoint.fields.items()]
    if endpoint.link:
        rows.append(("`link`", "the record's page in the vendor's console"))
    yield from _table(("Field", "From"), rows)
    if endpoint.keep:
        yield f"Kept only by {_names(endpoint.keep.paths)}.\n"


def _source(source: str | Convert) -> str:
    if isinstance(source, str):
        return _code(source)
    return _names(source.paths) if source.paths else f"always {_code(str(source.of()))}"


def _feeds(vendor: Vendor) -> Iterator[str]:
    yield "## Which numbers it feeds\n"
    fed = fed_by(vendor)
    yield from (f"- {label}" for label in fed)
    yield "" if fed else "None by itself: its accounts and records stand beside those of other systems.\n"


def fed_by(vendor: Vendor) -> list[str]:
    """The metrics that count what it yields, and those worked out of them."""
    yields = {endpoint.into.__name__ for endpoint in vendor.endpoints}
    fed: set[str] = set()
    for key, metric in CATALOGUE.items():
        if isinstance(metric, Flow | Stock | Standing):
            facts = metric.facts
            if facts.layer == vendor.layer and facts.entity.__name__ in yields:
                fed.add(key)
    return [metric.label for key, metric in CATALOGUE.items() if key in fed]


def _left(vendor: Vendor) -> Iterator[str]:
    about, words = vendor.about, entities()
    if about is None:
        return
    yield "## What is never read\n"
    yield from (f"- {what}" for what in about.never)
    yield "- any field that is not named above; of people no name and no address"
    yield ""
    for head, left in (("Not offered by its API", about.not_offered), ("Left unread", about.not_read)):
        if left:
            yield f"{head}:\n"
            yield from (f"- {words.get(entity, entity).lower()}: {why}" for entity, why in left.items())
            yield ""
    yield "## Limits kept\n"
    yield f"{about.limits} At most {vendor.pace:g} requests a second leave.\n".lstrip()
    untold = [(one.name, one.untold) for one in vendor.endpoints if one.untold]
    if untold:
        yield "## Losses that cannot be told\n"
        yield from _table(("List", "Why"), untold)
    if about.unsure:
        yield "## What its documents leave open\n"
        yield from _table(("Open", "How it is read"), [(one.point, one.reading) for one in about.unsure])


def _names(paths: tuple[str, ...]) -> str:
    return ", ".join(_code(path) for path in paths)


def _code(text: str) -> str:
    return f"`{text}`"


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(one.replace('|', chr(92) + '|').replace(chr(10), ' ') for one in row)} |"
    yield ""
