"""QuickBooks Online: consent, rotating refresh tokens, the query language, CDC and profit and loss."""

from collectors.sandbox.vendors.quickbooks_online.api import QuickBooks

__all__ = ["QuickBooks"]

VENDOR = QuickBooks
