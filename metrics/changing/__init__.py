"""What changed: why a number moved between two periods, in parts that add up to its change exactly."""

from metrics.changing.changed import what_changed
from metrics.changing.parts import Changed, Part, Split

__all__ = ["Changed", "Part", "Split", "what_changed"]
