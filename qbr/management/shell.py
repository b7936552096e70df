"""Who asks from a shell, and about whom: whoever may run a command on the server may see and enter everything."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from metrics.periods import Month, Quarter, Year, parse
from metrics.reading import COMPANY, ScopeRef
from metrics.reading import client as client_scope
from organizations.models import Organization


def operator() -> User:
    """Stored nowhere: what it enters is signed by nobody, with a note that says where it came from."""
    return User(username="shell", is_active=True, is_superuser=True)


def scope_named(name: str) -> ScopeRef:
    """`company` or nothing for the whole business, else a client's slug. Raises CommandError."""
    if name in ("", "company"):
        return COMPANY
    if not Organization.objects.filter(slug=name, merged_into=None).exists():
        raise CommandError(f"There is no client “{name}”: give its slug, or company.")
    return client_scope(name)


def period_named(name: str) -> Month | Quarter | Year:
    """Raises CommandError with a sentence that says what is expected."""
    try:
        return parse(name)
    except ValueError as problem:
        raise CommandError(str(problem)) from None
