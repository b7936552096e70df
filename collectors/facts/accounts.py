"""Account: one connection's record of a client, or of a site under one."""

from __future__ import annotations

from django.db import models

from collectors.facts.shapes import Counted, Record, one_record


class Account(Record):
    """What vendors call a company, client, customer, organization, site or tenant.

    A site, job or project (`kind` site) belongs with its parent unless someone links it elsewhere.
    `evidence` holds what the vendor says of identity:
    {"domains": ["acme.example"], "ids": {"connectwise_psa": "250"}, "tenant_id": "...", "phones": ["212 555 0134"],
    "addresses": ["12 Mill Lane, Fernbrook, 43001"], "types": ["Client"]}.
    """

    class Kind(models.TextChoices):
        CLIENT = "client", "Client"
        SITE = "site", "Site of a client"
        PROSPECT = "prospect", "Prospect"  # sold to and not served: belongs to no one yet, and waits for no decision

    name = models.TextField()
    kind = models.TextField(choices=Kind, default=Kind.CLIENT)
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="sites")
    evidence = models.JSONField(default=dict, blank=True)
    active = models.BooleanField(default=True)  # as the vendor says
    seen_from = models.DateField(null=True)
    gone_on = models.DateField(null=True, blank=True)

    counted = Counted(account="", leaned_on=("parent", "kind"))  # a site is its parent's

    class Meta:
        db_table = "account"
        constraints = one_record("account")

    def __str__(self) -> str:
        return self.name
