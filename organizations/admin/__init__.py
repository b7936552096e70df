"""The mapping queue and the organizations, where people decide whose each account is."""

from organizations.admin.organizations import AccountLinkAdmin, OrganizationAdmin
from organizations.admin.queue import QueueAdmin

__all__ = ["AccountLinkAdmin", "OrganizationAdmin", "QueueAdmin"]
