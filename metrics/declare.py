"""The words a metric is declared in: what it is made of, how it adds up, for whom it is and who may see it.

A metric is a Flow, a Stock, a Standing, a Movement, an Opening, Manual or Derived, one class each with only its own
fields, so that a wrong aggregation cannot be written. The vocabulary grows by a class, not by a flag.

SQL in a declaration speaks of one fact row under alias `f`. `{day}` stands for the day the row is counted by and
`:rule_name` for a dated setting as it is in force at the end of the row's month.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from django.db import models

from collectors.declare import Layer


class Section(StrEnum):
    OPERATIONS = "Operations"
    SECURITY = "Security"
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
    SEGMENT = "segment"  # clients together: it has what clients have, by their formulas


COMPANY_ONLY = frozenset({For.COMPANY})
ALL_SCOPES = frozenset({For.COMPANY, For.ORGANIZATION})


class Across(StrEnum):
    """How the months of a longer period make its value."""

    SUM = "sum"
    MEAN = "mean"
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, kw_only=True)
class Glide:
    """The straight way to a target: from what, from which day on, and on which day it is reached."""

    starts_at: str
    from_on: date
    reached_on: date


@dataclass(frozen=True, kw_only=True)
class Goal:
    direction: str  # at_least, at_most or band
    target: str  # of a band the floor
    warn_at: str = ""
    ceiling: str = ""  # of a band alone
    glide: Glide | None = None  # None: the target holds from the first day on


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
    since: date | None = None  # of a later version: the day it was declared
    note: str = ""  # of a later version: a sentence that says what it does otherwise
    scopes: frozenset[For] = ALL_SCOPES
    access: Access = Access.EVERYONE
    better: Better = Better.NEITHER
    goal: Goal | None = None
    smart_number: bool = False
    spreadsheet_label: str = ""  # the owner's name for it, matched by imports
    rules: tuple[str, ...] = ()  # the dated settings it reads, named in its basis
    base: str = ""  # what a share of it is a share of, where its facts' own word does not say
    requirement: str = ""  # R numbers

    def is_for(self, scope: For) -> bool:
        return (For.ORGANIZATION if scope is For.SEGMENT else scope) in self.scopes


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Rows that are counted: one entity, its own SQL relation, and the plain words for both.

    `sql` is a FROM clause with the counted rows under alias `f`, `keep` what every row of it must meet. `entity` names
    the model whose readings rule it; `also` names others whose readings it needs as well (time entries need tickets).
    `through` names what happened that a stock looks back at: a listing counts once that is read through its day.
    `unsettled` is an SQL aggregate of an amount that people have not decided on: while it is not zero, the month is
    incomplete and says `unsettled_words`.
    """

    name: str
    entity: type[models.Model]
    layer: Layer  # the kind of system that holds them
    words: str
    sql: str
    base: str = ""  # what they are counted in, as in “98.4% of hours resolved”
    keep: str = ""
    account: str = "f.account_id"  # "" where the facts belong to no account: such metrics are the company's alone
    connection: str = "f.connection_id"
    row: str = "f.id"  # a number that names one row, for checksums
    also: tuple[type[models.Model], ...] = ()
    through: tuple[type[models.Model], ...] = ()
    beside: tuple[type[models.Model], ...] = ()  # whose rows `sql` reads too, though their readings do not rule it
    internal: bool = True  # whether the MSP's own records are among them
    told_apart: bool = False  # by lists that only tell more of them: where one is refused, what was told grows old
    unsettled: str = ""
    unsettled_words: str = ""


@dataclass(frozen=True, kw_only=True)
class Flow(Metric):
    """What happened in a month. `value` is an SQL aggregate, `dated` the local-day column it is counted by.

    The aggregate is a count or a sum, so that clients add up to the company.
    """

    facts: Facts
    dated: str
    value: str = "count(*)"
    where: str = ""  # SQL over f
    where_words: str = ""  # the same in plain words
    across: Across = field(default=Across.SUM, init=False)


@dataclass(frozen=True, kw_only=True)
class Told(Flow):
    """A Flow over what not every vendor tells: where there are rows `among` and none is `told`, there is no number."""

    among: str  # SQL over f: the rows of which it could be told
    told: str  # SQL over f: those of them of which it is


@dataclass(frozen=True, kw_only=True)
class Present(Flow):
    """How many different things a month's rows name. A longer period has the mean of its months, not their sum."""

    across: Across = field(default=Across.MEAN, init=False)


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
class ToldStock(Stock):
    """A Stock of what not every vendor tells: where rows stand `among` and none is `told`, there is no number."""

    among: str  # SQL over f: the rows of which it could be told
    told: str  # SQL over f: those of them of which it is


@dataclass(frozen=True, kw_only=True)
class Standing(Metric):
    """How many things that happen stood open at the end of a month, told by the days they began and ended.

    `until` is SQL for the day it ended, NULL while it has not.
    """

    facts: Facts
    began: str
    until: str
    where: str = ""
    where_words: str = ""
    across: Across = field(default=Across.LAST, init=False)


