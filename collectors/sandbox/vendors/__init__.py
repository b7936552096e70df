"""The vendors as they answer over HTTP: one package each, found by being here.

A package has `VENDOR`, a class made with the world, the switches and its own address, and may have `SWITCHES`: what its
sheet leaves open, each to be set both ways.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def found() -> dict[str, ModuleType]:
    """Every package by the slug of its vendor."""
    modules = [import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__)]
    return {module.VENDOR.slug: module for module in modules}
