"""Within what a number varies of itself: limits worked out after a roll-up and held, and what the latest month says."""

from metrics.varying.hold import Refused, hold, work_out_again
from metrics.varying.read import Held, Verdict, held, signals
from metrics.varying.working_days import working_days

__all__ = ["Held", "Refused", "Verdict", "held", "hold", "signals", "work_out_again", "working_days"]
