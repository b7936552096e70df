"""Graph's JSON for the world's records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from collectors.sandbox.exchange import Row
from collectors.sandbox.world.cloud_security import Profile, Score
from collectors.sandbox.world.dates import utc_text
from collectors.sandbox.world.incidents import Alert, Incident
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.others import Record
from collectors.sandbox.world.tenants import FLOW, PAID, POWER_BI, TEAMS, IntuneDevice, Sku, Tenant, User

SKU_IDS = {part: guid for part, guid, _ in (*PAID, FLOW, POWER_BI, TEAMS)}
NEVER = "0001-01-01T00:00:00Z"


def domains(record: Record) -> tuple[str, ...]:
    """Those of a tenant, the one it was born with first."""
    return record.domains or (f"tenant{record.id[:6]}.onmicrosoft.com",)


def organization(record: Record) -> Row:
    names = domains(record)
    verified: list[Row] = [
        {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": name == names[-1], "isInitial": place == 0,
         "name": name, "type": "Managed"}
        for place, name in enumerate(names)
    ]  # fmt: skip
    return {
        "id": record.id, "displayName": record.name, "tenantType": "AAD", "businessPhones": list(record.phones),
        "city": None, "country": None, "postalCode": None, "street": None, "verifiedDomains": verified,
    }  # fmt: skip


def user(one: User, successful: bool, activity: bool) -> Row:
    """Who never signed in has no signInActivity at all, and nobody has it who is not asked for it."""
    row: Row = {
        "id": one.guid, "displayName": one.display_name, "userPrincipalName": one.upn, "accountEnabled": one.enabled,
        "userType": "Guest" if one.guest else "Member", "createdDateTime": utc_text(one.created_at),
        "assignedLicenses": [{"disabledPlans": [], "skuId": SKU_IDS[part]} for part in one.skus],
    }  # fmt: skip
    if activity and one.last_sign_in_at is not None:
        at = utc_text(one.last_sign_in_at)
        row["signInActivity"] = {
            "lastSignInDateTime": at, "lastSignInRequestId": opaque(one.guid), "lastNonInteractiveSignInDateTime": at,
            "lastNonInteractiveSignInRequestId": opaque(one.guid),
            "lastSuccessfulSignInDateTime": at if successful else None,
        }  # fmt: skip
    return row


def registration(one: User) -> Row:
    return {
        "id": one.guid, "userPrincipalName": one.upn, "userDisplayName": one.display_name,
        "userType": "guest" if one.guest else "member", "isAdmin": one.admin, "isSsprRegistered": one.mfa,
        "isSsprEnabled": False, "isSsprCapable": False, "isMfaRegistered": one.mfa, "isMfaCapable": one.mfa,
        "isPasswordlessCapable": False, "methodsRegistered": list(one.mfa_methods),
        "isSystemPreferredAuthenticationMethodEnabled": None, "systemPreferredAuthenticationMethods": [],
        "userPreferredMethodForSecondaryAuthentication": "",
        "lastUpdatedDateTime": utc_text(one.updated_at).replace("Z", ".6195833Z"),
    }  # fmt: skip


def sku(one: Sku, tenant: Tenant, small: bool) -> Row:
    return {
        "accountId": tenant.id, "accountName": tenant.name, "appliesTo": _spelled("User", small),
        "capabilityStatus": _spelled(one.status, small), "consumedUnits": one.consumed,
        "id": f"{tenant.id}_{one.guid}", "skuId": one.guid, "skuPartNumber": one.part_number,
        "subscriptionIds": [opaque(f"subscription/{one.id}")], "servicePlans": [],
        "prepaidUnits": {"enabled": one.enabled, "warning": one.warning, "suspended": one.suspended, "lockedOut": 0},
    }  # fmt: skip


def subscription(one: Sku, today: date, small: bool) -> Row:
    """It renews once a year; what is free never does."""
    renews = date(today.year, one.id % 12 + 1, 1)
    renews = renews if renews > today else renews.replace(year=today.year + 1)
    return {
        "id": opaque(f"subscription/{one.id}"), "commerceSubscriptionId": opaque(f"commerce/{one.id}"),
        "skuId": one.guid, "skuPartNumber": one.part_number, "status": _spelled(one.status, small),
        "totalLicenses": one.enabled + one.warning + one.suspended, "isTrial": one.trial,
        "createdDateTime": "2020-03-01T00:00:00Z",
        "nextLifecycleDateTime": None if one.free else f"{renews}T00:00:00Z", "serviceStatus": [],
    }  # fmt: skip


def score(one: Score, tenant: Tenant) -> Row:
    found: list[Row] = [
        {"controlCategory": "Identity", "controlName": control.name, "score": _number(control.score),
         "description": "What was found."}
        for control in one.controls
    ]  # fmt: skip
    return {
        "id": f"{tenant.id}_{one.day_on}", "azureTenantId": tenant.id, "activeUserCount": one.active_users,
        "createdDateTime": utc_text(one.updated_at).replace("Z", ".5533333Z"), "currentScore": _number(one.current),
        "maxScore": _number(one.max), "licensedUserCount": one.licensed_users, "enabledServices": ["HasExchange"],
        "averageComparativeScores": [{"basis": "AllTenants", "averageScore": 41.5}], "controlScores": found,
        "vendorInformation": {"provider": "SecureScore", "vendor": "Microsoft"},
    }  # fmt: skip


def profiles(told: Sequence[Profile], tenant: Tenant) -> list[Row]:
    known = [(one.name, one.title, _number(one.max_score), one.category, one.service, one.tier) for one in told]
    old = ("CustomerLockBox", "Have a lock box", 3.0, "Data", "EXO", "Advanced")
    return [
        {"id": name, "azureTenantId": tenant.id, "title": title, "maxScore": most, "controlCategory": category,
         "service": service, "tier": tier, "rank": place + 1, "threats": ["Account breach"], "userImpact": "Low",
         "implementationCost": "Low", "remediation": "What to do.", "deprecated": name == old[0],
         "actionUrl": "https://security.microsoft.com", "lastModifiedDateTime": None, "controlStateUpdates": []}
        for place, (name, title, most, category, service, tier) in enumerate((*known, old))
    ]  # fmt: skip


def incident(one: Incident, tenant: Tenant, small: bool) -> Row:
    """It does not say when it was resolved: only when it was last changed."""
    status = {"open": "Active", "resolved": "Resolved", "redirected": "Redirected"}[one.status]
    kind = "FalsePositive" if one.false_positive else "TruePositive" if one.resolved_at else "Unknown"
    return {
        "id": str(one.id), "tenantId": tenant.id, "displayName": one.title, "status": _spelled(status, small),
        "severity": _spelled(one.severity.capitalize(), small), "classification": _spelled(kind, small),
        "determination": "unknown", "createdDateTime": utc_text(one.created_at),
        "lastUpdateDateTime": utc_text(one.updated_at), "assignedTo": None, "customTags": [], "systemTags": [],
        "redirectIncidentId": str(one.redirected_to) if one.redirected_to else None, "comments": [],
        "incidentWebUrl": f"https://security.microsoft.com/incidents/{one.id}?tid={tenant.id}",
        "description": one.title, "summary": "", "lastModifiedBy": "Automation", "priorityScore": None,
    }  # fmt: skip


def alert(one: Alert, tenant: Tenant, small: bool) -> Row:
    return {
        "id": f"da{one.id}", "incidentId": str(one.incident), "tenantId": tenant.id, "title": one.title,
        "status": _spelled("Resolved" if one.status == "resolved" else "New", small),
        "severity": _spelled(one.severity.capitalize(), small), "category": one.category,
        "serviceSource": "microsoftDefenderForOffice365", "detectionSource": "microsoftDefenderForOffice365",
        "productName": "Microsoft Defender for Office 365", "createdDateTime": utc_text(one.created_at),
        "lastUpdateDateTime": utc_text(one.updated_at),
        "resolvedDateTime": utc_text(one.resolved_at) if one.resolved_at else None,
        "firstActivityDateTime": utc_text(one.created_at), "lastActivityDateTime": utc_text(one.updated_at),
    }  # fmt: skip


def device(one: IntuneDevice, year_one: bool) -> Row:
    """A telephone may be its user's own."""
    own = one.device is None and one.id % 3 == 0
    never = year_one and one.compliance == "unknown"
    return {
        "id": one.guid, "userId": one.user, "deviceName": one.name, "operatingSystem": one.os,
        "managedDeviceOwnerType": "personal" if own else "company", "osVersion": one.os_version, "model": one.model,
        "manufacturer": "Northwall", "complianceState": one.compliance, "isEncrypted": True,
        "serialNumber": one.serial, "azureADDeviceId": opaque(f"entra/{one.id}"),
        "enrolledDateTime": utc_text(one.enrolled_at),
        "lastSyncDateTime": NEVER if never else utc_text(one.last_sync_at),
    }  # fmt: skip


def _spelled(value: str, small: bool) -> str:
    """The documents spell such values both ways."""
    return value[0].lower() + value[1:] if small else value


def _number(value: Decimal) -> float:
    return float(value)
