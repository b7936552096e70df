"""Autotask PSA: a zone to be asked for, three headers, questions by POST, picklists in place of names."""

from collectors.sandbox.switches import Switch
from collectors.sandbox.vendors.autotask.api import Autotask

__all__ = ["SWITCHES", "VENDOR"]

VENDOR = Autotask
SWITCHES = (
    Switch("autotask", "price", "row", ("row", "unit"), "what the price of contract service units is of"),
    Switch("autotask", "history", "words", ("words", "arrow", "terse"), "how a ticket's history tells a status"),
    Switch("autotask", "customer", 1, (1, 3), "number of the company type Customer"),
    Switch("autotask", "internal_cost", True, (True, False), "the security level shows internal costs"),
    Switch("autotask", "forbidden", "", (), "entity that the security level may not view"),
)
