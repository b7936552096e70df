"""Every number worked out again from the lines of `explain --all --json`, and from nothing else.

An arithmetic of its own, in fractions, written from docs/metrics.md; it knows nothing of the program. `World` reads the
lines, `World.worked(key)` works one value out again, from rows, months, formulas, clients, entries and readings.
"""

from tests.worked_again.arithmetic import fraction, hashed, rounded
from tests.worked_again.values import STATES, Key, Worked, key_of
from tests.worked_again.world import World

__all__ = ["STATES", "Key", "Worked", "World", "fraction", "hashed", "key_of", "rounded"]
