"""The whole mapping as CSV: out as it stands, and in with a preview of what it would change."""

from organizations.exchange.comparing import Change, Founding, Preview
from organizations.exchange.export import file_name, to_csv
from organizations.exchange.reading import RowError, Unusable
from organizations.exchange.saving import Moved, Saved, commit, preview, undo

__all__ = [
    "Change", "Founding", "Moved", "Preview", "RowError", "Saved", "Unusable", "commit", "file_name", "preview",
    "to_csv", "undo",
]
