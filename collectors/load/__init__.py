"""Loading: rows into tables in sets, with the marks of every month they could move."""

from collectors.load.ending import end
from collectors.load.merge import Loaded, Merge, Place, hold
from collectors.load.retiring import Span, TooManyGone, retire
from collectors.load.rezone import rezone

__all__ = ["Loaded", "Merge", "Place", "Span", "TooManyGone", "end", "hold", "retire", "rezone"]
