"""Every table of this app, gathered for Django."""

from qbr.entry.models import Upload

__all__ = ["Upload"]
