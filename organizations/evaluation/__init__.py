"""How well matching does, judged on accounts whose true client is known."""

from organizations.evaluation.judging import Judged, Wrong, evaluate
from organizations.evaluation.outside import BadRow, from_csv

__all__ = ["BadRow", "Judged", "Wrong", "evaluate", "from_csv"]
