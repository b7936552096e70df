"""The vendors we can read: one file each, found by being here."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from collectors.declare import Vendor


def _declared() -> dict[str, Vendor]:
    """Every vendor by its slug. A file that does not declare `VENDOR` under its own name stops the product."""
    vendors = {}
    for module in iter_modules(__path__):
        vendor = import_module(f"{__name__}.{module.name}").VENDOR
        if vendor.slug != module.name:
            raise ValueError(f"collectors/vendors/{module.name}.py declares the vendor {vendor.slug!r}")
        vendors[vendor.slug] = vendor
    return vendors


VENDORS: dict[str, Vendor] = _declared()
