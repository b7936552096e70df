"""Recurring revenue twice: as agreements promise it and as the ledger shows it, with the difference."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from metrics import reading
from metrics.declare import Unit
from metrics.periods import Month
from metrics.reading import COMPANY, Number, Person
from qbr.pages import formats

LEDGER, AGREEMENTS = "mrr", "agreement_mrr"


@dataclass(frozen=True)
class Both:
    ledger: Number
    agreements: Number

    @property
    def difference(self) -> Decimal | None:
        """Agreements less ledger; None where either is missing."""
        if self.ledger.value is None or self.agreements.value is None:
            return None
        return self.agreements.value - self.ledger.value

    @property
    def ledger_text(self) -> str:
        return told(self.ledger)

    @property
    def agreements_text(self) -> str:
        return told(self.agreements)

    @property
    def difference_text(self) -> str:
        return formats.written(self.difference, Unit.MONEY)


def told(number: Number) -> str:
    """The value, or why there is none."""
    if number.value is None:
        return f"{formats.MISSING} {formats.reason(number.state, number.cause)}"
    return formats.written(number.value, number.metric.unit)


def beside_agreements(person: Person, month: Month) -> Both | None:
    """None for a person who may not see money."""
    numbers = reading.numbers(person, [LEDGER, AGREEMENTS], [COMPANY], [month])
    both = [numbers.get((key, COMPANY, month)) for key in (LEDGER, AGREEMENTS)]
    return Both(*(number for number in both if number)) if all(both) else None
