"""Operations: what is looked after (R124, defaults 3 and 4), and how many people do it."""

from __future__ import annotations

from metrics.declare import COMPANY_ONLY, Across, Manual, Metric, Section, Stock, Unit
from metrics.definitions.facts import DEVICES, NO_SPARE

MONTHLY: tuple[Metric, ...] = (
    Stock(
        key="endpoints_managed", label="Endpoints managed", section=Section.OPERATIONS, unit=Unit.COUNT,
        meaning="Devices managed at the end of the month, without VM guests, spares and our own.",
        facts=DEVICES, where=f"f.kind = ANY(:endpoint_kinds) AND {NO_SPARE}",
        where_words="of the kinds that count as endpoints, not named as spares",
        rules=("endpoint_kinds", "spare_pattern", "listing_tolerance_days"),
        spreadsheet_label="# of Endpoints Managed", requirement="R124",
    ),
)

GENERAL: tuple[Metric, ...] = (
    Manual(
        key="employees", label="Employees", section=Section.GENERAL, unit=Unit.COUNT, across=Across.MEAN,
        meaning="People employed, part-time people by their share.", scopes=COMPANY_ONLY,
        spreadsheet_label="# of Employees", requirement="R120",
    ),
    Manual(
        key="technical_employees", label="Technical employees", section=Section.GENERAL, unit=Unit.COUNT,
        across=Across.MEAN, meaning="People who do technical work, part-time people by their share.",
        scopes=COMPANY_ONLY, spreadsheet_label="# of Technical Employees", requirement="R120",
    ),
    Stock(
        key="seats_managed", label="Seats managed", section=Section.GENERAL, unit=Unit.COUNT,
        meaning="Workplaces managed at the end of the month: endpoints without servers and VM hosts.",
        facts=DEVICES, where=f"f.kind = ANY(:seat_kinds) AND {NO_SPARE}",
        where_words="of the kinds that count as seats, not named as spares",
        rules=("seat_kinds", "spare_pattern", "listing_tolerance_days"),
        spreadsheet_label="# of Seats Managed", requirement="C26",
    ),
)
