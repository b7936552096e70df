"""What files may hold: one layout for each entity and the kind of system that speaks of it."""

from __future__ import annotations

from collections.abc import Mapping

from collectors.drop.declare import Layout
from collectors.drop.layouts.estate import ESTATE
from collectors.drop.layouts.money import MONEY
from collectors.drop.layouts.partners import PARTNER_FILES
from collectors.drop.layouts.quickbooks import QUICKBOOKS
from collectors.drop.layouts.sales import SALES
from collectors.drop.layouts.service import SERVICE

LAYOUTS: Mapping[str, Layout] = {
    layout.key: layout for layout in (*SERVICE, *ESTATE, *MONEY, *QUICKBOOKS, *SALES, *PARTNER_FILES)
}  # fmt: skip
