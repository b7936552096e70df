"""Sales activity, entered by people until a CRM is connected (R120)."""

from __future__ import annotations

from metrics.declare import COMPANY_ONLY, Better, Manual, Metric, Section, Unit


def _activity(key: str, label: str, spreadsheet_label: str, meaning: str) -> Manual:
    return Manual(
        key=key, label=label, section=Section.SALES, unit=Unit.COUNT, meaning=meaning, scopes=COMPANY_ONLY,
        better=Better.HIGHER, spreadsheet_label=spreadsheet_label, requirement="R120",
    )


MONTHLY: tuple[Metric, ...] = (
    _activity("telemarketing_dials", "Telemarketing dials", "# of Telemarketing Dials", "Calls made to prospects."),
    _activity("first_time_appointments", "First-time appointments", "# of First Time Appointments (FTA)",
              "First meetings held with prospects."),
    _activity("prospects_pbr", "Prospects to PBR", "# of Prospects to Hit PBR", "Prospects that reached a PBR."),
    _activity("new_agreements", "New agreements", "# of New Agreements", "Agreements signed with new clients."),
)
