"""What a person says of each change of organizations, and what it then does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet

from collectors.facts.accounts import Account
from collectors.facts.shapes import EARLIEST
from collectors.systems import system
from organizations import changes
from organizations.admin.words import named
from organizations.beside import owned_by
from organizations.models import Organization, OrganizationChange

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Kind = OrganizationChange.Kind
FOUND = 12  # organizations offered for what was typed
EVER, DAY = "ever", "day"


def search(typed: str, but: Organization | None = None) -> QuerySet[Organization]:
    """Organizations that stand, by name, slug or domain; one that begins like that first."""
    standing = Organization.objects.filter(merged_into=None)
    if but is not None:
        standing = standing.exclude(pk=but.pk)
    like = Q(name__icontains=typed) | Q(slug__icontains=typed) | Q(domains__name__icontains=typed)
    return standing.filter(like).distinct().order_by("name", "pk")


def written(organization: Organization) -> str:
    """How an organization is typed in without doubt: its name and, in brackets, its slug."""
    return f"{organization.name[:120]} ({organization.slug})"


def meant(typed: str, but: Organization) -> list[Organization]:
    """The one organization that is meant, or those it might be."""
    standing = Organization.objects.filter(merged_into=None).exclude(pk=but.pk)
    in_brackets = re.search(r"\(([^()\s]+)\)$", typed)
    for exact in ({"slug": in_brackets[1]} if in_brackets else {}, {"slug": typed}, {"name__iexact": typed}):
        if exact and (found := list(standing.filter(**exact)[:FOUND])):
            return found
    return list(search(typed, but)[:FOUND])


class ChangeForm(forms.Form):
    """From which day and why; a subclass adds what is changed. `organization` is the one it begins from."""

    candidates: tuple[Organization, ...] = ()  # of whom one must be chosen, where what was typed fits several
    last: ClassVar = ("when", "starts_on", "reason")

    when = forms.ChoiceField(
        label="From which day", choices=[(EVER, "From the beginning"), (DAY, "From a day on")], initial=EVER,
        widget=forms.RadioSelect,
    )
    starts_on = forms.DateField(required=False, label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        max_length=2000, widget=forms.Textarea(attrs={"rows": 2}), help_text="It stands in the history.",
    )

    def __init__(self, organization: Organization, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organization, self.today = organization, today
        self.order_fields([name for name in self.fields if name not in self.last] + list(self.last))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        when, day = cleaned.get("when"), cleaned.get("starts_on")
        if when == DAY and day is None and "starts_on" not in self.errors:
            self.add_error("starts_on", "Give the day, or choose “From the beginning”.")
        if when == EVER and day is not None:
            self.add_error("starts_on", "Choose “From a day on”, or leave the day empty.")
        cleaned["from_on"] = day if when == DAY else EARLIEST
        return cleaned

    def clean_other(self) -> Organization | None:
        """What was typed, or what was chosen among those that it fits."""
        typed = self.cleaned_data["other"].strip()
        if not typed:
            return None
        if self.data.get("chosen") and self.data.get("chosen_for") == typed:
            typed = str(self.data["chosen"])
        found = meant(typed, self.organization)
        if len(found) == 1:
            return found[0]
        self.candidates = tuple(found)
        raise forms.ValidationError(
            "Several organizations fit. Choose one." if found else "No other organization fits that."
        )

    def as_hidden(self) -> list[tuple[str, str]]:
        """What was said, for the page that asks to confirm it; an organization by its slug, which fits one only."""
        said = []
        for name in self.fields:
            for value in self.data.getlist(name) if hasattr(self.data, "getlist") else [self.data.get(name, "")]:
                other = self.cleaned_data.get("other") if name == "other" else None
                said.append((name, written(other) if other else value))
        return said


def other(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    """An organization, typed and found by name; scripts offer those that fit while it is typed."""
    words = help_text or "Part of its name, its slug or its domain."
    return forms.CharField(
        label=label, required=required, max_length=300, help_text=words,
        widget=forms.TextInput(attrs={"list": "found", "autocomplete": "off", "data-find": ""}),
    )


def account_choices(organization: Organization, today: date) -> list[tuple[str, str]]:
    return [(str(account.pk), _account_label(account)) for account in owned_by(organization, today)]


def _account_label(account: Account) -> str:
    site = ", a site" if account.kind == Account.Kind.SITE else ""
    gone = ", gone" if account.retired_on else ""
    where = system(account.connection.vendor).label
    return f"{named(account.name)} in {where}, id {account.external_id[:60]}{site}{gone}"


class OfAccounts(ChangeForm):
    """The accounts that are the organization's today, to choose from."""

    accounts_field: ClassVar[str]

    def __init__(self, organization: Organization, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(organization, today, *args, **kwargs)
        field = self.fields[self.accounts_field]
        assert isinstance(field, forms.ChoiceField)
        field.choices = account_choices(organization, today)


class MergeForm(ChangeForm):
    other = other("Into which organization")


class SplitForm(OfAccounts):
    accounts_field = "accounts"
    accounts = forms.MultipleChoiceField(
        label="Accounts that go", widget=forms.CheckboxSelectMultiple, help_text="Sites go along with their account.",
    )
    name = forms.CharField(label="Name of the new organization", max_length=200)
    subsidiary = forms.BooleanField(required=False, label="It is a subsidiary of this one")


class MoveForm(OfAccounts):
    accounts_field = "account"
    account = forms.ChoiceField(
        label="Account", widget=forms.RadioSelect, help_text="Its sites go along.",
    )
    other = other("To which organization")


class ParentForm(ChangeForm):
    other = other("Parent", required=False, help_text="Part of its name, its slug or its domain. Empty: no parent.")


class RenameForm(ChangeForm):
    name = forms.CharField(label="New name", max_length=200)


class FormerForm(ChangeForm):
    """The last day is asked for: people know that one, and it begins the day after."""

    last_on = forms.DateField(label="Last day as a client", widget=forms.DateInput(attrs={"type": "date"}))
    when = starts_on = None  # type: ignore[assignment]

    def clean(self) -> dict[str, Any]:
        cleaned = forms.Form.clean(self) or {}
        if last := cleaned.get("last_on"):
            cleaned["from_on"] = min(last, date.max - timedelta(days=1)) + timedelta(days=1)
        return cleaned


@dataclass(frozen=True)
class Screen:
    """One kind of change. `act` does it for an organization with the form's cleaned answers."""

    kind: Kind
    title: str
    help: str
    form: type[ChangeForm]
    act: Callable[[Organization, dict[str, Any], User], OrganizationChange]
    leaves: bool = False  # whether numbers and goals that people gave stay behind


def _given(answers: dict[str, Any]) -> dict[str, Any]:
    return {"reason": answers["reason"], "starts_on": answers["from_on"]}


def _merge(organization: Organization, answers: dict[str, Any], by: User) -> OrganizationChange:
    return changes.merge(organization, answers["other"], by, **_given(answers))


def _split(organization: Organization, answers: dict[str, Any], by: User) -> OrganizationChange:
    accounts = list(Account.objects.filter(pk__in=answers["accounts"]))
    parent = organization if answers["subsidiary"] else None
    return changes.split(organization, accounts, answers["name"], by, parent=parent, **_given(answers))


def _move(organization: Organization, answers: dict[str, Any], by: User) -> OrganizationChange:
    return changes.move(Account.objects.get(pk=answers["account"]), answers["other"], by, **_given(answers))


def _set_parent(organization: Organization, answers: dict[str, Any], by: User) -> OrganizationChange:
    return changes.set_parent(organization, answers["other"], by, **_given(answers))


def _rename(organization: Organization, answers: dict[str, Any], by: User) -> OrganizationChange:
    return changes.rename(organization, answers["name"], by, **_given(answers))


def _make_former(organization: Organization, answers: dict[str, Any], by: User) -> OrganizationChange:
    return changes.make_former(organization, by, **_given(answers))


SCREENS = {screen.kind.value: screen for screen in (
    Screen(
        Kind.MERGE, "Merge into another", "Everything of this organization becomes the other’s from that day on. From "
        "the beginning, it leads to the other; from a later day, it stays as a former client.", MergeForm, _merge,
        leaves=True,
    ),
    Screen(
        Kind.SPLIT, "Split off accounts", "Makes a new organization of the chosen accounts.", SplitForm, _split,
        leaves=True,
    ),
    Screen(
        Kind.MOVE, "Move an account", "One account, with its sites, becomes another organization’s.", MoveForm, _move,
        leaves=True,
    ),
    Screen(Kind.PARENT, "Set the parent", "Says whose subsidiary it is. No number moves.", ParentForm, _set_parent),
    Screen(
        Kind.RENAME, "Rename", "Its address stays, and so do its numbers. The old name stays in the history.",
        RenameForm, _rename,
    ),
    Screen(
        Kind.FORMER, "Former client", "Its facts count up to its last month as a client, and are no client’s after "
        "that.", FormerForm, _make_former,
    ),
)}  # fmt: skip
