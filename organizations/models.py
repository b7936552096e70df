"""Whose each account is, since when, who said so."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import uuid4

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
        TENANT = "tenant", "Tenant id"
        DOMAIN = "domain", "Verified domain"
        SIGNALS = "signals", "Two strong signals that agree"
        FOUNDED = "founded", "First record of the client in the PSA"
        PERSON = "person", "A person"
        IMPORT = "import", "An imported mapping"
        CHANGE = "change", "A change of organizations"

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
    change = models.ForeignKey(
        "OrganizationChange", models.PROTECT, null=True, blank=True, related_name="links", editable=False
    )

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


class OrganizationChange(models.Model):
    """One act on organizations, from a day on: who did it, when, why, and what stood before, so that it can be undone.

    The accounts it moved are the links that name it. `before` and `after` hold the organizations' own fields that it
    changed, as {"<organization id>": {"<field>": value}}.
    """

    class Kind(models.TextChoices):
        MERGE = "merge", "Merged"
        SPLIT = "split", "Split"
        MOVE = "move", "Account moved"
        PARENT = "parent", "Parent changed"
        RENAME = "rename", "Renamed"
        FORMER = "former", "Client until"

    kind = models.TextField(choices=Kind)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="changes")
    other = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="+")
    starts_on = models.DateField(default=EARLIEST)
    reason = models.TextField()
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "organization_change"
        ordering: ClassVar = ["-decided_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.organization}: {self.get_kind_display().lower()}"


class Signal(models.Model):
    """One thing an account says of who it is, brought into a form that two accounts can share."""

    class Kind(models.TextChoices):
        ID = "id", "Id"
        TENANT = "tenant", "Tenant"
        DOMAIN = "domain", "Domain"
        PHONE = "phone", "Phone"
        ADDRESS = "address", "Address"
        NAME = "name", "Name"

    account = models.ForeignKey("collectors.Account", models.CASCADE, related_name="signals")
    kind = models.TextField(choices=Kind)
    key = models.TextField()

    class Meta:
        db_table = "signal"
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "kind", "key"], name="signal_once")]
        indexes: ClassVar = [models.Index(fields=["kind", "key"], include=["account"], name="signal_key")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"


class SignalsRead(models.Model):
    """As an account stood when its signals were last read, so that only what moved is read again."""

    account = models.OneToOneField("collectors.Account", models.CASCADE, primary_key=True, related_name="+")
    mark = models.TextField()

    class Meta:
        db_table = "signals_read"


class NameKey(models.Model):
    """A key under which names like an organization's are found, so that no name is compared with all."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    key = models.TextField()

    class Meta:
        db_table = "name_key"
        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "organization"], name="name_key_once")]


class NamesRead(models.Model):
    """An organization's name as its keys were last made."""

    organization = models.OneToOneField(Organization, models.CASCADE, primary_key=True, related_name="+")
    name = models.TextField()

    class Meta:
        db_table = "names_read"


class Proposal(models.Model):
    """Whose an account that waits may be, as it was last worked out; `evidence` and `against` are lines for people."""

    class Strength(models.IntegerChoices):
        NONE = 0, "none"
        WEAK = 1, "weak"
        STRONG = 2, "strong"
        CERTAIN = 3, "certain"

    account = models.OneToOneField("collectors.Account", models.CASCADE, primary_key=True, related_name="proposal")
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")
    strength = models.SmallIntegerField(choices=Strength, default=Strength.NONE)
    evidence = models.JSONField(default=list)
    against = models.JSONField(default=list)  # what contradicts it; then it is a conflict
    runner_up = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")

    class Meta:
        db_table = "proposal"

    def __str__(self) -> str:
        return f"{self.account}: {self.organization or 'no one'}"


class NotDuplicate(models.Model):
    """Two accounts of one system that look like one client, and that a person said are two. The lower id is `one`."""

    one = models.ForeignKey("collectors.Account", models.CASCADE, related_name="+")
    two = models.ForeignKey("collectors.Account", models.CASCADE, related_name="+")
    reason = models.TextField(default="", blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "not_duplicate"
        verbose_name_plural = "duplicates inside one system"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["one", "two"], name="not_duplicate_once"),
            models.CheckConstraint(condition=models.Q(one__lt=models.F("two")), name="not_duplicate_in_order"),
        ]


class PaidLayer(models.Model):
    """Words in a product's name that say which kind of system a client pays for: an agreement for “managed workstation”
    should have devices in the RMM."""

    pattern = models.TextField(unique=True)  # as PostgreSQL reads it, in any case
    layer = models.TextField()  # the layer a connection of that kind stands in

    class Meta:
        db_table = "paid_layer"
        verbose_name = "words for what is paid for"
        verbose_name_plural = "paid for and missing"
        ordering: ClassVar = ["layer", "pattern"]

    def __str__(self) -> str:
        return f"“{self.pattern}” needs {self.layer}"


class MappingFile(models.Model):
    """A mapping on its way in: kept between its preview and its confirmation, then forgotten."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.TextField()
    content = models.BinaryField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "mapping_file"
        verbose_name_plural = "mapping as CSV, in and out"

    def __str__(self) -> str:
        return self.name


class WaitingAccount(Account):
    """An account as the mapping queue shows it. A table of its own it has not; permissions it has."""

    class Meta:
        proxy = True
        verbose_name = "account to map"
        verbose_name_plural = "mapping queue"