@dataclass(frozen=True, kw_only=True)
class ToldStanding(Standing):
    """A Standing of an amount that not every vendor tells: where things stand `among` and none is `told`, no number."""

    value: str  # an SQL sum
    among: str  # SQL over f: the things of which it could be told
    told: str  # SQL over f: those of them of which it is


class Part(StrEnum):
    """What became of one thing's amount between two month ends; each is zero or more."""

    NEW = "new"
    LOST = "lost"
    EXPANSION = "expansion"
    CONTRACTION = "contraction"


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """A stock of amounts followed from one month end to the next, thing by thing (C31)."""

    facts: Facts
    thing: str  # the column that names one thing
    amount: str  # an SQL sum over one thing's rows
    where: str = ""
    where_words: str = ""


@dataclass(frozen=True, kw_only=True)
class Movement(Metric):
    """One part of how a stock of amounts moved in a month; the parts lead from one month end to the next."""

    bridge: Bridge
    part: Part
    across: Across = field(default=Across.SUM, init=False)


@dataclass(frozen=True, kw_only=True)
class Opening(Metric):
    """The stock of amounts a period begins with: as it stood at the end of the month before."""

    bridge: Bridge
    across: Across = field(default=Across.FIRST, init=False)


@dataclass(frozen=True, kw_only=True)
class Manual(Metric):
    """A number people enter or import, until a system holds it."""

    across: Across = Across.SUM


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One factor of a number that is a product: what it is, and the words for a period that had more or less of it."""

    label: str
    formula: str
    more: str
    fewer: str


@dataclass(frozen=True, kw_only=True)
class Derived(Metric):
    """Worked out afresh from its inputs for every period and scope, never averaged.

    The formula knows + - * / and brackets, metric keys, rule names, numbers, `months` (months measured in the
    period) and `months_in_year`. `client_formula` stands in for organizations and segments where it differs.
    `factors` multiply to `formula` and say why it moved; without them its inputs do.
    """

    formula: str
    client_formula: str = ""
    factors: tuple[Factor, ...] = ()
    undefined: str = "nothing to divide by"  # the reason a person reads when it divides by zero
    given_whole: ClassVar[bool] = False  # whether people may give it for a month in place of its parts

    def formula_for(self, scope: For) -> str:
        return self.client_formula if scope is not For.COMPANY and self.client_formula else self.formula


@dataclass(frozen=True, kw_only=True)
class Total(Derived):
    """A sum of money that people may give whole for a month in place of its parts ("unsplit", C36).

    Because a month may have no parts, a longer period adds its months and never its parts.
    """

    given_whole: ClassVar[bool] = True
    across: Across = field(default=Across.SUM, init=False)


@dataclass(frozen=True, kw_only=True)
class Median(Derived):
    """The middle of what each row of a flow tells, from the rows of the whole period: medians do not add up.

    Its state is that of the flow in the same period and scope; where the flow counts nothing it is undefined. `each` is
    SQL over one row, to four places at most, so that the middle of two is exact; NULL leaves a row out.
    """

    of: Flow
    each: str
    each_words: str
    formula: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "formula", f"{self.of.key} / {self.of.key}")  # undefined where nothing is counted


MayBeUntold = Told | ToldStock | ToldStanding
Measured = Flow | Stock | Standing | Movement | Opening  # what facts are read for
Catalogue = Mapping[str, Metric]


def facts_of(metric: Metric) -> Facts | None:
    """The facts a metric counts, None where people give it or it is worked out from others."""
    match metric:
        case Flow(facts=facts) | Stock(facts=facts) | Standing(facts=facts):
            return facts
        case Movement(bridge=bridge) | Opening(bridge=bridge):
            return bridge.facts
    return None


WORDING = frozenset({
    "label", "section", "unit", "meaning", "access", "better", "goal", "smart_number", "spreadsheet_label",
    "requirement", "where_words", "words", "undefined", "unsettled_words", "scopes", "base", "layer",
    "factors", "since", "note", "told_apart", "beside", "each_words",
})  # what may change without a new version: how a metric is shown, not what it counts


def fingerprint(metric: Metric) -> str:
    """What a metric counts and how it adds up, in short: it changes with the meaning and not with the wording."""
    text = json.dumps([type(metric).__name__, _meaning(metric)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _meaning(part: Any) -> Any:
    match part:
        case Metric() | Facts() | Bridge():
            return {
                item.name: _meaning(getattr(part, item.name)) for item in fields(part) if item.name not in WORDING
            }
        case type():
            return part.__name__
        case tuple():
            return [_meaning(item) for item in part]
    if isinstance(part, str):
        return " ".join(part.split())  # line breaks in SQL mean nothing
    return part if part is None or isinstance(part, int) else str(part)
