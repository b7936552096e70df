"""Every table of this app, gathered for Django."""

from collectors.connections import Checkpoint, CollectorRun, Connection, QuarantinedRecord, Seen
from collectors.drop.files import LoadedFile
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, AdditionState, Agreement, AgreementState
from collectors.facts.backups import Backup, BackupRun, BackupState, RecoveryTest
from collectors.facts.changed import FactChange
from collectors.facts.estate import Alert, Asset, AssetKind, AssetState
from collectors.facts.licenses import License, LicenseState
from collectors.facts.money import InvoiceLine, LedgerAccount, LedgerBalance
from collectors.facts.partners import Partner, PartnerFigure, PartnerState, Registration
from collectors.facts.posture import Incident, PostureCheck, PostureCheckState, Seat, SeatState
from collectors.facts.readings import Listing, Reading, Refusal
from collectors.facts.sales import Activity, Deal, DealStage
from collectors.facts.service import Queue, Survey, Technician, TechnicianState, Ticket, TicketStatus, TimeEntry
from collectors.facts.touched import Calendar, Dangling, Touched

__all__ = [
    "Account", "Activity", "Addition", "AdditionState", "Agreement", "AgreementState", "Alert", "Asset",
    "AssetKind", "AssetState", "Backup", "BackupRun", "BackupState", "Calendar", "Checkpoint", "CollectorRun",
    "Connection", "Dangling", "Deal", "DealStage", "FactChange", "Incident", "InvoiceLine", "LedgerAccount",
    "LedgerBalance", "License", "LicenseState", "Listing", "LoadedFile", "Partner", "PartnerFigure", "PartnerState",
    "PostureCheck", "PostureCheckState", "QuarantinedRecord", "Queue", "Reading", "RecoveryTest", "Refusal",
    "Registration", "Seat", "SeatState", "Seen", "Survey", "Technician", "TechnicianState", "Ticket",
    "TicketStatus", "TimeEntry", "Touched",
]
