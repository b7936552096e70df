"""Microsoft 365 by Microsoft Graph v1.0: the tenants of a partner's customers, each read with a token of its own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from collectors.auth import ClientCredentials
from collectors.convert import choice, constant, day, decimal, first, registrable, text, utc, whole
from collectors.declare import About, Convert, Endpoint, Fault, Layer, Record, Setting, Since, Total, Unsure, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Alert, Asset, AssetKind
from collectors.facts.licenses import License
from collectors.facts.posture import Incident, PostureCheck, Seat
from collectors.pagination import NextLink, OnePage

# Part numbers people meet most, by the names they are sold under. Any other goes by its part number.
PRODUCTS = {
    "SPB": "Microsoft 365 Business Premium", "O365_BUSINESS_PREMIUM": "Microsoft 365 Business Standard",
    "O365_BUSINESS_ESSENTIALS": "Microsoft 365 Business Basic", "O365_BUSINESS": "Microsoft 365 Apps for business",
    "OFFICESUBSCRIPTION": "Microsoft 365 Apps for enterprise", "SPE_E3": "Microsoft 365 E3",
    "SPE_E5": "Microsoft 365 E5", "SPE_F1": "Microsoft 365 F3", "M365_F1": "Microsoft 365 F1",
    "STANDARDPACK": "Office 365 E1", "ENTERPRISEPACK": "Office 365 E3", "ENTERPRISEPREMIUM": "Office 365 E5",
    "DESKLESSPACK": "Office 365 F3", "EXCHANGESTANDARD": "Exchange Online (Plan 1)",
    "EXCHANGEENTERPRISE": "Exchange Online (Plan 2)", "EXCHANGEDESKLESS": "Exchange Online Kiosk",
    "EXCHANGEARCHIVE_ADDON": "Exchange Online Archiving", "SHAREPOINTSTANDARD": "SharePoint Online (Plan 1)",
    "SHAREPOINTENTERPRISE": "SharePoint Online (Plan 2)", "AAD_PREMIUM": "Microsoft Entra ID P1",
    "AAD_PREMIUM_P2": "Microsoft Entra ID P2", "INTUNE_A": "Microsoft Intune Plan 1",
    "EMS": "Enterprise Mobility + Security E3", "EMSPREMIUM": "Enterprise Mobility + Security E5",
    "ATP_ENTERPRISE": "Defender for Office 365 (Plan 1)", "THREAT_INTELLIGENCE": "Defender for Office 365 (Plan 2)",
    "MDATP_XPLAT": "Defender for Endpoint (Plan 2)", "DEFENDER_ENDPOINT_P1": "Defender for Endpoint (Plan 1)",
    "MDE_SMB": "Defender for Business", "POWER_BI_PRO": "Power BI Pro", "PROJECTPROFESSIONAL": "Project Plan 3",
    "PROJECT_P1": "Project Plan 1", "VISIOCLIENT": "Visio Plan 2", "VISIO_PLAN1_DEPT": "Visio Plan 1",
    "MCOEV": "Teams Phone Standard", "MCOMEETADV": "Audio Conferencing", "MCOPSTN1": "Domestic Calling Plan",
    "TEAMS_ESSENTIALS_AAD": "Teams Essentials", "MEETING_ROOM": "Teams Rooms Standard",
    "MICROSOFT_365_COPILOT": "Microsoft 365 Copilot", "WIN10_PRO_ENT_SUB": "Windows 10/11 Enterprise E3",
    "FLOW_FREE": "Power Automate Free", "POWER_BI_STANDARD": "Microsoft Fabric (Free)",
    "POWERAPPS_VIRAL": "Power Apps Trial", "TEAMS_EXPLORATORY": "Teams Exploratory",
    "TEAMS_FREE": "Teams (Free)", "STREAM": "Microsoft Stream", "WINDOWS_STORE": "Windows Store for Business",
    "RIGHTSMANAGEMENT_ADHOC": "Rights Management Adhoc",
}  # fmt: skip
# What costs nothing and anybody may take: whoever has no other licence counts as without one.
FREE = {
    "f30db892-07e9-47e9-837c-80727f46fd3d", "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235",
    "dcb1a3ae-b33f-4487-846a-a640262fadf4", "710779e8-3d4a-4c88-adb9-386c958d1fdf",
    "1f2f344a-700d-42c9-9427-5cea1d5d7ba6", "6470687e-a428-4b7a-bef2-8a291ad947c9",
    "8c4ce438-32a7-4ac5-91a6-e22ae08d9c8b",
}  # fmt: skip
TRIAL = re.compile("TRIAL|EXPLORATORY|_VIRAL", re.IGNORECASE)

CODE = re.compile(r"AADSTS(\d+)")
TOKENS = {
    "65001": "this tenant has not consented to our app",
    "700016": "our app is not known in this tenant: it has not consented, or the tenant id is wrong",
    "90002": "there is no such tenant",
    "50076": "this tenant asks for a second factor of our app's owner",
    "50079": "this tenant asks for a second factor of our app's owner",
    "53003": "a conditional access policy of this tenant blocks our app",
    "7000215": "the client secret is wrong. Enter the secret's value, not its id",
    "7000222": "the client secret has expired. Make a new one in the app registration",
}
FAULTS = {
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant": "this tenant has no Entra ID P1 licence, which this needs",
    "Authorization_RequestDenied": "our app lacks the right to read this here",
    "Forbidden": "our app lacks the right to read this here, or the tenant lacks the licence",
}
NOT_LICENSED = "Request not applicable to target tenant"

SEVERITIES = {severity: severity for severity in ("high", "medium", "low")} | {"informational": "low"}
COMPLIANT = {
    "compliant": True, "noncompliant": False, "conflict": False, "error": False, "inGracePeriod": False,
}  # fmt: skip
KINDS = {
    "Windows": AssetKind.WORKSTATION, "macOS": AssetKind.WORKSTATION, "Linux": AssetKind.WORKSTATION,
    "Windows Server": AssetKind.SERVER, "iOS": AssetKind.MOBILE, "iPadOS": AssetKind.MOBILE,
    "Android": AssetKind.MOBILE, "AndroidEnterprise": AssetKind.MOBILE,
}  # fmt: skip

# One tenant that refuses must never stop the others.
OfEach = partial(Endpoint, each="tenants", tenant="tenantId", optional=True, records_at="value")
PAGES = NextLink(
    at="@odata\\.nextLink", size_param="$top", size=300, takes=("$skiptoken", "$skipToken", "$skip"), sparse=True
)
LARGE, SMALL = replace(PAGES, size=999), replace(PAGES, size=50)
COUNTED = Total(at="@odata\\.count")
COUNT = {"$count": "true"}
CHANGED = Since(lambda moment: {"$filter": f"lastUpdateDateTime ge {moment:%Y-%m-%dT%H:%M:%SZ}"})
LAST_SCORE = {"$top": "1"}  # one a day, the newest first: the days before are on their own page, which is left alone


def why_no_token(answer: Mapping[str, Any]) -> str:
    """What the sign-in service means, by the number in its description, which names tenants and is not repeated."""
    code = CODE.search(str(answer.get("error_description") or ""))
    number = code[1] if code else ""
    known = TOKENS.get(number) or (f"it gives no token (AADSTS{number})" if number else "")
    return f"Microsoft 365 says: {known}." if known else ""


def fault(status: int, body: Any) -> Fault | None:
    """The error in an answer's body, even in one that says 200; patience and bad keys are told by their status."""
    error = body.get("error") if isinstance(body, dict) else None
    if status == 429 or status >= 500 or not isinstance(error, dict):
        return None
    code, says = str(error.get("code") or ""), str(error.get("message") or "")
    if status < 300:
        return Fault(says or code, wait=True)
    if NOT_LICENSED in says:
        return Fault("this tenant has no Intune licence")
    known = FAULTS.get(code)
    return Fault(f"{known} ({status}, {code})" if known else f"{status}, {code}: {says}")


