"""The query language: SELECT, FROM, WHERE with AND only, ORDERBY, STARTPOSITION and MAXRESULTS."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from collectors.sandbox.exchange import Refusal, Row

ENTITIES = {
    "Customer": {"Id", "DisplayName", "CompanyName", "FullyQualifiedName", "Active", "Job", "IsProject", "Level",
                 "ParentRef", "Balance", "BalanceWithJobs", "PrimaryEmailAddr", "WebAddr", "SyncToken"},
    "Account": {"Id", "Name", "FullyQualifiedName", "AcctNum", "Active", "SubAccount", "ParentRef",
                "Classification", "AccountType", "AccountSubType", "CurrentBalance"},
    "Employee": {"Id", "DisplayName", "Active", "CostRate"},
    "Invoice": {"Id", "DocNumber", "TxnDate", "DueDate", "CustomerRef", "TotalAmt", "Balance"},
    "CreditMemo": {"Id", "DocNumber", "TxnDate", "CustomerRef", "TotalAmt", "Balance"},
    "SalesReceipt": {"Id", "DocNumber", "TxnDate", "CustomerRef", "TotalAmt", "Balance"},
    "CompanyInfo": {"Id", "CompanyName"},
    "Preferences": {"Id"},
}  # fmt: skip
TIMES = {"MetaData.LastUpdatedTime", "MetaData.CreateTime"}
LISTS = {"Customer", "Account", "Employee"}
MAX_RESULTS = 1000
_STATEMENT = re.compile(
    r"^\s*select\s+(?P<what>\*|count\(\*\)|[\w.]+(?:\s*,\s*[\w.]+)*)\s+from\s+(?P<entity>\w+)"
    r"(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+order\s*by\s+(?P<order>[\w.]+)(?:\s+(?P<way>asc|desc))?)?"
    r"(?:\s+startposition\s+(?P<start>-?\d+))?(?:\s+maxresults\s+(?P<max>-?\d+))?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_VALUE = r"'(?:[^'\\]|\\.)*'|true|false|-?\d+(?:\.\d+)?"
_CLAUSE = re.compile(
    rf"\s*(?P<name>[\w.]+)\s*(?:(?P<sign><=|>=|=|<|>)\s*(?P<value>{_VALUE})"
    rf"|(?P<like>like)\s+(?P<pattern>'(?:[^'\\]|\\.)*')|in\s*\((?P<values>\s*(?:{_VALUE})"
    rf"(?:\s*,\s*(?:{_VALUE}))*\s*)\))\s*(?P<and>and\b|$)",
    re.IGNORECASE,
)


@dataclass
class Statement:
    entity: str
    count: bool
    fields: list[str] | None
    tests: list[Callable[[Row], bool]]
    order: str | None
    backwards: bool
    start: int
    size: int
    named: set[str] = field(default_factory=set)

    def select(self, rows: list[Row]) -> list[Row]:
        found = [row for row in rows if all(test(row) for test in self.tests)]
        if self.entity in LISTS and "Active" not in self.named:
            found = [row for row in found if row["Active"]]
        if self.order is not None:
            order = self.order
            found.sort(key=lambda row: _key(_value(row, order)), reverse=self.backwards)
        return found


def parse(text: str) -> Statement:
    match = _STATEMENT.match(text)
    if match is None:
        raise invalid(f"cannot parse: {text[:80]}")
    entity = match["entity"]
    if entity not in ENTITIES:
        raise invalid(f"{entity} is not an entity that is served")
    what, start, size = match["what"], int(match["start"] or 1), int(match["max"] or 100)
    if start < 1 or not 1 <= size <= MAX_RESULTS:
        raise invalid("STARTPOSITION counts from 1, MAXRESULTS goes to 1000")
    statement = Statement(
        entity, what.lower().startswith("count"), None if what == "*" else _names(what, entity), [],
        match["order"], (match["way"] or "").lower() == "desc", start, size,
    )  # fmt: skip
    if statement.order is not None:
        _known(statement.order, entity)
    _where(match["where"] or "", statement)
    return statement


def _names(what: str, entity: str) -> list[str] | None:
    if what.lower().startswith("count"):
        return None
    names = [name.strip() for name in what.split(",")]
    for name in names:
        if name != "MetaData":
            _known(name, entity)
    return names


def _where(text: str, statement: Statement) -> None:
    place = 0
    while place < len(text):
        match = _CLAUSE.match(text, place)
        if match is None:
            raise invalid(f"cannot parse the condition at: {text[place : place + 40]}")
        name = match["name"]
        _known(name, statement.entity)
        statement.named.add(name)
        statement.tests.append(_test(name, match))
        place = match.end()
        if match["and"] and place >= len(text):
            raise invalid("the condition ends with AND")


def _test(name: str, match: re.Match[str]) -> Callable[[Row], bool]:
    if match["like"]:
        pattern = re.escape(str(_literal(name, match["pattern"]))).replace("%", ".*")
        return lambda row: re.match(f"^{pattern}$", str(_value(row, name) or ""), re.IGNORECASE) is not None
    if match["values"]:
        values = [_literal(name, value) for value in re.findall(_VALUE, match["values"], re.IGNORECASE)]
        return lambda row: _value(row, name) in values
    sign, wanted = match["sign"], _literal(name, match["value"])
    return lambda row: _holds(_value(row, name), sign, wanted)


def _holds(found: object, sign: str, wanted: object) -> bool:
    if found is None or type(found) is not type(wanted):
        return False
    same, less = found == wanted, bool(found < wanted)  # type: ignore[operator]
    return {"=": same, "<": less, "<=": less or same, ">": not (less or same), ">=": not less}[sign]


def _literal(name: str, text: str) -> object:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if not text.startswith("'"):
        return float(text)
    plain = re.sub(r"\\(.)", r"\1", text[1:-1])
    return _moment(plain) if name in TIMES else plain


def _value(row: Row, name: str) -> object:
    if name in TIMES:
        return _moment(str(row["MetaData"][name.split(".")[1]]))  # type: ignore[index]
    value = row.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{text} is not a date") from None
    return moment.timestamp() if moment.tzinfo else datetime.fromisoformat(f"{text}T00:00:00-08:00").timestamp()


def _key(value: object) -> tuple[bool, object]:
    """Ids sort as numbers although they are text."""
    return (value is not None, int(value) if isinstance(value, str) and value.isdigit() else value)


def _known(name: str, entity: str) -> None:
    if name not in ENTITIES[entity] and name not in TIMES:
        raise invalid(f"property {name} is not found for {entity}")


def invalid(why: str) -> Refusal:
    return Refusal(400, f"QueryValidationError: {why}", "4001")
