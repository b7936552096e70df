"""The words a metric is declared in: what it is made of, how it adds up, for whom it is and who may see it.

A metric is a Flow, a Stock, a Movement, Manual or Derived, one class each with only its own fields, so that a wrong
aggregation cannot be written. The vocabulary grows by a class, not by a flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.db import models


class Section(StrEnum):
    OPERATIONS = "Operations"
    SERVICE = "Service"
    FINANCIAL = "Financial"
    LEVERAGE = "Leverage"
    SALES = "Sales"
    GENERAL = "General"


class Unit(StrEnum):
    COUNT = "count"
    HOURS = "hours"
    MONEY = "money"
    PERCENT = "percent"  # 0 to 100
    RATE = "rate"  # a plain ratio shown with three decimals


class Access(StrEnum):
    """Who may see a metric. What a person may not see is absent."""

    EVERYONE = "everyone"
    FINANCE = "finance"
    WAGES = "wages"


class Better(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class For(StrEnum):
    COMPANY = "company"
    ORGANIZATION = "organization"


COMPANY_ONLY = frozenset({For.COMPANY})
ALL_SCOPES = frozenset({For.COMPANY, For.ORGANIZATION})


class Across(StrEnum):
    """How the months of a longer period make its value."""

    SUM = "sum"
    MEAN = "mean"
    LAST = "last"


@dataclass(frozen=True, kw_only=True)
class Goal:
    direction: str  # at_least or at_most
    target: str
    warn_at: str = ""


def at_most(target: str, warn_at: str = "") -> Goal:
    return Goal(direction="at_most", target=target, warn_at=warn_at)


def at_least(target: str, warn_at: str = "") -> Goal:
    return Goal(direction="at_least", target=target, warn_at=warn_at)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What every metric says of itself. `meaning` is one plain sentence for the person who reads the number."""

    key: str
    label: str
    section: Section
    unit: Unit
    meaning: str
    version: int = 1
    scopes: frozenset[For] = ALL_SCOPES
    access: Access = Access.EVERYONE
    better: Better = Better.NEITHER
    goal: Goal | None = None
    smart_number: bool = False
    spreadsheet_label: str = ""  # the owner's name for it, matched by imports
    rules: tuple[str, ...] = ()  # the dated settings it reads, named in its basis
    requirement: str = ""  # R numbers


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Rows that are counted: one entity, its own SQL relation, and the plain words for both.

    `sql` is a FROM clause with the entity's table under alias `f`. `entity` names the model whose readings and
    marks rule it; `also` names others whose readings it needs as well (time entries need tickets).
    """

    entity: type[models.Model]
    words: str
    sql: str = ""
    account: str = "f.account_id"  # "" where the facts belong to no account
    also: tuple[type[models.Model], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Flow(Metric):
    """What happened in a month. `value` is an SQL aggregate, `dated` the local-day column it is counted by."""

    facts: Facts
    dated: str
    value: str = "count(*)"
    where: str = ""  # SQL over f, with :rule_name for settings
    where_words: str = ""  # the same in plain words
    across: Across = field(default=Across.SUM, init=False)


@dataclass(frozen=True, kw_only=True)
class Stock(Metric):
    """What stood at the end of a month, read on its last complete listing. A stock is never summed over months."""

    facts: Facts
    value: str = "count(*)"
    where: str = ""
    where_words: str = ""
    across: Across = Across.MEAN

    def __post_init__(self) -> None:
        if self.across is Across.SUM:
            raise ValueError(f"{self.key}: a stock cannot be summed over months")


@dataclass(frozen=True, kw_only=True)
class Movement(Metric):
    """How a stock of amounts moved from one month end to the next, thing by thing (an MRR bridge, C31)."""

    facts: Facts
    thing: str  # the column that names one thing
    value: str  # the amount, an SQL aggregate over one thing's rows
    part: str  # new, lost, expansion or contraction; each zero or more
    across: Across = field(default=Across.SUM, init=False)


@dataclass(frozen=True, kw_only=True)
class Manual(Metric):
    """A number people enter or import, until a system holds it."""

    across: Across = Across.SUM


@dataclass(frozen=True, kw_only=True)
class Derived(Metric):
    """Worked out afresh from its inputs for every period and scope, never averaged.

    The formula knows + - * / and brackets, metric keys, rule names, numbers, `months` (months measured in the
    period) and `months_in_year`. `client_formula` stands in for organizations where it differs.
    `whole` names a metric that may be given in place of the parts (total revenue "unsplit", C36).
    """

    formula: str
    client_formula: str = ""
    undefined: str = "nothing to divide by"  # the reason a person reads when it divides by zero
    given_whole: bool = False  # people may give it for a month in place of its parts; months then add up (C36)

    def formula_for(self, scope: For) -> str:
        return self.client_formula if scope is For.ORGANIZATION and self.client_formula else self.formula


Catalogue = Mapping[str, Metric]
