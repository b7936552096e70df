"""Value rows put straight into the tables, for tests of what reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission, User

from metrics.declare import fingerprint
from metrics.definitions import CATALOGUE
from metrics.models import (
    Basis,
    Definition,
    MonthlyValue,
    Origin,
    Period,
    QuarterlyValue,
    Rollup,
    Scope,
    State,
    YearlyValue,
)
from metrics.periods import Span
from metrics.reading import COMPANY, ScopeRef
from organizations.models import Organization

TABLES = {"month": MonthlyValue, "quarter": QuarterlyValue, "year": YearlyValue}
NOON = datetime(2025, 4, 1, 12, tzinfo=UTC)


def store(metric: str, period: Span, value: str | None, scope: ScopeRef = COMPANY, **also: Any) -> None:
    """One stored value, with everything it hangs on."""
    definition, _ = Definition.objects.get_or_create(
        metric=metric, version=also.pop("version", CATALOGUE[metric].version),
        defaults={"fingerprint": fingerprint(CATALOGUE[metric])},
    )
    basis, _ = Basis.objects.get_or_create(definition=definition, fingerprint=f"{metric}-{definition.version}")
    span, _ = Period.objects.get_or_create(grain=period.grain, starts_on=period.starts_on, ends_on=period.ends_on)
    rollup, _ = Rollup.objects.get_or_create(cause="test", defaults={"ended_at": NOON})
    missing = value is None
    TABLES[period.grain].objects.create(
        scope=scope_row(scope), definition=definition, period=span, basis=basis, rollup=rollup,
        value=None if value is None else Decimal(value),
        **{"state": State.NOT_COLLECTED if missing else State.MEASURED, "origin": Origin.COLLECTED} | also,
    )


def scope_row(scope: ScopeRef) -> Scope:
    organization = Organization.objects.get(slug=scope.slug) if scope.slug else None
    return Scope.objects.get_or_create(kind=scope.kind, organization=organization, key=None)[0]


def person(name: str, *permissions: str) -> User:
    user = User.objects.create(username=name, first_name=name.title(), last_name="Example")
    user.user_permissions.set(
        Permission.objects.get(content_type__app_label="metrics", codename=codename) for codename in permissions
    )
    return user
