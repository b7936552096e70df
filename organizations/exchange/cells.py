"""Texts in cells that no spreadsheet takes for a formula, and back."""

from __future__ import annotations

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(text: str) -> str:
    """A text that begins like a formula is led by an apostrophe, so that it stays a text wherever it is opened.

    So is one that begins like that after apostrophes of its own: `plain` then always gives back what was written.
    """
    return "'" + text if text.lstrip("'").startswith(FORMULA_STARTS) else text


def plain(cell: str) -> str:
    """The text that `safe` made this cell of."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS) else cell