def within(field: str, *more: str) -> Convert:
    """The vendor's id after its tenant's: most are unique inside one tenant only."""
    return Convert(("each.tenantId", field), lambda tenant, id: "/".join([tenant, *more, id]) if id else None)


def of_tenant(tenant: Any, domains: Any, phones: Any, *address: Any) -> dict[str, Any]:
    """What a tenant says of whose it is. The name that every tenant is born with belongs to Microsoft."""
    names = [one.get("name") for one in domains or () if not one.get("isInitial")]
    owned = [name for name in names if name and not str(name).lower().endswith(".onmicrosoft.com")]
    said: dict[str, Any] = {
        "tenant_id": tenant, "domains": sorted({name for domain in owned if (name := registrable(domain))}),
        "phones": [str(phone) for phone in phones or () if phone],
        "addresses": [", ".join(str(line) for line in address if line)] if address[0] else [],
    }  # fmt: skip
    return {word: value for word, value in said.items() if value}


def signed_in(successful: Any, *others: Any) -> date | None:
    """The first day of the month of the latest sign-in that succeeded; of any, where the vendor does not tell which."""
    moments = [moment for value in ([successful] if successful else others) if (moment := when(value))]
    return max(moments).date().replace(day=1) if moments else None


def when(value: Any) -> datetime | None:
    """A moment; none where it is the year one, which is how Intune writes never."""
    moment: datetime | None = None if str(value or "").startswith("0001-01-01") else utc("").of(value)
    return moment


