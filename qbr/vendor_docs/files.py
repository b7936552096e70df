"""Every file that is made from the vendor files, by its place in the repository."""

from __future__ import annotations

from pathlib import Path

from collectors.declare import Vendor
from collectors.vendors import VENDORS
from qbr.postgres import ROOT
from qbr.vendor_docs.entities import LAYERS
from qbr.vendor_docs.overview import in_readme, overview
from qbr.vendor_docs.page import page

FOLDER = "docs/vendors"


def vendors() -> list[Vendor]:
    """Every vendor that has a file, by layer, then by name."""
    places = list(LAYERS)
    return sorted(VENDORS.values(), key=lambda one: (places.index(one.layer), one.label.lower()))


def made() -> dict[Path, str]:
    """What each file ought to hold."""
    root, found = ROOT, vendors()
    pages = {root / FOLDER / f"{vendor.slug}.md": page(vendor) for vendor in found}
    readme = root / "README.md"
    return {**pages, root / FOLDER / "README.md": overview(found), readme: in_readme(readme.read_text(), found)}


def left_over() -> list[Path]:
    """Pages of systems that no vendor file reads any more."""
    return sorted(set((ROOT / FOLDER).glob("*.md")) - set(made()))
