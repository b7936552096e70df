"""How many closed values wait for a decision, of those a person may see."""

from __future__ import annotations

from metrics.definitions import CATALOGUE
from metrics.models import Restatement
from metrics.periods import Span
from metrics.reading import Person, may_see


def how_many(person: Person, span: Span | None = None) -> int:
    """In one statement; of a period with what lies within it."""
    seen = [key for key, metric in CATALOGUE.items() if may_see(person, metric)]
    rows = Restatement.objects.filter(decision=Restatement.Decision.WAITING, definition__metric__in=seen)
    if span is not None:
        rows = rows.filter(period__starts_on__gte=span.starts_on, period__ends_on__lte=span.ends_on)
    return rows.count()
