"""From an empty checkout to the first numbers: migrations, the first admin, the calendar, the first connection."""

from qbr.first_use.database import apply_migrations

__all__ = ["apply_migrations"]
