"""The console's records: who is served, what is protected by which way, and how the latest session went.

A machine is protected in one of three ways: by an agent of the console, as a virtual machine of a backup server, or
with an agent that a backup server manages. The MSP's own company has its mailboxes here and a laboratory that fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from collectors.sandbox.exchange import Row
from collectors.sandbox.switches import Switches
from collectors.sandbox.world.backups import VEEAM, Thing
from collectors.sandbox.world.clients import INTERNAL
from collectors.sandbox.world.dates import DAY
from collectors.sandbox.world.names import opaque
from collectors.sandbox.world.world import World

TRIED_OUT = ("Proof of concept", "Old demo")  # companies that were never a client's
STATUSES = {"ok": "Success", "warning": "Warning", "failed": "Failed", "": "None"}
TYPES = {"mailbox": "User", "drive": "User", "site": "Site", "team": "Teams"}
VIRTUAL, AGENT, COMPUTER = range(3)
TESTED_WITHIN = 100 * DAY
NIGHT = 10_800  # after midnight


def company_uid(client: int) -> str:
    return opaque(f"veeam company/{client}")


PROVIDER = opaque("veeam provider")
SERVER = opaque("veeam backup server")
LAB = opaque("veeam laboratory")


class Rows:
    def __init__(self, world: World, switches: Switches) -> None:
        self.world, self.switches = world, switches

    # Who

    def companies(self) -> list[Row]:
        return [
            {"instanceUid": row["instanceUid"], "name": row["name"], "resellerUid": None,
             "status": "Disabled" if row["name"] in TRIED_OUT else "Active",
             "subscriptionPlanUid": None, "isRestAccessEnabled": False, "isAlarmDetectEnabled": True,
             "loginUrl": None, "_embedded": {"organization": row}}
            for row in self.organizations() if row["type"] == "Company"
        ]  # fmt: skip

    def organizations(self) -> list[Row]:
        provider: Row = {"instanceUid": PROVIDER, "name": "Lanternworks IT", "alias": None, "type": "Provider",
                    "website": None, "companyId": None, "phone": None, "email": None}  # fmt: skip
        tried = [{**provider, "instanceUid": company_uid(-place), "name": name, "type": "Company"}
                 for place, name in enumerate(TRIED_OUT, 1)]  # fmt: skip
        return [provider, *(self._organization(client) for client in self._clients()), *tried]

    def _organization(self, client: int) -> Row:
        record = self.world.others.account(VEEAM, client, self._now)
        assert record is not None
        domain = self.world.clients.get(client).domain
        return {
            "instanceUid": company_uid(client), "name": record.name, "alias": None, "type": "Company",
            "website": f"www.{domain}" if domain and client % 3 else None,
            "companyId": next(iter(record.ids.values()), None), "phone": next(iter(record.phones), None),
            "email": None,
        }  # fmt: skip

    def _clients(self) -> Iterator[int]:
        for client in self.world.clients.served:
            ours = client == INTERNAL or self.world.backups.product_of(client) == VEEAM
            if ours and self.world.others.account(VEEAM, client, self._now):
                yield client

    # What

    def agents(self) -> list[Row]:
        """Both kinds of agents; those that a backup server manages are told by it as well."""
        told = [
            self._agent(_uid("agent", one), one.client, one.hostname, one.kind,
                        "ManagedByConsole" if way == AGENT else "ManagedByVBR")
            for one, way in self._machines() if way != VIRTUAL
        ]  # fmt: skip
        return [*told, self._agent(LAB, INTERNAL, "LW-LAB-01", "server", "ManagedByConsole")]

    def _agent(self, uid: str, client: int, name: str, kind: str, mode: str) -> Row:
        return {
            "instanceUid": uid, "managementAgentUid": opaque(f"management/{uid}"),
            "organizationUid": company_uid(client), "name": name, "agentPlatform": "Windows", "status": "Active",
            "managementAgentStatus": "Healthy", "operationMode": kind.title(), "platform": "General",
            "managementMode": mode, "version": "6.3.2.1205", "versionStatus": "Actual", "activationTime": None,
            "totalJobsCount": 1, "runningJobsCount": 0, "successJobsCount": 1,
        }  # fmt: skip

    def agent_jobs(self) -> list[Row]:
        jobs = [row for one, way in self._machines() if way == AGENT for row in self._jobs_of(one)]
        return [*jobs, self._job("laboratory", LAB, INTERNAL, "Failed", self._last_night())]

    def _jobs_of(self, one: Thing) -> Iterator[Row]:
        agent = _uid("agent", one)
        yield self._job(f"{one.id}", agent, one.client, STATUSES[one.last_outcome], one.last_run_at,
                        not one.paused, one.last_error)  # fmt: skip
        if one.id % 2:  # a job of former days
            yield self._job(f"{one.id}/former", agent, one.client, "None", None, False)

    def _job(
        self, what: str, agent: str, client: int, status: str, ended: int | None, enabled: bool = True, error: str = ""
    ) -> Row:  # fmt: skip
        return {
            "instanceUid": opaque(f"veeam job/{what}"), "backupAgentUid": agent,
            "organizationUid": company_uid(client), "name": "Daily backup", "systemType": "Windows", "status": status,
            "operationMode": "Server", "lastRun": _moment(ended and ended - 600),
            self.switches.text(VEEAM, "job_end"): _moment(ended), "lastDuration": 600 if ended else None,
            "isEnabled": enabled, "failureMessage": error or None, "restorePoints": 14,
        }  # fmt: skip

    def console_computers(self) -> list[Row]:
        told: list[Row] = [
            {"backupAgentUid": _uid("agent", one), "organizationUid": company_uid(one.client), "name": one.hostname,
             "numberOfJobs": 1, "operationMode": one.kind.title(), "latestRestorePointDate": _moment(one.last_good_at)}
            for one, way in self._machines() if way == AGENT
        ]  # fmt: skip
        lab: Row = {"backupAgentUid": LAB, "organizationUid": company_uid(INTERNAL), "name": "LW-LAB-01",
                    "numberOfJobs": 1, "operationMode": "Server", "latestRestorePointDate": None}  # fmt: skip
        return [*told, lab]

    def virtual_machines(self) -> list[Row]:
        return [
            {"instanceUid": _uid("vm", one), "backupServerUid": SERVER, "organizationUid": company_uid(one.client),
             "name": one.hostname, "hierarchyRef": f"vm-{one.id}", "ipAddresses": [], "restorePoints": 14,
             "latestRestorePointDate": _moment(one.last_good_at), "usedSourceSize": one.size_bytes,
             "jobUid": self._server_job_uid(one.client), "malwareState": "Clean", "immutable": False}
            for one, way in self._machines() if way == VIRTUAL
        ]  # fmt: skip

    def server_computers(self) -> list[Row]:
        return [
            {"instanceUid": _uid("computer", one), "sourceInstanceUid": _uid("agent", one), "backupServerUid": SERVER,
             "protectionGroups": [], "organizationUid": company_uid(one.client), "name": one.hostname,
             "ipAddresses": [], "guestOs": "Windows", "platformType": "Physical", "operationMode": one.kind.title(),
             "latestRestorePointDate": _moment(one.last_good_at), "malwareState": "Unknown"}
            for one, way in self._machines() if way == COMPUTER
        ]  # fmt: skip

    def server_jobs(self) -> list[Row]:
        by_client: dict[int, list[Thing]] = {}
        for one, way in self._machines():
            if way != AGENT:
                by_client.setdefault(one.client, []).append(one)
        jobs = [self._server_job(client, things) for client, things in by_client.items()]
        jobs.append(self._server_row("laboratory", INTERNAL, "BackupVm", "Failed", self._last_night()))
        for client, things in by_client.items():
            tests = self.world.backups.tests(client, self._now, self._now - TESTED_WITHIN)
            latest, ours = {test.thing: test for test in tests}, {one.id for one in things}
            for test in latest.values():
                if test.thing in ours:
                    status = "Success" if test.passed else "Failed"
                    jobs.append(self._server_row(f"test/{test.thing}", client, "SureBackup", status, test.tested_at))
        return jobs

    def _server_job(self, client: int, things: list[Thing]) -> Row:
        outcomes = {one.last_outcome for one in things}
        status = next((STATUSES[word] for word in ("failed", "warning", "ok") if word in outcomes), "None")
        ended = max((one.last_run_at for one in things if one.last_run_at), default=None)
        return self._server_row(f"{client}", client, "BackupVm", status, ended)

    def _server_row(self, what: str, client: int, kind: str, status: str, ended: int | None) -> Row:
        mapped = self.switches.on(VEEAM, "mapped")
        return {
            "instanceUid": opaque(f"veeam in server/{what}"), "uniqueUid": opaque(f"veeam server job/{what}"),
            "name": f"{kind} of {what}", "backupServerUid": SERVER,
            "organizationUid": PROVIDER if mapped else company_uid(client),
            "mappedOrganizationUid": company_uid(client) if mapped else None, "status": status, "type": kind,
            "lastRun": _moment(ended and ended - 900), self.switches.text(VEEAM, "job_end"): _moment(ended),
            "lastDuration": 900, "isEnabled": True, "scheduleType": "Periodically", "failureMessage": None,
        }  # fmt: skip

    def _server_job_uid(self, client: int) -> str:
        return opaque(f"veeam server job/{client}")

    def cloud_objects(self) -> list[Row]:
        mapped = self.switches.on(VEEAM, "cloud_mapped")
        seats = [
            (f"{one.id}", one.client, one.name, TYPES[one.kind], one.last_good_at)
            for client in self._clients() for one in self.world.backups.things(client, self._now) if one.is_seat
        ]  # fmt: skip
        own = [
            (user.guid, INTERNAL, user.display_name, "User", self._last_night())
            for user in self.world.tenants.users(INTERNAL, self._now)
        ]
        return [
            {"id": opaque(f"veeam 365/{key}"), "name": name, "protectedDataType": kind, "restorePointsCount": 30,
             "latestRestorePointDate": _moment(good), "organizationUid": company_uid(client) if mapped else None,
             "consumesLicense": kind == "User"}
            for key, client, name, kind, good in (*seats, *own)
        ]  # fmt: skip

    def alarms(self) -> list[Row]:
        """A repository that fills up at each client, and one alarm that was seen to."""
        raised = self.world.calendar.midnight(self.world.calendar.day(self._now).replace(day=1)) + 33_000
        return [
            {"instanceUid": opaque(f"veeam alarm/{client}"), "alarmTemplateUid": opaque("veeam alarm"),
             "repeatCount": 3, "area": "vspc",
             "object": {"instanceUid": opaque(f"veeam repository/{client}"), "type": "Repository",
                        self.switches.text(VEEAM, "alarm_client"): company_uid(client),
                        "computerName": "repo-01", "objectName": "Premium repository"},
             "lastActivation": {"instanceUid": opaque(f"veeam activation/{client}/{raised}"), "time": _moment(raised),
                                "status": "Acknowledged" if client == INTERNAL else "Warning",
                                "message": "Free space is below the defined threshold (5%).\n", "remark": "\n"}}
            for client in self._clients()
        ]  # fmt: skip

    # When

    @property
    def _now(self) -> int:
        return self.world.clock.now()

    def _machines(self) -> Iterator[tuple[Thing, int]]:
        for client in self._clients():
            for one in self.world.backups.things(client, self._now):
                if not one.is_seat:
                    yield one, one.id % 3

    def _last_night(self) -> int:
        """The end of the latest night's session."""
        today = self.world.calendar.midnight(self.world.calendar.day(self._now)) + NIGHT
        return today if today <= self._now else today - DAY


def _uid(kind: str, one: Thing) -> str:
    return opaque(f"veeam {kind}/{one.id}")


def _moment(at: int | None) -> str | None:
    """With seven digits of a second and an offset."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000+00:00") if at else None
