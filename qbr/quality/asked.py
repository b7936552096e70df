"""What an address of the page asks for: which findings, and the strip of which period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet

from metrics import quality
from metrics.models import Finding
from metrics.periods import Month, Span, parse
from metrics.reading import Person

FILTERS = ("severity", "rule", "system", "client", "owner")
NO_ONE = "none"


@dataclass(frozen=True)
class Asked:
    """`values` are the filters that are set, as the address has them; what makes no sense is left out."""

    life: Finding.Life
    values: Mapping[str, str]
    page: int = 1

    @classmethod
    def of(cls, address: Mapping[str, str]) -> Asked:
        values = {name: text for name in FILTERS if (text := address.get(name, "").strip()[:200])}
        if values.get("severity") not in Finding.Severity.values:
            values.pop("severity", None)
        if values.get("rule") not in quality.RULES:
            values.pop("rule", None)
        if not _is_number(values.get("system", "")):
            values.pop("system", None)
        if values.get("owner") != NO_ONE and not _is_number(values.get("owner", "")):
            values.pop("owner", None)
        life, page = address.get("life", ""), address.get("page", "")
        return cls(
            Finding.Life(life) if life in Finding.Life.values else Finding.Life.OPEN, values,
            max(1, int(page)) if _is_number(page) else 1,
        )

    def address(self, **changed: object) -> str:
        """The page's query with some of it changed; None takes a filter away."""
        kept: dict[str, object] = {"life": None if self.life == Finding.Life.OPEN else self.life.value, **self.values}
        return "?" + urlencode({name: value for name, value in {**kept, **changed}.items() if value is not None})

    def filtered(self, findings: QuerySet[Finding]) -> QuerySet[Finding]:
        """Those of every life that the filters keep."""
        conditions = {
            "severity": "severity", "rule": "rule", "system": "connection", "client": "scope__organization__slug",
            "owner": "owner",
        }  # fmt: skip
        for name, value in self.values.items():
            if (name, value) == ("owner", NO_ONE):
                findings = findings.filter(owner=None)
            else:
                findings = findings.filter(**{conditions[name]: value})
        return findings

    def findings(self, person: Person) -> QuerySet[Finding]:
        return self.filtered(quality.visible(person)).filter(life=self.life)


def strip_of(text: str, latest: Month) -> Span:
    """The period the strip is about: a month or a quarter, the last month that has ended where nothing is said."""
    try:
        period = parse(text)
    except ValueError:
        return latest
    return period if period.starts_on <= latest.starts_on else latest


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
