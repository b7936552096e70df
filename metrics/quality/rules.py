"""The rules of data quality, as data: each says what it means, how to mend it, and how its breaches are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from metrics.declare import Access
from metrics.models import Finding
from metrics.quality import sums, systems, values
from metrics.quality.extent import Extent
from metrics.quality.seen import Seen

Severity = Finding.Severity


class Over(StrEnum):
    """What a look of a rule covers, and with it which of its findings may be found to be gone."""

    VALUES = "values"  # the scopes and months looked at
    CLIENTS = "clients"  # the scopes looked at, in no month of their own
    EVERYONE = "everyone"  # the months that are looked at for everyone
    MONTHS = "months"  # the company's months looked at
    SYSTEMS = "systems"  # everything, at every look: it costs little
    ALL = "all"  # everything, once a day and before a close


@dataclass(frozen=True, kw_only=True)
class Rule:
    """`means` and `mend` are for the person who reads a finding."""

    key: str
    label: str
    severity: Finding.Severity
    means: str
    mend: str
    over: Over
    find: Callable[[Extent], Iterable[Seen]]
    measured: bool = False  # only of months that are measured: of one not read whole it says nothing, good or bad
    access: Access = Access.EVERYONE


RULES: Mapping[str, Rule] = {
    rule.key: rule
    for rule in (
        Rule(
            key="negative", label="Below zero", severity=Severity.STOP, over=Over.VALUES, find=values.negatives,
            means="Counts, hours and devices cannot be below zero. Credits in revenue can, and are left alone.",
            mend="Look at the rows behind the number: an entry was booked with the wrong sign, or entered so by hand.",
        ),
        Rule(
            key="parts", label="Parts and whole differ", severity=Severity.STOP, over=Over.EVERYONE, find=sums.parts,
            means="Clients, internal organizations and what is not linked must make the company's number, exactly.",
            mend="Roll up everything again (manage.py rollup --everything). If it stays, it is a fault of ours.",
        ),
        Rule(
            key="quarter", label="Quarter and months differ", severity=Severity.STOP, over=Over.VALUES,
            find=sums.quarters, means="A quarter is its months: added up, averaged, or the last of them.",
            mend="Roll up everything again (manage.py rollup --everything). If it stays, it is a fault of ours.",
        ),
        Rule(
            key="segment", label="Segment and clients differ", severity=Severity.STOP, over=Over.EVERYONE,
            find=sums.segments, means="A segment's number is the sum of its clients'.",
            mend="Roll up everything again (manage.py rollup --everything). If it stays, it is a fault of ours.",
        ),
        Rule(
            key="set_aside", label="Records set aside", severity=Severity.STOP, over=Over.SYSTEMS,
            find=systems.set_aside,
            means="A record that could not be read counts nowhere, so the month it belongs to may be too low.",
            mend="Open the records set aside: each says why. Mend it at the vendor, or have it read again.",
        ),
        Rule(
            key="unmapped", label="Ledger accounts without a category", severity=Severity.STOP, over=Over.SYSTEMS,
            find=sums.unmapped, access=Access.FINANCE,
            means="An amount on a ledger account nobody put in a category is in no line of the results.",
            mend="Give each ledger account its category, in the administration.",
        ),
        Rule(
            key="results", label="Totals given and parts differ", severity=Severity.STOP, over=Over.MONTHS,
            find=sums.results, access=Access.FINANCE,
            means="A total of the results was given whole, and its parts are there too and make something else.",
            mend="Correct the total or the part that is wrong, under Enter numbers.",
        ),
        Rule(
            key="mrr_bridge", label="MRR bridge with a remainder", severity=Severity.STOP, over=Over.MONTHS,
            find=sums.bridge, access=Access.FINANCE,
            means="Opening MRR, new, lost, expansion and contraction must lead to the closing MRR.",
            mend="Look for agreements that changed without being new or lost, or correct what was entered.",
        ),
        Rule(
            key="mrr_twice", label="Agreement MRR and ledger MRR differ", severity=Severity.WATCH, over=Over.MONTHS,
            find=sums.mrr_twice, access=Access.FINANCE,
            means="What agreements bill and what the ledger shows as recurring revenue are the same money.",
            mend="Look for agreements that are not invoiced, and invoices without an agreement.",
        ),
        Rule(
            key="counted_twice", label="Counted by two systems", severity=Severity.STOP, over=Over.ALL,
            find=systems.counted_twice,
            means="Two connections of one kind both count a client, so its devices or tickets may count twice.",
            mend="Say of each connection from and to which day it counts.",
        ),
        Rule(
            key="zero", label="Zero, where there never was one", severity=Severity.WATCH, over=Over.VALUES,
            find=values.zeros, measured=True,
            means="A month is zero after twelve months above it: it may be so, or nothing is read any more.",
            mend="See whether the account still says what it did, and whether it is still linked.",
        ),
        Rule(
            key="missing", label="A month is missing", severity=Severity.WATCH, over=Over.VALUES, find=values.missing,
            means="A month has no number, and months before and after it have one.",
            mend="Read that month again, or enter its number.",
        ),
        Rule(
            key="seats", label="Seats billed and managed differ", severity=Severity.WATCH, over=Over.CLIENTS,
            find=values.seats,
            means="A client pays for more or fewer seats than the RMM has workplaces of it.",
            mend="Correct the agreement's quantity, or find the devices without an agent.",
        ),
        Rule(
            key="future", label="Dated in the future", severity=Severity.WATCH, over=Over.SYSTEMS, find=systems.future,
            means="A ticket opened or time entered more than a day from now counts in a month it does not belong to.",
            mend="Correct the date at the vendor.",
        ),
        Rule(
            key="stale", label="Not read in time", severity=Severity.WATCH, over=Over.SYSTEMS, find=systems.stale,
            means="A system was not read when it should have been, so its numbers are old.",
            mend="Open the connection: it says what is wrong, and reads again at once when asked to.",
        ),
        Rule(
            key="accounts_twice", label="One client twice in a system", severity=Severity.WATCH, over=Over.ALL,
            find=systems.accounts_twice,
            means="Two accounts of one system share what only one client should have.",
            mend="Look at both, and link them to one client or say that they are two.",
        ),
        Rule(
            key="numbers_twice", label="One number twice in a system", severity=Severity.NOTE, over=Over.ALL,
            find=systems.numbers_twice,
            means="Two devices carry one serial number, or two ledger accounts one number. One of them is left over.",
            mend="Remove the one that is left over at the vendor.",
        ),
        Rule(
            key="jump", label="A jump", severity=Severity.NOTE, over=Over.VALUES, find=values.jumps, measured=True,
            means="A month differs from the month before by more than the rules allow (50 percent, unless said).",
            mend="See what changed. If it is so, accept it with the reason.",
        ),
    )
}
