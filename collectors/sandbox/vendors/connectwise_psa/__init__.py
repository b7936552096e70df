"""ConnectWise PSA: API member keys, two ways of paging, and the conditions language."""

from collectors.sandbox.vendors.connectwise_psa.api import ConnectWise

__all__ = ["ConnectWise"]

VENDOR = ConnectWise
