#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

NEEDS_NO_DATABASE = {"sandbox", "vendor_docs", "help", "version", "--help", "--version", "collectstatic", "migrate"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qbr.settings")
    from django.core.management import execute_from_command_line

    if not os.environ.get("DATABASE_URL") and len(sys.argv) > 1 and sys.argv[1] not in NEEDS_NO_DATABASE:
        from qbr.first_use import apply_migrations

        apply_migrations()  # so that any command works by itself in a fresh checkout
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
