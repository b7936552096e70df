"""What every test shares: a database of its own on the configured server."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the browser driver runs an event loop in this thread


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Several people may test in one checkout, each with TEST_DB_SUFFIX set to a name of their own."""
    from django.conf import settings

    suffix = os.environ.get("TEST_DB_SUFFIX", "")
    if suffix:
        test = settings.DATABASES["default"].setdefault("TEST", {})
        test["NAME"] = f"test_{settings.DATABASES['default']['NAME']}_{suffix}" + (test.get("NAME") or "")[-4:]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together on one worker, but for those that try each vendor: there a vendor's do.

    Each costs far more than any other file, and what one vendor's tests set up none of another's needs.
    """
    for item in items:
        path = item.nodeid.partition("::")[0]
        vendor = getattr(item, "callspec", None) and item.callspec.params.get("vendor")  # type: ignore[attr-defined]
        group = f"{path} {vendor.slug}" if vendor is not None and hasattr(vendor, "slug") else path
        item.add_marker(pytest.mark.xdist_group(group))
