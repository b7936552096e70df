"""How safe a client's Microsoft 365 tenant is: its secure score by day, and incidents with their alerts.

`scores(client, moment, days)` tells the last days, the earliest first; `profiles()` what is scored; `incidents` and
`alerts` those that moved at `since` or later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from collectors.sandbox.world.chance import chance, whole
from collectors.sandbox.world.dates import DAY, Month
from collectors.sandbox.world.devices import WORKSTATIONS
from collectors.sandbox.world.ground import Ground
from collectors.sandbox.world.incidents import LONGEST, Alert, Incident, alerts_of, incident_at, of_month
from collectors.sandbox.world.others import TENANT

PRODUCT = TENANT
FIRST_INCIDENT = 300_000_000
DAYS_EACH = 100_000


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    title: str
    max_score: Decimal
    category: str
    service: str
    tier: str


@dataclass(frozen=True, slots=True)
class ControlScore:
    name: str
    score: Decimal
    implemented: bool


@dataclass(frozen=True, slots=True)
class Score:
    id: int
    client: int
    day_on: date
    current: Decimal
    max: Decimal
    active_users: int
    licensed_users: int
    controls: tuple[ControlScore, ...]
    updated_at: int


PROFILES = tuple(Profile(name, title, Decimal(most), *rest) for name, title, most, *rest in (
    ("MFARegistrationV2", "Ensure multifactor authentication is enabled for all users", 9, "Identity", "AAD", "Core"),
    ("AdminMFAV2", "Require multifactor authentication for administrative roles", 10, "Identity", "AAD", "Core"),
    ("BlockLegacyAuthentication", "Block legacy authentication", 8, "Identity", "AAD", "Core"),
    ("SelfServicePasswordReset", "Enable self-service password reset", 1, "Identity", "AAD", "Core"),
    ("OneAdmin", "Designate more than one global admin", 1, "Identity", "AAD", "Core"),
    ("PWAgePolicyNew", "Do not expire passwords", 8, "Identity", "AAD", "Core"),
    ("mdo_safelinks", "Turn on Safe Links", 9, "Apps", "MDO", "Core"),
    ("mdo_safeattachments", "Turn on Safe Attachments", 8, "Apps", "MDO", "Core"),
    ("exo_mailboxaudit", "Audit every mailbox", 5, "Apps", "EXO", "Defense in Depth"),
    ("exo_forwarding", "Block forwarding to outside", 5, "Apps", "EXO", "Core"),
    ("scid_2011", "Turn on the firewall of every machine", 6, "Device", "MDATP", "Core"),
    ("dlp_datalossprevention", "Have a data loss prevention policy", 5, "Data", "MIP", "Advanced"),
))  # fmt: skip


class CloudSecurity:
    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self._month = lru_cache(maxsize=4_000)(self._found)

    def is_seen(self, client: int, moment: int) -> bool:
        """Whether the MSP sees the client's tenant."""
        return client in self.ground.clients.served and self.ground.others.is_there(TENANT, client, moment)

    # Secure score

    @staticmethod
    def profiles() -> tuple[Profile, ...]:
        return PROFILES

    def scores(self, client: int, moment: int, days: int = 90) -> list[Score]:
        """One a day, made at two in the morning, so that the last may be yesterday's."""
        if not self.is_seen(client, moment):
            return []
        calendar = self.ground.calendar
        joined = self.ground.clients.get(client).joined_at or 0
        today = calendar.day(moment)
        wanted = [today - timedelta(days=back) for back in reversed(range(days))]
        return [self._score(client, day) for day in wanted if joined < calendar.at(day, 2) <= moment]

    def _score(self, client: int, day: date) -> Score:
        moment = self.ground.calendar.at(day, 2)
        controls = tuple(self._control(client, place, moment) for place in range(len(PROFILES)))
        seats = sum(row.node_class in WORKSTATIONS for row in self.ground.devices.of_client(client))
        return Score(
            id=client * DAYS_EACH + day.toordinal() - 700_000, client=client, day_on=day,
            current=sum((row.score for row in controls), Decimal(0)),
            max=sum((row.max_score for row in PROFILES), Decimal(0)),
            active_users=max(1, seats - whole(0, 3, "active", client, day.toordinal())), licensed_users=seats,
            controls=controls, updated_at=moment,
        )  # fmt: skip

    def _control(self, client: int, place: int, moment: int) -> ControlScore:
        """Some were done long ago, some are done during the history, some never; what is not done has a part."""
        profile, roll = PROFILES[place], chance("control", self.ground.options.seed, client, place)
        span = 30 * DAY * (self.ground.options.months + 3)
        done_at = self.ground.start + int((roll - 0.4) / 0.4 * span)
        done = roll < 0.8 and done_at <= moment
        part = Decimal(whole(0, 5, "part", client, place)) / 10
        return ControlScore(profile.name, profile.max_score if done else profile.max_score * part, done)

    # Incidents

    def incidents(self, client: int, moment: int, since: int = 0) -> Iterator[Incident]:
        if not self.is_seen(client, moment):
            return
        ground = self.ground
        first = 0 if ground.edits.edited("incidents") else max(0, since - LONGEST)
        rows = (row for month in ground.months(first, moment) for row in self._month(client, month))
        told = (incident_at(row, moment) for row in rows if row.created_at <= moment)
        for incident in ground.standing("incidents", told, moment, Incident, client):
            if incident.updated_at >= since and incident.product == PRODUCT:
                yield incident

    def alerts(self, client: int, moment: int, since: int = 0) -> Iterator[Alert]:
        for incident in self.incidents(client, moment, since):
            yield from alerts_of(incident)

    def _found(self, client: int, month: Month) -> tuple[Incident, ...]:
        if not self.ground.there(client, self.ground.calendar.month_start(month)):
            return ()
        expected = 0.3 + self.ground.clients.get(client).devices * 0.02
        return of_month(self.ground, PRODUCT, FIRST_INCIDENT, client, month, (), expected)
