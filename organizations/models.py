"""Whose each account is, since when, who said so."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST


class Organization(models.Model):
    """A client, a partner or a part of the MSP itself. Never a vendor's record: that is an account."""

    class Kind(models.TextChoices):
        CLIENT = "client", "Client"
        INTERNAL = "internal", "Internal"
        PARTNER = "partner", "Partner"

    slug = models.SlugField(unique=True, max_length=80)
    name = models.TextField()
    kind = models.TextField(choices=Kind, default=Kind.CLIENT)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="subsidiaries")
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="organizations"
    )
    segment = models.TextField(default="", blank=True)
    plan = models.TextField(default="", blank=True)
    client_from = models.DateField(null=True, blank=True)
    client_to = models.DateField(null=True, blank=True)  # the day after the last

    class Meta:
        db_table = "organization"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Domain(models.Model):
    """A registrable domain known to be one organization's: evidence of the strongest kind after an explicit id."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="domains")
    name = models.TextField(unique=True)

    class Meta:
        db_table = "domain"

    def __str__(self) -> str:
        return self.name


class AccountLinkQuerySet(models.QuerySet["AccountLink"]):
    def current(self) -> Self:
        """As it is known now."""
        return self.filter(superseded_at=None)


class AccountLink(models.Model):
    """From `starts_on` until the account's next link begins, this account is this organization's, or ignored.

    A row is superseded, never edited or deleted: any day can be asked as it is known now and as it was known at
    an earlier moment. A verdict of "open" says that the question was taken back: the account waits again.
    """

    class Verdict(models.TextChoices):
        LINKED = "linked", "Linked"
        IGNORED = "ignored", "Ignored"
        OPEN = "open", "Waiting"

    class Method(models.TextChoices):
        EXPLICIT_ID = "explicit_id", "Id carried by another system"
        DOMAIN = "domain", "Verified domain"
        TENANT = "tenant", "Tenant id"
        FOUNDED = "founded", "First record of the client in the PSA"
        PERSON = "person", "A person"
        IMPORT = "import", "An import"

    account = models.ForeignKey("collectors.Account", models.CASCADE, related_name="links")
    starts_on = models.DateField(default=EARLIEST)
    verdict = models.TextField(choices=Verdict)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="links")
    method = models.TextField(choices=Method)
    evidence = models.JSONField(default=dict, blank=True)
    reason = models.TextField(default="", blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = AccountLinkQuerySet.as_manager()

    class Meta:
        db_table = "account_link"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "starts_on"], condition=models.Q(superseded_at=None), name="one_link_a_day"
            ),
            models.CheckConstraint(
                condition=models.Q(verdict="linked", organization__isnull=False)
                | (~models.Q(verdict="linked") & models.Q(organization__isnull=True)),
                name="linked_names_an_organization",
            ),
        ]

    def __str__(self) -> str:
        whose = f"{self.organization}" if self.organization else self.get_verdict_display().lower()
        return f"{self.account}: {whose}"


class WaitingAccount(Account):
    """An account as the mapping queue shows it. A table of its own it has not; permissions it has."""

    class Meta:
        proxy = True
        verbose_name = "account to map"
        verbose_name_plural = "mapping queue"
