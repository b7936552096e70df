"""The 18 SmartNumbers, in the order of the owner's spreadsheet (R128 to R145)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from metrics.declare import COMPANY_ONLY, Access, Better, Derived, Factor, Metric, Section, Unit, at_most

NO_SERVICE_REVENUE = "no service revenue"

TICKETS_PER_ENDPOINT = Factor(
    label="tickets per endpoint", formula="reactive_tickets_created / endpoints_managed / months",
    more="more tickets per endpoint", fewer="fewer tickets per endpoint",
)
HOURS_PER_TICKET = Factor(
    label="hours per ticket", formula="reactive_hours / reactive_tickets_created", more="longer tickets",
    fewer="shorter tickets",
)

SMART_NUMBERS: tuple[Metric, ...] = (
    Derived(
        key="reactive_tickets_per_tech_per_month", label="Reactive tickets / tech / month (closed)",
        section=Section.SERVICE, unit=Unit.COUNT, meaning="Reactive tickets one technician closes in a month.",
        formula="reactive_tickets_closed / technical_employees / months", scopes=COMPANY_ONLY, smart_number=True,
        undefined="no technical employees", spreadsheet_label="Reactive Tickets / Tech / Month (closed)",
        requirement="R128",
        factors=(
            Factor(label="tickets closed per endpoint", formula="reactive_tickets_closed / endpoints_managed / months",
                   more="more tickets closed per endpoint", fewer="fewer tickets closed per endpoint"),
            Factor(label="endpoints per technician", formula="endpoints_managed / technical_employees",
                   more="more endpoints per technician", fewer="fewer endpoints per technician"),
        ),
    ),
    Derived(
        key="total_close_pct", label="Total close %", section=Section.SERVICE, unit=Unit.PERCENT, better=Better.HIGHER,
        meaning="Reactive tickets closed for every hundred created; over 100 when a backlog shrinks.",
        formula="reactive_tickets_closed / reactive_tickets_created * 100", undefined="no tickets created",
        smart_number=True, spreadsheet_label="Total Close %", requirement="R129",
    ),
    Derived(
        key="reactive_tickets_per_endpoint_per_month", label="Reactive tickets / endpoint / month (new)",
        section=Section.SERVICE, unit=Unit.RATE, better=Better.LOWER,
        meaning="Reactive tickets one endpoint causes in a month.",
        formula="reactive_tickets_created / months / endpoints_managed", undefined="no endpoints", smart_number=True,
        spreadsheet_label="Reactive Tickets / Endpoint / Month (new)", requirement="R130",
    ),
    Derived(
        key="rhem", label="RHEM (reactive hours / endpoint / month)", section=Section.SERVICE, unit=Unit.HOURS,
        meaning="Hours of reactive work one endpoint causes in a month.", better=Better.LOWER,
        formula="reactive_hours / endpoints_managed / months", undefined="no endpoints",
        goal=at_most("0.25", warn_at="0.35"), smart_number=True,
        spreadsheet_label="RHEM (Reactive Hours / Endpoint / Month)", requirement="R131",
        factors=(TICKETS_PER_ENDPOINT, HOURS_PER_TICKET),
    ),
    Derived(
        key="average_resolution_time", label="Labor per ticket (avg resolution time)", section=Section.SERVICE,
        unit=Unit.HOURS, better=Better.LOWER, formula="reactive_hours / reactive_tickets_closed",
        meaning="Hours of work for each reactive ticket closed; not the time that passed.",
        undefined="no tickets closed", smart_number=True, spreadsheet_label="Average Resolution Time",
        requirement="R132",
    ),
    Derived(
        key="reactive_service_pct", label="Reactive service %", section=Section.SERVICE, unit=Unit.PERCENT,
        meaning="Share of the technicians' working hours spent on reactive tickets.", better=Better.LOWER,
        formula="reactive_hours / months / (technical_employees * hours_per_month) * 100", scopes=COMPANY_ONLY,
        rules=("hours_per_month",), undefined="no technical employees", smart_number=True,
        spreadsheet_label="Reactive Service %", requirement="R133",
        factors=(
            Factor(label="tickets per technician", formula="reactive_tickets_created / technical_employees / months",
                   more="more tickets per technician", fewer="fewer tickets per technician"),
            Factor(label="share of a month one ticket takes",
                   formula="reactive_hours / reactive_tickets_created / hours_per_month * 100",
                   more="longer tickets", fewer="shorter tickets"),
        ),
    ),
    Derived(
        key="net_profit_pct", label="Net profit %", section=Section.FINANCIAL, unit=Unit.PERCENT, better=Better.HIGHER,
        meaning="What is left of each hundred of revenue.", formula="net_profit / total_revenue * 100",
        scopes=COMPANY_ONLY, access=Access.FINANCE, undefined="no revenue", smart_number=True,
        spreadsheet_label="Net Profit %", requirement="R134",
    ),
    Derived(
        key="service_revenue_pct", label="% of revenue from services", section=Section.FINANCIAL, unit=Unit.PERCENT,
        meaning="NRR and MRR as a share of revenue.", formula="(nrr + mrr) / total_revenue * 100",
        scopes=COMPANY_ONLY, access=Access.FINANCE, undefined="no revenue", smart_number=True,
        spreadsheet_label="% of Revenue from Services", requirement="R135",
    ),
    Derived(
        key="services_from_mrr_pct", label="% of services from MRR", section=Section.FINANCIAL, unit=Unit.PERCENT,
        meaning="MRR as a share of service revenue; over 100 when credits make NRR negative.", better=Better.HIGHER,
        formula="mrr / (nrr + mrr) * 100", scopes=COMPANY_ONLY, access=Access.FINANCE, undefined=NO_SERVICE_REVENUE,
        smart_number=True, spreadsheet_label="% of Services from MRR", requirement="R136",
    ),
    Derived(
        key="service_revenue_per_employee", label="Annualized service revenue / employee", section=Section.LEVERAGE,
        unit=Unit.MONEY, better=Better.HIGHER, meaning="NRR and MRR of a year at this pace for each employee.",
        formula="(nrr + mrr) / employees * months_in_year / months", scopes=COMPANY_ONLY, access=Access.FINANCE,
        undefined="no employees", smart_number=True, spreadsheet_label="Annualized Service Revenue / Employee",
        requirement="R137",
        factors=(
            Factor(label="service revenue per technical employee",
                   formula="(nrr + mrr) / technical_employees * months_in_year / months",
                   more="more revenue per technical employee", fewer="less revenue per technical employee"),
            Factor(label="share of technical employees", formula="technical_employees / employees",
                   more="a larger share of technical employees", fewer="a smaller share of technical employees"),
        ),
    ),
    Derived(
        key="service_revenue_per_technical_employee", label="Annualized service revenue / technical employee",
        section=Section.LEVERAGE, unit=Unit.MONEY, better=Better.HIGHER,
        meaning="NRR and MRR of a year at this pace for each technical employee.",
        formula="(nrr + mrr) / technical_employees * months_in_year / months", scopes=COMPANY_ONLY,
        access=Access.FINANCE, undefined="no technical employees", smart_number=True,
        spreadsheet_label="Annualized Service Revenue / Technical Employee", requirement="R138",
    ),
    Derived(
        key="aisp", label="AISP (all-in seat price)", section=Section.LEVERAGE, unit=Unit.MONEY, better=Better.HIGHER,
        meaning="MRR a month for each seat; for a client its agreement MRR.",
        formula="mrr / seats_managed / months", client_formula="average_agreement_mrr / seats_managed",
        access=Access.FINANCE, undefined="no seats", smart_number=True, spreadsheet_label="Average AISP",
        requirement="R139",
    ),
    Derived(
        key="mrr_per_agreement", label="MRR per agreement", section=Section.LEVERAGE, unit=Unit.MONEY,
        better=Better.HIGHER, meaning="MRR a month for each agreement; for a client its agreement MRR.",
        formula="mrr / managed_services_agreements / months",
        client_formula="average_agreement_mrr / managed_services_agreements", access=Access.FINANCE,
        undefined="no agreements", smart_number=True, spreadsheet_label="Average MRR", requirement="R140",
    ),
    Derived(
        key="new_mrr_added", label="New MRR added", section=Section.SALES, unit=Unit.MONEY, better=Better.HIGHER,
        meaning="MRR of agreements that began.", formula="new_mrr", access=Access.FINANCE, smart_number=True,
        spreadsheet_label="New MRR added", requirement="R141",
    ),
    Derived(
        key="lost_mrr_churn", label="Lost MRR (churn)", section=Section.SALES, unit=Unit.MONEY, better=Better.LOWER,
        meaning="MRR of agreements that ended.", formula="lost_mrr", access=Access.FINANCE, smart_number=True,
        spreadsheet_label="Lost MRR (churn)", requirement="R142",
    ),
    Derived(
        key="net_mrr_gain", label="Net MRR gain", section=Section.SALES, unit=Unit.MONEY, better=Better.HIGHER,
        meaning="New MRR less lost MRR.", formula="new_mrr - lost_mrr", access=Access.FINANCE, smart_number=True,
        spreadsheet_label="Net MRR gain", requirement="R143",
    ),
    Derived(
        key="dials_per_appointment", label="Dials per appointment", section=Section.SALES, unit=Unit.COUNT,
        meaning="Telemarketing dials made for each first-time appointment.", better=Better.LOWER,
        formula="telemarketing_dials / first_time_appointments", scopes=COMPANY_ONLY,
        undefined="no first-time appointments", smart_number=True, spreadsheet_label="# of Dials / Appointment",
        requirement="R144",
    ),
    Derived(
        key="sales_call_close_pct", label="Sales call close %", section=Section.SALES, unit=Unit.PERCENT,
        meaning="New agreements for every hundred first-time appointments of the same period.", better=Better.HIGHER,
        formula="new_agreements / first_time_appointments * 100", scopes=COMPANY_ONLY,
        undefined="no first-time appointments", smart_number=True, spreadsheet_label="Sales Call Close %",
        requirement="R145",
    ),
)


def _with_orr(metric: Metric) -> Derived:
    """Service revenue as the owner's spreadsheet adds it up, other recurring revenue included (C28)."""
    assert isinstance(metric, Derived)

    def added(formula: str) -> str:
        return formula.replace("(nrr + mrr)", "(nrr + mrr + orr)")

    return replace(
        metric, version=2, since=date(2026, 11, 21), formula=added(metric.formula),
        note="Service revenue is NRR, MRR and ORR, as the spreadsheet adds it up, not NRR and MRR alone.",
        meaning=metric.meaning.replace("NRR and MRR", "NRR, MRR and ORR"),
        factors=tuple(replace(factor, formula=added(factor.formula)) for factor in metric.factors),
    )


WITH_ORR: tuple[Derived, ...] = tuple(
    _with_orr(metric) for metric in SMART_NUMBERS
    if metric.key in ("service_revenue_per_employee", "service_revenue_per_technical_employee")
)
