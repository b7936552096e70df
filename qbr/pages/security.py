"""Security: how the tenant scores, who signs in without a second factor, what is protected, and what happened."""

from __future__ import annotations

from collectors.declare import Layer
from qbr.pages.layout import Page, Row, Width
from qbr.pages.panels import BySystem, LayerTiles, LayerTrend

ROWS: tuple[Row, ...] = (
    (
        LayerTiles(
            key="tenant",
            title="Cloud tenant",
            subtitle="At month ends, a quarter or year as their mean",
            metrics=("secure_score", "mfa_coverage", "people_without_mfa", "people_signing_in"),
            gaps=("no-second-factor",),
        ),
    ),
    (
        LayerTrend(
            key="secure-score",
            title="Secure score",
            subtitle="Points reached of those there are, by month",
            width=Width.HALF,
            metrics=("secure_score",),
        ),
        LayerTrend(
            key="mfa",
            title="MFA coverage",
            subtitle="People with a second factor, by month",
            width=Width.HALF,
            metrics=("mfa_coverage",),
        ),
    ),
    (
        LayerTiles(
            key="protection",
            title="Endpoint protection",
            subtitle="Agents held against the devices of the RMM, at month ends; a quarter or year as their mean",
            metrics=("edr_coverage", "devices_protected", "devices_unprotected"),
            gaps=("unprotected", "unknown-agents"),
        ),
    ),
    (
        LayerTrend(
            key="edr-coverage",
            title="Endpoint protection coverage",
            subtitle="Endpoints with an agent, by month",
            width=Width.HALF,
            metrics=("edr_coverage",),
        ),
        LayerTrend(
            key="incidents-trend",
            title="Incidents by month",
            subtitle="Raised by the endpoint protection and in the tenant",
            width=Width.HALF,
            metrics=("incidents", "tenant_incidents"),
        ),
    ),
    (
        LayerTiles(
            key="antivirus",
            title="Antivirus",
            subtitle="As the RMM sees it, at month ends; a quarter or year as their mean",
            metrics=("antivirus_coverage", "devices_antivirus_current", "devices_without_antivirus"),
        ),
    ),
    (
        LayerTiles(
            key="incidents",
            title="Incidents",
            subtitle="Of the endpoint protection and of the tenant",
            metrics=(
                "incidents",
                "incidents_serious",
                "incidents_open",
                "tenant_incidents",
                "tenant_incidents_serious",
                "tenant_incidents_open",
            ),
        ),
    ),
    (
        LayerTiles(
            key="application-control",
            title="Application control",
            subtitle="Where only what is allowed may run",
            metrics=("computers_controlled",),
        ),
    ),
    (
        BySystem(
            key="security-systems",
            title="Security by system",
            subtitle="What each sees at the period's end, and its incidents over the period",
            layers=(Layer.EDR, Layer.CONTROL),
            metrics=("devices_protected", "computers_controlled", "incidents", "incidents_serious"),
            headings={
                "devices_protected": "Devices protected",
                "computers_controlled": "Under control",
                "incidents": "Incidents",
                "incidents_serious": "Serious",
            },
        ),
    ),
    (
        BySystem(
            key="tenant-systems",
            title="Cloud tenants by system",
            subtitle="What each sees at the period's end, and its incidents over the period",
            layers=(Layer.TENANT,),
            metrics=(
                "secure_score",
                "people_signing_in",
                "mfa_coverage",
                "tenant_incidents",
                "tenant_incidents_serious",
            ),
            headings={
                "people_signing_in": "People",
                "tenant_incidents": "Incidents",
                "tenant_incidents_serious": "Serious",
            },
        ),
    ),
)

PAGE = Page(
    slug="security",
    title="Security",
    lead="What protects the estate and its people, where that ends, and what happened.",
    rows=ROWS,
    client_rows=ROWS,
)
