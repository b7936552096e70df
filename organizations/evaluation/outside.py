"""Labelled accounts from a CSV, so that matching can be tried on companies nobody here made up."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from collectors.convert import registrable
from collectors.sandbox.labelled import FOUNDING, LabelledAccount

NEEDED = ("system", "id", "name", "domain", "client")
OPTIONAL = ("phone", "address", "tenant_id", "psa_id", "serials")
FOUNDS = ("psa", FOUNDING)  # what the system may be called that clients come from
LONGEST = 500


class BadRow(ValueError):
    """The message names the row and what is wrong with it."""


def from_csv(lines: Iterable[str]) -> list[LabelledAccount]:
    """The accounts in a CSV with a header. Raises BadRow; nothing of a file with an error is used.

    `client` is any label that the accounts of one client share, empty where there is none; `domain` may name several,
    and so may `serials`, parted by spaces. The system "psa" holds the companies that found clients.
    """
    rows = csv.DictReader(lines, restkey="", strict=True)
    try:
        _check_header(rows.fieldnames or ())
        accounts = [_account(number, row) for number, row in _numbered(rows)]
    except csv.Error as problem:
        raise BadRow(f"Row {rows.reader.line_num}: this is not CSV ({problem}).") from None
    if not any(one.system == FOUNDING for one in accounts):
        raise BadRow("No row has the system “psa”, so there are no clients to link anything to.")
    _check_once(accounts)
    return accounts


def _check_header(names: Iterable[str]) -> None:
    found = list(names)
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise BadRow(f"Row 1: the header lacks {', '.join(missing)}. It needs {', '.join(NEEDED)};"
                     f" {', '.join(OPTIONAL)} may stand beside them.")
    if unknown := [name for name in found if name not in (*NEEDED, *OPTIONAL)]:
        raise BadRow(f"Row 1: the header has {', '.join(map(repr, unknown))}, which says nothing here.")
    if len(set(found)) < len(found):
        raise BadRow("Row 1: the header has a column twice.")


def _numbered(rows: csv.DictReader[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for row in rows:
        if "" in row:
            raise BadRow(f"Row {rows.line_num}: more cells than the header has.")
        if None in row.values():
            raise BadRow(f"Row {rows.line_num}: fewer cells than the header has.")
        if any(len(cell) > LONGEST for cell in row.values()):
            raise BadRow(f"Row {rows.line_num}: a cell has more than {LONGEST} characters.")
        yield rows.line_num, {name: cell.strip() for name, cell in row.items()}


def _account(number: int, row: Mapping[str, str]) -> LabelledAccount:
    if empty := [name for name in ("system", "id", "name") if not row[name]]:
        raise BadRow(f"Row {number}: no {' and no '.join(empty)}.")
    system = FOUNDING if row["system"].casefold() in FOUNDS else row["system"].casefold()
    tenant, psa_id = row.get("tenant_id", ""), row.get("psa_id", "")
    said = {
        "domains": [domain for text in row["domain"].split() if (domain := registrable(text))],
        "ids": {FOUNDING: psa_id} if psa_id else {},
        "tenant_id": tenant,
        "phones": [phone] if (phone := row.get("phone", "")) else [],
        "addresses": [address] if (address := row.get("address", "")) else [],
        "types": ["Client"] if system == FOUNDING else [],
    }
    return LabelledAccount(
        system, row["id"], row["name"], {word: value for word, value in said.items() if value},
        tuple(row.get("serials", "").split()), row["client"] or None,
    )


def _check_once(accounts: list[LabelledAccount]) -> None:
    seen: set[tuple[str, str]] = set()
    for one in accounts:
        if (one.system, one.external_id) in seen:
            raise BadRow(f"The id {one.external_id} stands twice in the system {one.system}.")
        seen.add((one.system, one.external_id))
