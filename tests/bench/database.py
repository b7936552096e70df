"""A database of the bench's own on the configured server: made anew, migrated, and dropped afterwards."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

NAME = "qbr_bench"


@contextmanager
def lent(keep: bool = False) -> Iterator[str]:
    """The address of the empty, migrated database, also in DATABASE_URL: Django is set up on it inside."""
    from qbr import postgres

    server = os.environ.get("DATABASE_URL") or postgres.url()
    address = urlsplit(server)._replace(path=f"/{NAME}").geturl()
    _again(server)
    os.environ |= {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "qbr.settings", "LOG_LEVEL": "ERROR"}
    import django

    django.setup()
    logging.disable(logging.INFO)
    from django.core.management import call_command
    from django.db import connections

    try:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        yield address
    finally:
        connections.close_all()
        if not keep:
            _drop(server)


def empty() -> None:
    """Every table of the product as it is in a new installation."""
    from django.core.management import call_command

    call_command("flush", interactive=False, verbosity=0)


def _again(server: str) -> None:
    _drop(server)
    _told(server, sql.SQL("CREATE DATABASE {}"))


def _drop(server: str) -> None:
    _told(server, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"))


def _told(server: str, statement: sql.SQL) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(NAME)))
