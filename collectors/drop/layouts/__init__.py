"""What files may hold: one layout for each entity and the kind of system that speaks of it."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.drop.declare import Layout

LAYOUTS: Mapping[str, Layout] = {}
