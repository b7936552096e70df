"""Rules people own: dated settings, kept in rows and never in code. Each lasts until the next begins."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar


class Dated(models.Model):
    from_on = models.DateField(default=EARLIEST)
    note = models.TextField(default="", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def clean(self) -> None:
        """A closed period keeps the rules it was closed with. Raises ValidationError with a sentence."""
        super().clean()
        was = type(self)._default_manager.filter(pk=self.pk).values_list("from_on", flat=True).first()
        if problem := begins_in_closed(*(day for day in (self.from_on, was) if day)):
            raise ValidationError(problem)


def begins_in_closed(*days: date) -> str:
    """Why a rule can neither begin nor change on one of these days; empty where it can."""
    closed_through = Calendar.current().closed_through
    if closed_through is None or min(days) > closed_through:
        return ""
    opens = closed_through + timedelta(days=1)
    return (
        f"Periods are closed through {closed_through:%-d %b %Y} and keep the rules they were closed with: "
        f"let this begin on {opens:%-d %b %Y}, the first day that is open, or later."
    )


class Rule(Dated):
    """A named setting, such as hours_per_month = 167. The names and their defaults are in `metrics/settings.py`."""

    key = models.TextField()
    value = models.JSONField()

    class Meta:
        db_table = "rule"
        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "from_on"], name="rule_once_a_day")]

    def __str__(self) -> str:
        return self.key


class QueueKind(Dated):
    """What kind of work a queue holds. A queue nobody has decided on is undecided, and its tickets count nowhere."""

    class Kind(models.TextChoices):
        REACTIVE = "reactive", "Reactive"
        PROFESSIONAL_SERVICES = "professional_services", "Professional services"
        ALIGNMENT = "alignment", "Alignment"
        PROJECT = "project", "Project"
        SALES = "sales", "Sales"
        INTERNAL = "internal", "Internal"
        UNDECIDED = "undecided", "Undecided"

    queue = models.ForeignKey("collectors.Queue", models.CASCADE, related_name="kinds")
    kind = models.TextField(choices=Kind, default=Kind.UNDECIDED)

    class Meta:
        db_table = "queue_kind"
        constraints: ClassVar = [models.UniqueConstraint(fields=["queue", "from_on"], name="queue_kind_once_a_day")]

    def __str__(self) -> str:
        return self.get_kind_display()


class LedgerCategory(Dated):
    """Which of the owner's lines a ledger account counts in. Without one, its months are incomplete."""

    class Category(models.TextChoices):
        NRR = "nrr", "Non-recurring revenue"
        MRR = "mrr", "Monthly recurring revenue"
        ORR = "orr", "Other recurring revenue"
        PRODUCT_SALES = "product_sales", "Product sales"
        MISC_REVENUE = "misc_revenue", "Miscellaneous revenue"
        EMPLOYEE_EXPENSE = "employee_expense", "Employee expense"
        OWNER_COMP_TAXES = "owner_comp_taxes", "Owner comp for quarterly taxes"
        OWNER_COMPENSATION = "owner_compensation", "Owner compensation"
        COGS = "cogs", "Cost of goods sold"
        OTHER_EXPENSES = "other_expenses", "Other expenses"
        LEFT_OUT = "left_out", "Not part of the results"

    ledger_account = models.ForeignKey("collectors.LedgerAccount", models.CASCADE, related_name="categories")
    category = models.TextField(choices=Category)

    class Meta:
        db_table = "ledger_category"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ledger_account", "from_on"], name="ledger_category_once_a_day")
        ]

    def __str__(self) -> str:
        return self.get_category_display()
