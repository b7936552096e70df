"""Facts to numbers: what is asked for is worked out in temporary tables first and stored second."""

from metrics.rollup.whole import run

__all__ = ["run"]
