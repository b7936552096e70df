"""A mapping file into links: shown first, then saved as it was shown, or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, connection, transaction

from collectors.connections import Connection
from collectors.declare import Layer
from collectors.facts.accounts import Account
from collectors.systems import system
from organizations import linking
from organizations.exchange.comparing import Change, Preview, compare
from organizations.exchange.reading import Unusable, read
from organizations.founding import learn_domains
from organizations.linking import Decision, decide
from organizations.models import AccountLink, Organization

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MANY = 1_000  # new links after which what the database knows of their table no longer plans well


class Moved(Exception):
    """The mapping is no longer what the preview compared the file with; the message says it to a person."""


@dataclass(frozen=True)
class Saved:
    """What was saved; `links` is empty where everything stood so already."""

    preview: Preview
    links: tuple[AccountLink, ...]


def preview(name: str, content: bytes, *, hold: bool = False) -> Preview:
    """Reads a file and saves nothing. Raises Unusable."""
    rows, errors = read(name, content)
    compared = compare(name, rows, hold=hold)
    if not errors:
        return compared
    errors = sorted([*compared.errors, *errors], key=lambda error: error.row)
    return Preview(name, compared.changes, compared.founding, compared.same, tuple(errors))


@transaction.atomic
def commit(name: str, content: bytes, by: User | None, shown: str = "") -> Saved:
    """Save all of a file, or nothing.

    With `shown`, the mark of the preview that was confirmed, raises Moved where the file would do anything else now.
    Raises Unusable where a row is wrong.
    """
    now = preview(name, content, hold=True)
    if now.errors:
        raise Unusable(f"{now.errors[0]} Nothing was saved.")
    if shown and now.mark != shown:
        raise Moved("The mapping has changed since this was shown. Nothing was saved. Look at it again.")
    if not now.changes:
        return Saved(now, ())
    organizations = _organizations(now)
    links = decide([_decision(change, name, organizations, by) for change in now.changes], by)
    _learn(now.changes, organizations)
    return Saved(now, tuple(links))


def undo(moment: datetime, by: User) -> int:
    """Take back the whole file that this person saved at this moment; how many decisions that were.

    The organizations it made stay, with nothing in them. Raises Superseded where somebody has decided again since.
    """
    method = AccountLink.Method.IMPORT
    links = list(AccountLink.objects.filter(method=method, decided_at=moment, decided_by=by))
    linking.undo(links, by)
    return len(links)


def _organizations(now: Preview) -> dict[str, Organization]:
    """Every organization the changes name, by slug, the new ones made."""
    try:
        with transaction.atomic():
            Organization.objects.bulk_create([Organization(slug=new.slug, name=new.name) for new in now.founding])
    except IntegrityError:
        raise Moved("Somebody has made one of the new organizations just now. Nothing was saved. Look again.") from None
    return Organization.objects.in_bulk({change.organization for change in now.changes}, field_name="slug")


def _decision(change: Change, name: str, organizations: dict[str, Organization], by: User | None) -> Decision:
    organization = organizations.get(change.organization)
    return Decision(
        account=change.account.pk, verdict=change.verdict, organization=organization.pk if organization else None,
        method=AccountLink.Method.IMPORT, reason=change.reason, starts_on=change.starts_on,
        evidence={"import": name, "row": change.row, "by": by.get_username() if by else "a command"},
    )


def _learn(changes: tuple[Change, ...], organizations: dict[str, Organization]) -> None:
    """A PSA company brings its domains along, as it does when a person links it."""
    if len(changes) > MANY:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE account_link, organization")
    linked = {change.account.pk: organizations[change.organization] for change in changes if change.organization}
    psa = [each.pk for each in Connection.objects.all() if system(each.vendor).layer is Layer.PSA]
    companies = Account.objects.filter(pk__in=linked, connection__in=psa).select_related("connection")
    learn_domains({company: linked[company.pk] for company in companies})
