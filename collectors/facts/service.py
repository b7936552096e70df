"""What the service desk did: queues, technicians, tickets and time."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, State, one_record, state_keys

# Of tickets and time there are many, and to have PostgreSQL check each reference takes longer than to store the row:
# theirs have no constraint. Loading looks every id up in the transaction that stores it, and no fact is ever deleted,
# it is retired with a date. Their connection, which a person can delete, is checked.


class Queue(Record):
    """A board. Its kind (reactive, project, ...) is a dated decision of people, kept in `metrics`."""

    name = models.TextField()
    active = models.BooleanField(default=True)

    counted = Counted(account="")

    class Meta:
        db_table = "queue"
        constraints = one_record("queue")

    def __str__(self) -> str:
        return self.name


class TicketStatus(Record):
    queue = models.ForeignKey(Queue, models.SET_NULL, null=True, related_name="+")
    name = models.TextField()
    closed = models.BooleanField(default=False)

    counted = Counted(account="")

    class Meta:
        db_table = "ticket_status"
        constraints = one_record("ticket_status")

    def __str__(self) -> str:
        return self.name


class Technician(Record):
    name = models.TextField()
    active = models.BooleanField(default=True)

    counted = Counted(account="")

    class Meta:
        db_table = "technician"
        constraints = one_record("technician")

    def __str__(self) -> str:
        return self.name


class TechnicianState(State):
    thing = models.ForeignKey(Technician, models.CASCADE, related_name="states", db_index=False)
    hourly_cost = models.DecimalField(max_digits=20, decimal_places=4, null=True)  # money an hour, the PSA's currency

    class Meta:
        db_table = "technician_state"
        constraints = state_keys("technician_state")


Technician.state_model = TechnicianState


class Ticket(Record):
    """A service ticket. `parent` and `merged_into` are set where the PSA folds one ticket into another."""

    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    technician = models.ForeignKey(
        Technician, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    title = models.TextField(default="")
    type = models.TextField(default="")
    subtype = models.TextField(default="")
    priority = models.TextField(default="")
    status = models.TextField(default="")
    requester = models.TextField(default="")  # a keyed hash: enough to count people, never a name
    closed = models.BooleanField(default=False)  # as the PSA says
    opened_at = models.DateTimeField()
    first_response_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    opened_on = models.DateField()  # local days in the business time zone, filled by loading
    closed_on = models.DateField(null=True)
    sla_met = models.BooleanField(null=True)
    reopened = models.IntegerField(null=True)  # times reopened, where the vendor tells
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children", db_constraint=False)
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )

    counted = Counted(
        days={"opened_on": "opened_at", "closed_on": "closed_at"},
        leaners=(("TimeEntry", "ticket"), ("Ticket", "parent"), ("Ticket", "merged_into")),
        leaned_on=("account", "queue", "parent", "merged_into"),
    )

    class Meta:
        db_table = "ticket"
        constraints = one_record("ticket")
        indexes = [
            models.Index(fields=["account", "opened_on"], name="ticket_account_opened"),
            models.Index(fields=["account", "closed_on"], name="ticket_account_closed"),
            models.Index(fields=["opened_on"], name="ticket_opened"),
            models.Index(fields=["closed_on"], name="ticket_closed"),
            models.Index(fields=["merged_into"], name="ticket_merged", condition=models.Q(merged_into__isnull=False)),
        ]


class TimeEntry(Record):
    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, related_name="time_entries", db_constraint=False)
    technician = models.ForeignKey(
        Technician, models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    agreement = models.ForeignKey(
        "collectors.Agreement", models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    charged_to = models.TextField(default="")  # ticket, project, company, charge code, activity
    hours = models.DecimalField(max_digits=12, decimal_places=4)
    hourly_cost = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    billable = models.BooleanField(null=True)
    work_type = models.TextField(default="")
    worked_at = models.DateTimeField(null=True)
    entered_at = models.DateTimeField()
    worked_on = models.DateField(null=True)
    entered_on = models.DateField()

    counted = Counted(days={"entered_on": "entered_at", "worked_on": "worked_at"}, inherits="ticket")

    class Meta:
        db_table = "time_entry"
        constraints = one_record("time_entry")
        indexes = [
            models.Index(fields=["account", "entered_on"], name="time_account_entered"),
            models.Index(fields=["entered_on"], name="time_entered"),
            models.Index(fields=["worked_on"], name="time_worked"),
        ]


class Survey(Record):
    """An answer to the question how a ticket went, from 0 to 100 whatever the vendor's own scale."""

    account = models.ForeignKey(
        "collectors.Account", models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    ticket = models.ForeignKey(Ticket, models.SET_NULL, null=True, related_name="surveys", db_constraint=False)
    score = models.DecimalField(max_digits=7, decimal_places=4)
    answered_at = models.DateTimeField()
    answered_on = models.DateField()

    counted = Counted(days={"answered_on": "answered_at"}, inherits="ticket")

    class Meta:
        db_table = "survey"
        constraints = one_record("survey")
        indexes = [models.Index(fields=["answered_on"], name="survey_answered")]
