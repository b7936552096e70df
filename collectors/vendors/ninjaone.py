"""NinjaOne: organizations, their locations and the devices the RMM watches (public API version 2)."""

from collectors.auth import ClientCredentials
from collectors.convert import choice, constant, evidence, first, only, tagged, text, utc
from collectors.declare import Endpoint, Layer, Setting, Vendor
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset, AssetKind
from collectors.pagination import AfterId

KINDS = {
    "WINDOWS_WORKSTATION": AssetKind.WORKSTATION, "LINUX_WORKSTATION": AssetKind.WORKSTATION,
    "MAC": AssetKind.WORKSTATION,
    "WINDOWS_SERVER": AssetKind.SERVER, "LINUX_SERVER": AssetKind.SERVER, "MAC_SERVER": AssetKind.SERVER,
    "VMWARE_VM_HOST": AssetKind.VM_HOST, "HYPERV_VMM_HOST": AssetKind.VM_HOST,
    "VMWARE_VM_GUEST": AssetKind.VM_GUEST, "HYPERV_VMM_GUEST": AssetKind.VM_GUEST,
    "ANDROID": AssetKind.MOBILE, "APPLE_IOS": AssetKind.MOBILE, "APPLE_IPADOS": AssetKind.MOBILE,
    "NMS_SWITCH": AssetKind.NETWORK, "NMS_ROUTER": AssetKind.NETWORK, "NMS_FIREWALL": AssetKind.NETWORK,
    "NMS_PRINTER": AssetKind.NETWORK, "NMS_WAP": AssetKind.NETWORK, "NMS_SERVER": AssetKind.NETWORK,
    "NMS_OTHER": AssetKind.NETWORK,
}  # fmt: skip

VENDOR = Vendor(
    slug="ninjaone",
    label="NinjaOne",
    layer=Layer.RMM,
    base_url="{address}",
    auth=ClientCredentials(token="{address}/ws/oauth/token", scope="monitoring"),  # noqa: S106
    paginate=AfterId(),
    test="/v2/organizations?pageSize=1",
    headers={"Accept": "application/json"},
    blank_is_empty=True,
    advice="In NinjaOne create an “API Services (machine-to-machine)” client with the monitoring scope only, "
    "under Administration, Apps, API.",
    console="{address}",
    settings=(
        Setting(
            name="address",
            label="Address",
            help="The instance you sign in to: a client id exists on one instance only.",
            default="https://app.ninjarmm.com",
            free=True,
            choices=(
                ("https://app.ninjarmm.com", "United States"),
                ("https://us2.ninjarmm.com", "United States 2"),
                ("https://eu.ninjarmm.com", "Europe"),
                ("https://ca.ninjarmm.com", "Canada"),
                ("https://oc.ninjarmm.com", "Oceania"),
                ("https://fed.ninjarmm.com", "US government"),
            ),
        ),
        Setting(name="client_id", label="Client ID", secret=True),
        Setting(name="client_secret", label="Client secret", secret=True),
    ),
    endpoints=(
        Endpoint(
            name="organizations",
            path="/v2/organizations",
            into=Account,
            complete=True,
            fields={
                "external_id": "id",
                "name": "name",
                "kind": constant(Account.Kind.CLIENT),
                "evidence": evidence(ids={"connectwise_psa": "description"}),
            },
            link="/#/customerDashboard/{id}/overview",
        ),
        Endpoint(
            name="locations",
            path="/v2/locations",
            into=Account,
            complete=True,
            fields={
                "external_id": tagged("location", "id"),
                "name": "name",
                "kind": constant(Account.Kind.SITE),
                "parent": "organizationId",
            },
        ),
        Endpoint(
            name="devices",
            path="/v2/devices-detailed",
            into=Asset,
            complete=True,
            keep=only("approvalStatus", "APPROVED"),
            fields={
                "external_id": "id",
                "layer": constant(Layer.RMM),
                "account": first(tagged("location", "locationId"), "organizationId"),
                "name": first("displayName", "systemName", "dnsName"),
                "hostname": first("systemName", "dnsName"),
                "kind": choice("nodeClass", KINDS, default=AssetKind.OTHER),
                "os": text("os.name"),
                "serial": text("system.serialNumber"),
                "model": text("system.model"),
                "last_seen_at": utc("lastContact"),
            },
            link="/#/deviceDashboard/{id}/overview",
        ),
    ),
)
