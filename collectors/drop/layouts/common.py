"""Columns that many layouts share, and what their rows name by the way."""

from __future__ import annotations

from collectors.drop.declare import Column, Kind, Named
from collectors.facts.accounts import Account
from collectors.facts.backups import Backup
from collectors.facts.estate import Asset

COMPANY = Column(
    name="Company", meaning="The client's name, as this source writes it", example="Brightwater Dental", required=True,
    also=("Client", "Customer", "Account", "Organization", "Organisation", "Company name", "Client name", "Site name"),
)  # fmt: skip
COMPANY_IF_ANY = Column(
    name=COMPANY.name, meaning="The client's name, as this source writes it; empty where it is for nobody",
    example=COMPANY.example, also=COMPANY.also,
)  # fmt: skip
COMPANY_ID = Column(
    name="Company id",
    meaning="The source's own id of the client, where it has one: two of one name are told apart by it",
    also=("Client id", "Customer id", "Account id", "Organization id"),
)  # fmt: skip
BY_COMPANY = Named(into=Account, column="Company", id="Company id")

DEVICE = Column(
    name="Device", meaning="The device's host name", example="BW-SRV-01", required=True,
    also=("Hostname", "Host name", "Computer", "Computer name", "Device name", "Asset", "System name"),
)  # fmt: skip
DEVICE_ID = Column(
    name="Device id",
    meaning="The source's own id of the device, where it has one: without it the name within the client counts",
    also=("Asset id", "Agent id", "Computer id"),
)  # fmt: skip
DEVICE_OF = Named(into=Asset, column="Device", id="Device id", under="Company", makes=False)

BACKUP_ID = Column(
    name="Backup id",
    meaning="The source's own id of what is backed up, where it has one: without it the name within the client counts",
    also=("Protected item id", "Agent id"),
)  # fmt: skip
BACKUP_OF = Named(into=Backup, column="Device", id="Backup id", under="Company", makes=False)

SERIAL = Column(
    name="Serial number", meaning="The maker's serial number, by which systems find the same device",
    example="SN-4410-0001", also=("Serial", "Service tag"),
)  # fmt: skip
CURRENCY = Column(name="Currency", meaning="Three letters, such as USD; empty: the books' own", also=("Currency code",))


def amount(name: str, meaning: str, example: str = "", *also: str, required: bool = False) -> Column:
    return Column(name=name, meaning=meaning, example=example, required=required, kind=Kind.NUMBER, also=also)


def moment(name: str, meaning: str, example: str = "", *also: str, required: bool = False) -> Column:
    return Column(name=name, meaning=meaning, example=example, required=required, kind=Kind.MOMENT, also=also)


def day(name: str, meaning: str, example: str = "", *also: str, required: bool = False) -> Column:
    return Column(name=name, meaning=meaning, example=example, required=required, kind=Kind.DAY, also=also)


def text(name: str, meaning: str, example: str = "", *also: str, required: bool = False) -> Column:
    return Column(name=name, meaning=meaning, example=example, required=required, also=also)


def flag(name: str, meaning: str, example: str = "", *also: str) -> Column:
    return Column(name=name, meaning=f"{meaning}: yes or no", example=example, kind=Kind.FLAG, also=also)


def whole(name: str, meaning: str, example: str = "", *also: str, required: bool = False) -> Column:
    return Column(name=name, meaning=meaning, example=example, required=required, kind=Kind.WHOLE, also=also)
