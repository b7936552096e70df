"""What an address of the Restatements page asks for: waiting or decided, whose, of which period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from metrics.closing import span_of
from metrics.models import Period, Restatement
from metrics.periods import Span, parse
from metrics.reading import COMPANY, ScopeRef, client
from organizations.models import Organization

Decision = Restatement.Decision
WHOLE_COMPANY = "company"


@dataclass(frozen=True)
class Asked:
    """What makes no sense in an address is left out."""

    decision: Restatement.Decision
    client: str = ""
    period: Span | None = None
    page: int = 1

    @classmethod
    def of(cls, address: Mapping[str, str]) -> Asked:
        decision, page = address.get("decision", ""), address.get("page", "")
        try:
            period = parse(address.get("period", ""))
        except ValueError:
            period = None
        is_number = page.isascii() and page.isdigit() and len(page) < 7
        return cls(
            Decision(decision) if decision in Decision.values else Decision.WAITING,
            address.get("client", "").strip()[:200], period, max(1, int(page)) if is_number else 1,
        )  # fmt: skip

    @property
    def is_waiting(self) -> bool:
        return self.decision == Decision.WAITING

    @property
    def is_filtered(self) -> bool:
        return bool(self.client or self.period)

    @property
    def scope(self) -> ScopeRef | None:
        return None if not self.client else COMPANY if self.client == WHOLE_COMPANY else client(self.client)

    @property
    def spans(self) -> list[Span] | None:
        """The period and what lies in it."""
        return None if self.period is None else list(dict.fromkeys([self.period, *self.period.months]))

    def address(self, **changed: object) -> str:
        """The page's query with some of it changed; None takes a filter away."""
        kept: dict[str, object] = {"decision": self.decision.value, "client": self.client, "period": self.period or ""}
        return "?" + urlencode({name: value for name, value in {**kept, **changed}.items() if value})


def choices() -> dict[str, list[tuple[str, str]]]:
    """Whose and which periods there are restatements of, in two statements."""
    scopes = Organization.objects.filter(scopes__in=Restatement.objects.values("scope")).distinct().order_by("name")
    periods = Period.objects.filter(pk__in=Restatement.objects.values("period")).order_by("-starts_on", "-ends_on")
    spans = [span_of(period) for period in periods]
    return {
        "client": [(WHOLE_COMPANY, "Whole company"), *scopes.values_list("slug", "name")],
        "period": [(str(span), span.label) for span in spans],
    }
