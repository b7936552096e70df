"""The words a vendor file is written in. A vendor is one `Vendor`: its address, keys and lists; nothing runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from collectors.auth import Auth
    from collectors.facts.shapes import Record as Entity
    from collectors.pagination import Paginate

Record = Mapping[str, Any]  # one record as the vendor sent it

Method = Literal["GET", "POST"]


class Layer(StrEnum):
    """Which kind of system speaks. Two systems that describe the same thing never add up (one layer a metric)."""

    PSA = "psa"
    RMM = "rmm"
    LEDGER = "ledger"
    BACKUP = "backup"
    EDR = "edr"
    TENANT = "tenant"
    CONTROL = "control"  # application control, which lets run only what is allowed
    MARKETPLACE = "marketplace"  # where licences are bought
    CRM = "crm"


@dataclass(frozen=True)
class Convert:
    """How one of our fields is made from a vendor record; `paths` are the vendor's fields it reads.

    `of` takes the values at those paths, None where the vendor left one out, and returns ours; a path in braces names a
    setting of the connection. It raises ValueError with a plain reason where the value cannot be read, which
    quarantines the record.
    """

    paths: tuple[str, ...]
    of: Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One field of the connection form. A secret is stored encrypted and never read back."""

    name: str
    label: str
    help: str = ""
    default: str = ""
    secret: bool = False
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    free: bool = False  # the choices are suggestions and any text will do


@dataclass(frozen=True)
class Since:
    """How a list is asked for what changed: `of(moment)` gives the query parameters, at or after that moment."""

    of: Callable[[datetime], Mapping[str, str]]


@dataclass(frozen=True)
class Fault:
    """What a vendor means by an answer that its status alone does not tell: `wait`, or else a person must act."""

    says: str
    wait: bool = False
    after: float | None = None  # seconds to wait, where the vendor's answer names none and its documents do


@dataclass(frozen=True, kw_only=True)
class Total:
    """How a vendor is asked for the number of a list's records, which tells that some were lost on the way.

    `of` makes the parameters of this question from those of the list; the number is at the dotted path `at`. Without
    a `path` nothing is asked: each page of the list tells it, at `at` in the body or in the header `header`.
    """

    at: str = ""
    path: str = ""
    of: Callable[[Mapping[str, str]], Mapping[str, str]] = dict
    method: Method = "GET"
    header: str = ""
    most: int = 0  # the list is asked for so many records and no more; 0: for all


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A short list that says what an id in a record stands for: who an owner is, what a stage is called.

    It is read whole, once a run. `by` is the dotted path of the id in the record, or in what an earlier lookup found
    for it; `id` is the path in the list.
    """

    path: str
    by: str
    id: str = "id"
    records_at: str = ""
    records: Callable[[Any], Iterable[Record]] | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    paginate: Paginate | None = None  # in place of the vendor's


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One list a vendor serves, and the entity each of its records becomes.

    A field that is a foreign key holds the vendor's own id; loading looks it up. Fields of a thing that stood and
    of its states stand together. `each` asks once for every record of an earlier endpoint, whose raw fields fill
    the `{placeholders}` of `path`; the parent's record is then at "each" in the child's.
    """

    name: str
    path: str
    into: type[Entity]
    fields: Mapping[str, str | Convert]
    records_at: str = ""  # dotted path of the list in the answer; "" where the answer is the list
    method: Method = "GET"  # POST only for documented reads (search, query)
    params: Mapping[str, str] = field(default_factory=dict)
    since: Since | None = None
    each: str | None = None
    together: int = 1  # of `each`: parents that one question names, their fields in its braces with commas between
    keep: Convert | None = None  # whether a record is read at all
    parts: Callable[[Record], Iterable[Record]] | None = None  # each becomes a row: an invoice's lines; pages and
    # totals are of whole records all the same
    latest: bool = False  # of what happened, the last alone: what it names no longer has happened all the same
    ends: str = ""  # of `latest`: the field that gets the moment of the reading that no longer names it
    complete: bool = False  # a full listing every time (of its window, if it has one): what it no longer names retires
    records: Callable[[Any], Iterable[Record]] | None = None  # for an answer that is no list, such as a report
    among: Mapping[str, str] = field(default_factory=dict)  # the rows it speaks for: column, value or {setting}
    window: Callable[[datetime, datetime], Mapping[str, str]] | None = None  # parameters for a span of time (reports)
    span_months: int = 0  # the longest window one request may ask for, in whole months; 0: any
    link: str = ""  # the record's page in the vendor's console, with {placeholders}
    paginate: Paginate | None = None  # in place of the vendor's
    total: Total | None = None  # without one, a list of changes that came back short could not be told from a quiet day
    headers: Mapping[str, str] = field(default_factory=dict)  # templates, which may name {each.field} of the parent
    body: Callable[[Mapping[str, str]], Any] | None = None  # the JSON of a POST, from the parameters; None: these
    in_address: tuple[str, ...] = ()  # of a POST: the parameters that stand in its address and not in its body
    tenant: str = ""  # the field of the parent that says for which tenant of the vendor a token is asked
    optional: bool = False  # where it is refused the run goes on and says so; what was read of it stays, and grows old
    adds: bool = True  # false: it tells more of records that another list adds, and leaves out those not known
    empty_on: tuple[int, ...] = ()  # statuses by which this vendor says that there is nothing to list
    looks_up: Mapping[str, Lookup] = field(default_factory=dict)  # what is found stands at that name in the record
    untold: str = ""  # why records that are lost on the way to us cannot be missed; said on the vendor's page
    kept_days: int = 0  # of what happened: how long the vendor names it; what is older is not gone by silence; 0: ever


