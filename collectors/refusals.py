"""Lists that a vendor refuses while it gives the others: kept, told to people, and forgotten once they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from collectors.connections import Connection
from collectors.declare import Endpoint
from collectors.facts.accounts import Account
from collectors.facts.readings import Refusal

SHOWN = 3  # of those refused, by name


def keep(
    source: Connection, endpoint: Endpoint, refused: Mapping[str, str], parent: Endpoint | None, at: datetime
) -> None:
    """Make what is kept of one list what this reading found, by the parent's external id.

    What is new is refused since `at`; of what was refused before, since when stays.

    What was refused of the list of its parents is refused here too: nobody could be asked for.
    """
    accounts: dict[str, int] = {}
    if parent is not None and parent.into is Account:
        known = Account.objects.filter(connection=source, external_id__in=list(refused))
        accounts = dict(known.values_list("external_id", "pk"))
    says: dict[int | None, str] = {}
    if parent is not None:
        above = Refusal.objects.filter(connection=source, endpoint=parent.name)
        says = dict(above.values_list("account_id", "says"))
    says |= {accounts.get(key): words for key, words in refused.items()}
    before = Refusal.objects.filter(connection=source, endpoint=endpoint.name)
    before.exclude(pk__in=[row.pk for row in before if row.account_id in says]).delete()
    Refusal.objects.bulk_create(
        [
            Refusal(
                connection=source, endpoint=endpoint.name, entity=endpoint.into.__name__, account_id=account,
                says=words, since=at,
            )
            for account, words in says.items()
        ],
        update_conflicts=True, unique_fields=["connection", "endpoint", "account"], update_fields=["says"],
    )  # fmt: skip


def missed(source: Connection, endpoint: Endpoint) -> set[str]:
    """The parents whose list was refused when it was last asked for. Where none is told, the list never moved on."""
    rows = Refusal.objects.filter(connection=source, endpoint=endpoint.name, account__isnull=False)
    return set(rows.values_list("account__external_id", flat=True))


def whole_lists(source: Connection, names: Sequence[str]) -> bool:
    """Whether any of these lists is refused altogether."""
    return Refusal.objects.filter(connection=source, endpoint__in=names, account=None).exists()


def told(source: Connection) -> str:
    """A sentence for the admin on what is refused while the rest is read; empty where nothing is."""
    rows = list(Refusal.objects.filter(connection=source).select_related("account").order_by("since", "pk"))
    if not rows:
        return ""
    first = [f"{row.endpoint} of {row.account}" if row.account else row.endpoint for row in rows[:SHOWN]]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"Read, but not {', '.join(first)}{more}: {rows[0].says}"
