"""The mapping queue and the organizations, where people decide whose each account is."""

from organizations.admin.duplicates import DuplicatesAdmin
from organizations.admin.exchange import ExchangeAdmin
from organizations.admin.history import AccountLinkAdmin
from organizations.admin.lacking import LackingAdmin
from organizations.admin.organizations import OrganizationAdmin
from organizations.admin.queue import QueueAdmin

__all__ = ["AccountLinkAdmin", "DuplicatesAdmin", "ExchangeAdmin", "LackingAdmin", "OrganizationAdmin", "QueueAdmin"]
