"""What a mapping file would change, row by row, beside the mapping as it stands. Nothing is saved here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug

from collectors.facts.shapes import EARLIEST
from organizations.exchange.known import (
    Accounts,
    Connections,
    Known,
    Standing,
    Whose,
    Wrong,
    alike,
    load_accounts,
    load_links,
    load_organizations,
)
from organizations.exchange.reading import Row, RowError
from organizations.models import AccountLink

Verdict = AccountLink.Verdict

VERDICTS = {
    "linked": Verdict.LINKED, "new": Verdict.LINKED, "ignored": Verdict.IGNORED, "waiting": Verdict.OPEN,
    "parent": Verdict.OPEN,  # a site that says nothing of its own
}
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
YEARS = range(1900, 2200)
LONGEST_SLUG = 80
Links = Mapping[int, Mapping[date, Standing]]


@dataclass(frozen=True)
class Change:
    """One decision the file would make. `before` and `after` are words; `standing` is the link it supersedes.

    `stays` are later links of the account that the file does not name and that go on as they are.
    """

    row: int
    system: str
    account: Known
    starts_on: date
    verdict: Verdict
    organization: str  # a slug, or empty
    reason: str
    before: str
    after: str
    standing: int | None
    stays: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Nothing was decided for this account from this day on."""
        return self.standing is None

    @property
    def since(self) -> str:
        return _since(self.starts_on)


@dataclass(frozen=True)
class Founding:
    """An organization the file would make; `alike` is the slug of one that goes by that name already."""

    slug: str
    name: str
    alike: str


@dataclass(frozen=True)
class Preview:
    """What a file would do. Where there is an error, nothing of it can be saved."""

    file: str
    changes: tuple[Change, ...]
    founding: tuple[Founding, ...]
    same: int
    errors: tuple[RowError, ...]

    @property
    def changed(self) -> int:
        return sum(1 for change in self.changes if not change.is_new)

    @property
    def new(self) -> int:
        return len(self.changes) - self.changed

    @property
    def mark(self) -> str:
        """The same for two previews that show the same, so that what is confirmed is what was shown."""
        shown = sha256()
        for change in self.changes:
            shown.update(repr((
                change.account.pk, change.starts_on, change.verdict, change.organization, change.reason,
                change.standing, change.before, change.stays,
            )).encode())  # fmt: skip
        shown.update(repr(self.founding).encode())
        return shown.hexdigest()


