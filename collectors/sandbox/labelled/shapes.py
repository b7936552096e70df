"""What a labelled world is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

FOUNDING = "connectwise_psa"  # the system clients come from
SYSTEMS = (FOUNDING, "ninjaone", "quickbooks_online", "datto_bcdr", "sentinelone", "microsoft_365")
WITH_DEVICES = frozenset({"ninjaone", "datto_bcdr", "sentinelone"})


class Kind(Enum):
    """The strongest evidence an account has of whose it is."""

    ID = "explicit id"
    DOMAIN = "verified domain"
    TENANT_OR_SERIALS = "tenant id or serial numbers"
    NAME_AND_SECOND = "name and second signal only"
    MISLEADING = "nothing usable or misleading"


SHARES: Mapping[Kind, float] = {
    Kind.ID: 0.55, Kind.DOMAIN: 0.20, Kind.TENANT_OR_SERIALS: 0.10, Kind.NAME_AND_SECOND: 0.10, Kind.MISLEADING: 0.05,
}


@dataclass(frozen=True)
class LabelledAccount:
    """One system's record of a client. `evidence` as an account keeps it: domains, ids, tenant_id, phones, addresses,
    types. `client` is the true client's label, None where it is no client of the MSP. `kind` is None in the system
    that founds. `story` says what is peculiar about it."""

    system: str
    external_id: str
    name: str
    evidence: Mapping[str, Any]
    serials: tuple[str, ...] = ()
    client: str | None = None
    kind: Kind | None = None
    story: str = ""


@dataclass(frozen=True)
class World:
    accounts: tuple[LabelledAccount, ...]

    def shares(self) -> dict[str, dict[Kind, float]]:
        """By system, other than the founding one: the share of its accounts with each kind of evidence."""
        counts = Counter((account.system, account.kind) for account in self.accounts if account.kind)
        sizes = Counter(account.system for account in self.accounts if account.kind)
        return {system: {kind: counts[system, kind] / size for kind in Kind} for system, size in sizes.items()}
