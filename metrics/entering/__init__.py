"""Numbers people give: a month grid to type into, checked cell by cell, and stored without ever editing a row.

What a change would do is worked out first (`check`) and stored second (`store`), so that typing and importing, a
preview and a commit are the same code. Whoever saves runs the roll-up afterwards.
"""

from metrics.entering.check import CellEdit, CellError, Change, Checked, check, may_enter
from metrics.entering.grid import Cell, Grid, grid
from metrics.entering.standing import Standing, enterable, enterable_keys, reference, standing
from metrics.entering.store import save, store

__all__ = [
    "Cell", "CellEdit", "CellError", "Change", "Checked", "Grid", "Standing", "check", "enterable", "enterable_keys",
    "grid", "may_enter", "reference", "save", "standing", "store",
]
