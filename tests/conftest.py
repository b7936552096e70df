"""What every test shares: a database of its own on the configured server."""

from __future__ import annotations

import os
from typing import Any

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


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """No commit waits for the disk, and a test that committed leaves tables emptied row by row.

    A hundred nearly empty tables are emptied in a few milliseconds so, and truncated in a hundred: each is a new file.
    """
    from django.db import connection

    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit TO off")
        connection.close()  # it holds from the next one on
    connection.ops.sql_flush = _emptied  # type: ignore[method-assign]


def _emptied(style: object, tables: list[str], **options: object) -> list[str]:
    """References are checked at the end of the transaction, so the tables need no order."""
    return [f'DELETE FROM "{table}"' for table in tables]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together on one worker, but for those that try each vendor: there a vendor's do.

    Each costs far more than any other file, and what one vendor's tests set up none of another's needs.
    """
    for item in items:
        path = item.nodeid.partition("::")[0]
        vendor = getattr(item, "callspec", None) and item.callspec.params.get("vendor")  # type: ignore[attr-defined]
        group = f"{path} {vendor.slug}" if vendor is not None and hasattr(vendor, "slug") else path
        item.add_marker(pytest.mark.xdist_group(group))
