"""What the accounts of these tests say of themselves, and what comes of it."""

from __future__ import annotations

from typing import Any

from collectors.facts.accounts import Account
from organizations.models import AccountLink

CLIENT = {"types": ["Client"]}
FERN, OAK = "Fernbrook Dental", "Old Oak Realty"
PHONE, ADDRESS = "(212) 555-0134", "12 Mill Ln., Fernbrook, OH 43001"


def verdict(account: Account) -> tuple[str, str] | None:
    """The organization's name and the method, or None while the account waits."""
    link = AccountLink.objects.current().filter(account=account, verdict="linked").first()
    return (link.organization.name, link.method) if link and link.organization else None


def evidence(*domains: str, **more: Any) -> dict[str, Any]:
    return {"domains": list(domains), **more}
