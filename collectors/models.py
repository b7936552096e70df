"""Every table of this app, gathered for Django."""

from collectors.connections import Checkpoint, CollectorRun, Connection, QuarantinedRecord, Seen
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, AdditionState, Agreement, AgreementState
from collectors.facts.changed import FactChange
from collectors.facts.estate import Asset, AssetKind, AssetState
from collectors.facts.money import LedgerAccount, LedgerBalance
from collectors.facts.readings import Listing, Reading
from collectors.facts.service import Queue, Technician, TechnicianState, Ticket, TicketStatus, TimeEntry
from collectors.facts.touched import Calendar, Dangling, Touched

__all__ = [
    "Account", "Addition", "AdditionState", "Agreement", "AgreementState", "Asset", "AssetKind", "AssetState",
    "Calendar", "Checkpoint", "CollectorRun", "Connection", "Dangling", "FactChange", "LedgerAccount", "LedgerBalance",
    "Listing", "QuarantinedRecord", "Queue", "Reading", "Seen", "Technician", "TechnicianState", "Ticket",
    "TicketStatus", "TimeEntry", "Touched",
]