def licensed(assigned: Any) -> bool | None:
    """Whether someone has a licence that is not given away; not told where the list is left out."""
    return None if assigned is None else any(one.get("skuId") not in FREE for one in assigned)


def units(enabled: Any, grace: Any) -> int | None:
    """Seats that may be used: those paid for, and those whose term has ended and that still work."""
    told = [int(value) for value in (enabled, grace) if value is not None]
    return sum(told) if told else None


def by_sku(body: Any) -> Iterator[Record]:
    """A page of subscriptions as one record for each licence: when the first of its running ones ends, and if all are
    trials."""
    found: dict[str, list[Record]] = {}
    for one in body["value"]:
        found.setdefault(one["skuId"], []).append(one)
    for sku, those in found.items():
        running = [one for one in those if str(one.get("status")).casefold() in ("enabled", "warning")]
        ends = [one["nextLifecycleDateTime"] for one in running if one.get("nextLifecycleDateTime")]
        named = any(TRIAL.search(str(one.get("skuPartNumber") or "")) for one in those)
        trial = named or all(one.get("isTrial") is True for one in running or those)
        yield {"skuId": sku, "renews": min(ends, default=None), "trial": trial}


def controls(body: Any) -> Iterator[Record]:
    """The controls inside the newest score."""
    for score in body["value"]:
        yield from score.get("controlScores") or ()


SIGN_INS = tuple(f"signInActivity.last{kind}SignInDateTime" for kind in ("Successful", "", "NonInteractive"))
RESOLVED_AT = Convert(
    ("status", "lastUpdateDateTime"),
    lambda status, moment: when(moment) if str(status).casefold() == "resolved" else None,
)
DISMISSED = Convert(
    ("status", "classification"),
    lambda status, kind: str(status).casefold() == "redirected" or str(kind).casefold() == "falsepositive",
)
PRODUCT = Convert(("skuPartNumber",), lambda part: PRODUCTS.get(str(part or "").upper(), part or ""))