@dataclass(frozen=True, kw_only=True)
class Locate:
    """How a vendor is asked for the address of the customer's own zone, before anything else and without a key.

    The answer's address at `at` becomes the setting `zone`; its host must match `host`, a pattern of whole hosts.
    """

    address: str  # template
    at: str
    host: str


@dataclass(frozen=True)
class Unsure:
    """What no document of the vendor settles: the open point, and how we read it."""

    point: str
    reading: str


@dataclass(frozen=True, kw_only=True)
class About:
    """What an admin reads of a vendor beside its form: how to make a key that only reads, and what we leave alone."""

    gives: str  # in a few words, for the list of systems
    key: tuple[str, ...]  # how to make the narrowest read-only key, step by step
    scopes: Mapping[str, str] = field(default_factory=dict)  # each right the key needs, and why
    never: tuple[str, ...] = ()  # what the vendor holds and we never read
    limits: str = ""  # the limits we keep
    writes: str = ""  # a sentence, where no key of this vendor can be made read-only
    not_offered: Mapping[str, str] = field(default_factory=dict)  # entity: why its API has none
    not_read: Mapping[str, str] = field(default_factory=dict)  # entity: why we leave it
    unsure: tuple[Unsure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Consent:
    """A person's consent by authorization code. The callback's parameters named in `keeps` become settings."""

    authorize: str  # address template
    scope: str
    keeps: Mapping[str, str] = field(default_factory=dict)  # setting: callback parameter


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """One vendor. Texts in braces are filled from the connection's settings and secrets."""

    slug: str
    label: str
    layer: Layer
    base_url: str
    auth: Auth
    paginate: Paginate
    test: str  # a path, with its query, that proves the key works
    settings: tuple[Setting, ...]
    endpoints: tuple[Endpoint, ...]
    pace: float = 5.0  # requests a second at the most
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)  # sent with every request for data
    test_shows: str = ""  # dotted path in the test's answer worth showing: a version, a company's name
    blank_is_empty: bool = False  # an empty body is an empty list, not a lost one
    consent: Consent | None = None
    errors: Callable[[int, Any], Fault | None] | None = None  # finds the fault hidden in an answer, by status and body
    console: str = ""  # the address of the vendor's own console, for links
    advice: str = ""  # where an admin finds the narrowest read-only key
    about: About | None = None
    locate: Locate | None = None
