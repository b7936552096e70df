"""Numbers in from a CSV or XLSX file, with a preview before anything is saved; and every table out as either."""

from metrics.spreadsheets.export import Column, Kind, Table, to_csv, to_xlsx, values_table
from metrics.spreadsheets.parse import SheetError
from metrics.spreadsheets.preview import Preview, Repair, commit, preview
from metrics.spreadsheets.sheet import Unusable

__all__ = [
    "Column", "Kind", "Preview", "Repair", "SheetError", "Table", "Unusable", "commit", "preview", "to_csv", "to_xlsx",
    "values_table",
]