@dataclass
class _Reader:
    """Goes over the rows once, with everything they speak of at hand."""

    wanted: Mapping[Row, int]
    accounts: Accounts
    links: Links
    organizations: Mapping[str, Whose]
    founding: dict[str, str] = field(default_factory=dict)  # slug: name
    given: dict[tuple[int, date], int] = field(default_factory=dict)  # account and day: the row that says it

    def said(self, row: Row) -> Change | None:
        """What the row would change, or None where things stand so. Raises Wrong."""
        account = self._account(row)
        verdict = self._verdict(row, account)
        day = self._day(row, self.links.get(account.pk, {}))
        if (first := self.given.setdefault((account.pk, day), row.number)) != row.number:
            raise Wrong(f"Row {first} says already whose this account is {_since(day)}. Keep one of the two.")
        organization = self._organization(row, verdict)
        standing = self.links.get(account.pk, {}).get(day)
        if _stands(standing, day, verdict, organization, row.reason.strip()):
            return None
        reason = row.reason.strip()
        before = self._words(account, self._until(account, day), with_reason=standing is not None and bool(reason))
        after = Standing(0, verdict, organization, reason)
        return Change(
            row=row.number, system=row.system, account=account, starts_on=day, verdict=verdict,
            organization=organization, reason=reason, before=before,
            after=self._words(account, after, with_reason=True), standing=standing.link if standing else None, stays=(),
        )

    def later(self, change: Change) -> tuple[str, ...]:
        """The account's links after this one that the file does not name, in words."""
        links = self.links.get(change.account.pk, {})
        return tuple(
            f"{_since(day)} {self._words(change.account, standing)}" for day, standing in links.items()
            if day > change.starts_on and (change.account.pk, day) not in self.given
        )

    def _account(self, row: Row) -> Known:
        for form in (row.account_id, row.account_id.strip()):
            if known := self.accounts.get((self.wanted[row], form)):
                return known
        if not row.account_id.strip():
            raise Wrong("It names no account. Write the id the system gives it.")
        raise Wrong(
            f"{row.system} has no account with the id “{row.account_id[:80]}”. If a spreadsheet has cut zeros off the "
            "ids or rounded them, keep that column as text."
        )

    def _verdict(self, row: Row, account: Known) -> Verdict:
        word = row.verdict.strip().casefold()
        if word not in VERDICTS:
            said = f"“{row.verdict.strip()[:40]}” is no verdict" if word else "It has no verdict"
            raise Wrong(f"{said}. Write linked, ignored, waiting or new; for a site, also parent.")
        if word == "parent" and not account.is_site:
            raise Wrong("Only a site can be with its parent. Write waiting, or whose the account is.")
        return VERDICTS[word]

    def _day(self, row: Row, links: Mapping[date, Standing]) -> date:
        text = row.starts_on.strip()
        if not text:
            return EARLIEST
        try:
            day = date.fromisoformat(text if DAY.fullmatch(text) else "")
        except ValueError:
            raise Wrong(f"“{text[:40]}” is not a day. Write it as 2026-01-31, or blank for the beginning.") from None
        if day not in links and day.year not in YEARS:
            raise Wrong(f"The year of “{text}” cannot be meant. Write the day as 2026-01-31.")
        return day

    def _organization(self, row: Row, verdict: Verdict) -> str:
        slug = row.organization.strip()
        if verdict is not Verdict.LINKED:
            if slug:
                raise Wrong(f"It is {row.verdict.strip()} and names “{slug[:80]}”. Write linked, or clear the name.")
            return ""
        if not slug:
            raise Wrong("It names no organization. Write its slug under “organization”.")
        if row.verdict.strip().casefold() == "new":
            return self._founded(slug, row.organization_name.strip())
        known = self.organizations.get(slug)
        if known is None:
            raise Wrong(
                f"No organization has the slug “{slug[:80]}”. Take the slug from the list of organizations, or write "
                "new as the verdict and its name under “organization_name” to make one."
            )
        if known.into:
            raise Wrong(f"“{slug}” was merged into “{known.into}”. Write {known.into}.")
        return slug

    def _founded(self, slug: str, name: str) -> str:
        """Rows that name the same slug mean the same new organization; once it is made, they mean that one."""
        if not name:
            raise Wrong("A new organization needs a name under “organization_name”.")
        try:
            validate_slug(slug)
        except ValidationError:
            raise Wrong(f"“{slug[:80]}” is no slug. Write small letters, digits and hyphens.") from None
        if len(slug) > LONGEST_SLUG:
            raise Wrong(f"The slug is longer than {LONGEST_SLUG} characters. Write a shorter one.")
        known = self.organizations.get(slug)
        other = known.name if known else self.founding.setdefault(slug, name)
        if other != name or (known and known.into):
            raise Wrong(f"“{slug}” is the slug of “{other}”. Write linked if that is meant, or another slug.")
        return slug

    def _until(self, account: Known, day: date) -> Standing | None:
        """What holds on this day."""
        links = self.links.get(account.pk, {})
        return next((standing for since, standing in reversed(list(links.items())) if since <= day), None)

    def _words(self, account: Known, standing: Standing | None, *, with_reason: bool = False) -> str:
        if standing is None or standing.verdict == Verdict.OPEN:
            return "with its parent" if account.is_site else "waiting"
        words = "ignored"
        if standing.verdict == Verdict.LINKED:
            known = self.organizations.get(standing.organization)
            words = known.name if known else self.founding.get(standing.organization, standing.organization)
        return f"{words} ({standing.reason})" if with_reason and standing.reason else words


def compare(file: str, rows: Sequence[Row], *, hold: bool = False) -> Preview:
    """What these rows would change; with `hold` nobody else decides on their accounts until the transaction ends."""
    connections = Connections.load()
    errors: list[RowError] = []
    wanted: dict[Row, int] = {}
    for row in rows:
        try:
            wanted[row] = connections.find(row)
        except Wrong as wrong:
            errors.append(RowError(row.number, str(wrong)))
    accounts = load_accounts(wanted, hold=hold)
    links = load_links(accounts)
    slugs = {row.organization.strip() for row in wanted}
    slugs |= {standing.organization for days in links.values() for standing in days.values()}
    reader = _Reader(wanted, accounts, links, load_organizations(slugs))
    changes: list[Change] = []
    same = 0
    for row in wanted:
        try:
            change = reader.said(row)
        except Wrong as wrong:
            errors.append(RowError(row.number, str(wrong)))
        else:
            same += change is None
            changes += [change] if change else []
    others = alike(reader.founding)
    return Preview(
        file=file,
        changes=tuple(replace(change, stays=reader.later(change)) for change in changes),
        founding=tuple(Founding(slug, name, others.get(slug, "")) for slug, name in reader.founding.items()),
        same=same, errors=tuple(sorted(errors, key=lambda error: error.row)),
    )


def _stands(standing: Standing | None, day: date, verdict: Verdict, organization: str, reason: str) -> bool:
    """A blank reason asks for no change of the reason; an account nobody decided on waits."""
    if standing is None:
        return verdict is Verdict.OPEN and day == EARLIEST
    same = (standing.verdict, standing.organization) == (verdict, organization)
    return same and reason in ("", standing.reason.strip())


def _since(day: date) -> str:
    return "from the beginning" if day == EARLIEST else f"from {day.isoformat()}"
