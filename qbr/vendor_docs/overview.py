"""All systems side by side: which entity each yields, what was left open by their documents, and the README's table."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.declare import Vendor
from qbr.vendor_docs.entities import LAYERS, cell, entities

SIGNS = {"read": "read", "not offered": "not offered", "not read": "not read", "": ""}
BEGIN, END = "<!-- systems: made by manage.py vendor_docs -->", "<!-- end of systems -->"


def overview(vendors: Sequence[Vendor]) -> str:
    """The table entity by vendor, the reasons below it, and every unsure fact with its reading."""
    words = entities()
    heads = [f"[{vendor.label}]({vendor.slug}.md)" for vendor in vendors]
    rows = [
        f"| {label} | {' | '.join(SIGNS[cell(vendor, entity)[0]] for vendor in vendors)} |"
        for entity, label in words.items()
        if any(cell(vendor, entity)[0] for vendor in vendors)
    ]
    reasons = [
        f"| {vendor.label} | {words[entity]} | {state} | {why} |"
        for vendor in vendors for entity in words
        for state, why in [cell(vendor, entity)] if why
    ]  # fmt: skip
    unsure = [
        f"| {vendor.label} | {one.point} | {one.reading} |"
        for vendor in vendors for one in (vendor.about.unsure if vendor.about else ())
    ]  # fmt: skip
    parts = [
        "# The systems that are read\n",
        "Made by `manage.py vendor_docs` from the vendor files; do not edit. An empty cell: nobody expects it there.\n",
        f"| Entity | {' | '.join(heads)} |", "|---|" + "---|" * len(heads), *rows,
        "\n## Not offered, and left unread\n", "| System | Entity | | Why |", "|---|---|---|---|", *reasons,
        "\n## What the vendors' documents leave open\n",
        "| System | Open | How it is read |", "|---|---|---|", *unsure,
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def readme_block(vendors: Sequence[Vendor]) -> str:
    """The README's table of systems."""
    rows = [
        f"| {LAYERS[vendor.layer]} | [{vendor.label}](docs/vendors/{vendor.slug}.md) | "
        f"{vendor.about.gives if vendor.about else ''} |"
        for vendor in vendors
    ]
    return "\n".join([BEGIN, "| Layer | System | What it gives |", "| --- | --- | --- |", *rows, END])


def in_readme(readme: str, vendors: Sequence[Vendor]) -> str:
    """The README with its table as it ought to be. Raises ValueError where the table has no place."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("The README has no place for the table of systems.")
    return before + readme_block(vendors) + after
