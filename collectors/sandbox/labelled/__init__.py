"""A labelled world: six systems' accounts of clients that are known, so that matching can be judged against the truth.

Nothing here is served over HTTP. Systems that no vendor file reads yet are written straight into the tables.
"""

from collectors.sandbox.labelled.shapes import FOUNDING, SHARES, SYSTEMS, Kind, LabelledAccount, World
from collectors.sandbox.labelled.world import labelled_world

__all__ = ["FOUNDING", "SHARES", "SYSTEMS", "Kind", "LabelledAccount", "World", "labelled_world"]
