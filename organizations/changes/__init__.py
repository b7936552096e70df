"""Changes of organizations, each from a day on and with a reason; each is written down and can be undone."""

from organizations.changes.acts import make_former, merge, move, rename, set_parent, split
from organizations.changes.journal import Refused
from organizations.changes.undoing import undo

__all__ = ["Refused", "make_former", "merge", "move", "rename", "set_parent", "split", "undo"]