VENDOR = Vendor(
    slug="microsoft_365",
    label="Microsoft 365",
    layer=Layer.TENANT,
    base_url="{address}/v1.0",
    auth=ClientCredentials(
        token="{login}/{tenant}/oauth2/v2.0/token",  # noqa: S106
        more={"scope": "{address}/.default"},
        means=why_no_token,
    ),
    paginate=PAGES,
    test="/tenantRelationships/delegatedAdminCustomers?$top=1",
    headers={"Accept": "application/json"},
    errors=fault,
    pace=5.0,
    advice="Give the app the permission that its documentation names, consent to it in that tenant, and try again.",
    settings=(
        Setting(
            name="address",
            label="Graph address",
            help="The cloud your customers are in.",
            default="https://graph.microsoft.com",
            free=True,
            choices=(
                ("https://graph.microsoft.com", "Worldwide"),
                ("https://graph.microsoft.us", "US government"),
                ("https://dod-graph.microsoft.us", "US department of defense"),
                ("https://microsoftgraph.chinacloudapi.cn", "China, by 21Vianet"),
            ),
        ),
        Setting(
            name="login",
            label="Sign-in address",
            help="The sign-in service of the same cloud.",
            default="https://login.microsoftonline.com",
            free=True,
            choices=(
                ("https://login.microsoftonline.com", "Worldwide"),
                ("https://login.microsoftonline.us", "US government"),
                ("https://login.chinacloudapi.cn", "China, by 21Vianet"),
            ),
        ),
        Setting(name="tenant", label="Partner tenant id", help="Your own tenant's id, as its overview in Entra shows."),
        Setting(name="client_id", label="Application (client) ID", secret=True),
        Setting(name="client_secret", label="Client secret", help="Its value, not its id.", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="tenants",
            path="/tenantRelationships/delegatedAdminCustomers",
            records_at="value",
            into=Account,
            complete=True,
            fields={
                "external_id": "tenantId",
                "name": first("displayName", "tenantId"),
                "kind": constant(Account.Kind.CLIENT),
            },
        ),
        OfEach(
            name="domains",
            path="/organization",
            adds=False,
            into=Account,
            complete=True,
            paginate=OnePage(),
            params={"$select": "id,verifiedDomains,businessPhones,street,city,postalCode"},
            fields={
                "external_id": "each.tenantId",
                "evidence": Convert(
                    ("each.tenantId", "verifiedDomains", "businessPhones", "street", "city", "postalCode"), of_tenant
                ),
            },
        ),
        OfEach(
            name="users",
            path="/users",
            total=COUNTED,
            into=Seat,
            complete=True,
            paginate=LARGE,
            headers={"ConsistencyLevel": "eventual"},
            params={"$select": "id,accountEnabled,userType,assignedLicenses", **COUNT},
            fields={
                "external_id": within("id"),
                "account": "each.tenantId",
                "enabled": "accountEnabled",
                "guest": choice("userType", {"Guest": True, "Member": False}, default=None),
                "licensed": Convert(("assignedLicenses",), licensed),
            },
        ),
        OfEach(  # apart from the list of users, since it needs a licence and often takes long
            name="sign-ins",
            path="/users",
            adds=False,
            total=COUNTED,
            into=Seat,
            complete=True,
            paginate=LARGE,
            headers={"ConsistencyLevel": "eventual"},
            params={"$select": "id,signInActivity", **COUNT},
            fields={
                "external_id": within("id"),
                "signed_in_on": Convert(SIGN_INS, signed_in),
            },
        ),
        OfEach(
            name="second factors",
            path="/reports/authenticationMethods/userRegistrationDetails",
            adds=False,
            total=COUNTED,
            into=Seat,
            complete=True,
            paginate=LARGE,
            params={"$select": "id,isAdmin,isMfaRegistered", **COUNT},
            fields={"external_id": within("id"), "admin": "isAdmin", "mfa": "isMfaRegistered"},
        ),
        OfEach(
            name="licences",
            path="/subscribedSkus",
            into=License,
            complete=True,
            paginate=OnePage(),
            fields={
                "external_id": within("skuId"),
                "account": "each.tenantId",
                "product": PRODUCT,
                "sku": text("skuPartNumber"),
                "seats": Convert(("prepaidUnits.enabled", "prepaidUnits.warning"), units),
                "assigned": whole("consumedUnits"),
                "suspended": choice(
                    "capabilityStatus", {"Suspended": True, "LockedOut": True, "Deleted": True}, default=False
                ),
            },
        ),
        OfEach(
            name="subscriptions",
            path="/directory/subscriptions",
            adds=False,
            records=by_sku,
            into=License,
            complete=True,
            paginate=replace(PAGES, size_param=""),
            fields={"external_id": within("skuId"), "trial": "trial", "renews_on": day("renews")},
        ),
        OfEach(
            name="secure score",
            path="/security/secureScores",
            into=PostureCheck,
            complete=True,
            paginate=OnePage(),
            params=LAST_SCORE,
            fields={
                "external_id": Convert(("each.tenantId",), lambda tenant: f"{tenant}/secure_score"),
                "account": "each.tenantId",
                "name": constant("secure_score"),
                "score": decimal("currentScore"),
                "out_of": decimal("maxScore"),
            },
        ),
        OfEach(
            name="control scores",
            path="/security/secureScores",
            records=controls,
            into=PostureCheck,
            complete=True,
            paginate=OnePage(),
            params=LAST_SCORE,
            fields={
                "external_id": within("controlName", "control"),
                "account": "each.tenantId",
                "score": decimal("score"),
            },
        ),
        OfEach(
            name="controls",
            path="/security/secureScoreControlProfiles",
            adds=False,
            into=PostureCheck,
            complete=True,
            fields={
                "external_id": within("id", "control"),
                "name": first("title", "id"),
                "out_of": decimal("maxScore"),
            },
        ),
        OfEach(
            name="incidents",
            path="/security/incidents",
            total=COUNTED,
            into=Incident,
            since=CHANGED,
            kept_days=90,
            paginate=SMALL,
            params=COUNT,
            fields={
                "external_id": within("id"),
                "account": "each.tenantId",
                "title": text("displayName"),
                "severity": choice("severity", SEVERITIES, default=Incident.Severity.UNKNOWN),
                "dismissed": DISMISSED,
                "raised_at": utc("createdDateTime"),
                "resolved_at": RESOLVED_AT,
            },
            link="https://security.microsoft.com/incidents/{id}?tid={each.tenantId}",
        ),
        OfEach(
            name="alerts",
            path="/security/alerts_v2",
            total=COUNTED,
            into=Alert,
            since=CHANGED,
            kept_days=90,
            paginate=SMALL,
            params=COUNT,
            fields={
                "external_id": within("id"),
                "account": "each.tenantId",
                "title": text("title"),
                "kind": text("category"),
                "severity": choice("severity", SEVERITIES, default=Alert.Severity.UNKNOWN),
                "raised_at": utc("createdDateTime"),
                "resolved_at": Convert(("resolvedDateTime",), when),
            },
        ),
        OfEach(
            name="managed devices",
            path="/deviceManagement/managedDevices",
            total=COUNTED,
            into=Asset,
            complete=True,
            paginate=LARGE,
            params={
                "$select": "id,deviceName,operatingSystem,osVersion,complianceState,lastSyncDateTime,"
                "managedDeviceOwnerType,serialNumber,model",
                **COUNT,
            },
            keep=Convert(("managedDeviceOwnerType",), lambda owner: str(owner).casefold() != "personal"),
            fields={
                "external_id": within("id"),
                "account": "each.tenantId",
                "name": text("deviceName"),
                "hostname": text("deviceName"),
                "kind": choice("operatingSystem", KINDS, default=AssetKind.OTHER),
                "os": text("operatingSystem"),
                "os_version": text("osVersion"),
                "serial": text("serialNumber"),
                "model": text("model"),
                "compliant": choice("complianceState", COMPLIANT, default=None),
                "last_seen_at": Convert(("lastSyncDateTime",), when),
            },
        ),
    ),
    about=About(
        gives="each client's tenant: second factors, licences, secure score, incidents and managed devices",
        key=(
            "Sign in to Entra in your partner tenant and register an app for accounts in any organizational directory.",
            "Under API permissions add the application permissions of Microsoft Graph listed below, and nothing else.",
            "Grant admin consent in your own tenant. Then consent to the app in each customer's tenant: as an admin of "
            "it at {sign-in address}/{tenant id}/adminconsent?client_id={application id}, or for all of them at once "
            "by Partner Center's application consents, under your delegated admin relationships.",
            "Under Certificates and secrets make a client secret, and note the day on which it expires.",
            "Enter your partner tenant's id, the application id and the secret's value into this form, and press Test "
            "connection. A tenant that has not consented is named, and the others are read without it.",
        ),
        scopes={
            "DelegatedAdminRelationship.Read.All": "the customers' tenants; needed in the partner tenant only",
            "Organization.Read.All": "a tenant's domains, licences and subscriptions",
            "User.Read.All": "which accounts are enabled, guests and licensed",
            "AuditLog.Read.All": "when accounts signed in last, and who has registered a second factor; the tenant "
            "needs Entra ID P1",
            "SecurityEvents.Read.All": "the secure score, its controls and their profiles",
            "SecurityIncident.Read.All": "incidents",
            "SecurityAlert.Read.All": "Defender's alerts",
            "DeviceManagementManagedDevices.Read.All": "devices and their compliance; the tenant needs Intune",
        },
        never=(
            "mail, files, chats and calendars",
            "names and addresses of people: an account is known by its id, and of its sign-ins only the month is kept",
            "methods and telephone numbers of second factors",
            "audit and sign-in logs",
            "devices that belong to their users",
            "comments, evidence and the people named in incidents",
        ),
        limits="5 requests a second over all tenants. Microsoft's lowest are 5 in 10 seconds for the report of second "
        "factors and 150 a minute for security, each for one tenant, of which one reading needs two or three.",
        not_read={
            "Site": "A tenant is read as one client; its offices are in no list of Graph.",
        },
        unsure=(
            Unsure(
                "Which licences are used.",
                "By licence that would have to be added up across pages of accounts, so it is left empty. Whether an "
                "account has a licence, and the month of its last sign-in, are kept.",
            ),
            Unsure(
                "Which list names every tenant.",
                "Delegated admin customers. A tenant with a contract alone is not read, and of a tenant's domains its "
                "own list says more than the contract's default.",
            ),
            Unsure(
                "When an incident was resolved.", "When a resolved one was last changed: Graph tells nothing nearer."
            ),
            Unsure(
                "Whether every list gives @odata.count.",
                "Where one does, fewer rows than that are not believed; else it is taken as it comes.",
            ),
            Unsure(
                "Whether @odata.count counts the list or the page.",
                "As the list's. A page's is never more than was listed, so it does no harm.",
            ),
            Unsure("How many rows a page of incidents or alerts may have.", "50, the smallest number told."),
            Unsure("Seats in their grace period (prepaidUnits.warning).", "They still work, so they count as bought."),
            Unsure("Whether the report of second factors needs Entra ID P1.", "Such a refusal is told as one."),
            Unsure("How a device that never synchronised is written.", "The year 1 and nothing both mean never."),
            Unsure("Devices in their grace period of compliance.", "They do not keep the rules yet: not compliant."),
            Unsure(
                "Whether lastSuccessfulSignInDateTime is filled.",
                "It comes first; where it is missing, the later of interactive and other sign-ins.",
            ),
            Unsure("Small or capital letters in values such as Enabled.", "Either."),
            Unsure("How long incidents are kept.", "90 days at least: older ones left out are not taken for gone."),
            Unsure("The addresses of the national clouds.", "Suggestions of the form; any address can be entered."),
        ),
    ),
)
