"""What the stand-in for Datto BCDR does and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.collectors.sandbox.conftest import Caller


def ask(caller: Caller, path: str, keys: tuple[str, str] | None = None, **query: Any) -> requests.Response:
    secrets = caller.secrets("datto_bcdr")
    return caller.session.get(
        f"{caller.base}/datto_bcdr/v1/{path}", params=query, timeout=20,
        auth=keys or (secrets["public_key"], secrets["secret_key"]),
    )  # fmt: skip


def appliances(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    return list(ask(caller, "bcdr/device", showHiddenDevices=0, showChildResellerDevices=0, **query).json()["items"])


def busy(caller: Caller) -> str:
    """An appliance with machines on it."""
    return str(next(one["serialNumber"] for one in appliances(caller) if one["agentCount"]))


def test_a_key_that_is_wrong_opens_nothing(caller: Caller) -> None:
    refused = ask(caller, "bcdr/device", keys=("sandbox-datto-public", "guess"))
    assert (refused.status_code, set(refused.json())) == (401, {"code", "message"})


@pytest.mark.parametrize(("path", "query", "status"), [
    ("bcdr/device", {"changedSince": "2026-01-01"}, 400), ("bcdr/device", {"_page": 0}, 400),
    ("bcdr/device", {"showHiddenDevices": "no"}, 400), ("bcdr/device/FFFF/asset", {}, 404), ("sass/domains", {}, 404),
    ("saas/1/applications", {}, 404), ("report/nothing", {}, 404),
])  # fmt: skip
def test_what_the_sheet_does_not_name_is_refused(
    caller: Caller, path: str, query: dict[str, Any], status: int
) -> None:
    reply = ask(caller, path, **query)
    assert (reply.status_code, set(reply.json())) == (status, {"code", "message"})


def test_pages_count_from_one_and_tell_how_many(caller: Caller) -> None:
    whole = appliances(caller)
    first = ask(caller, "bcdr/device", showHiddenDevices=0, showChildResellerDevices=0, _page=1, _perPage=4).json()
    assert first["pagination"] == {"page": 1, "perPage": 4, "totalPages": -(-len(whole) // 4), "count": len(whole)}
    assert first["items"] == whole[:4] and appliances(caller, _page=2, _perPage=4) == whole[4:8]


def test_hidden_appliances_and_those_of_resellers_come_unless_they_are_left_out(caller: Caller) -> None:
    everything = ask(caller, "bcdr/device").json()["items"]
    left = {one["serialNumber"] for one in everything} - {one["serialNumber"] for one in appliances(caller)}
    assert len(left) == 2 and sum(one["hidden"] for one in everything) == 1


def test_machines_come_bare_and_in_pages_where_these_are_asked_for(caller: Caller) -> None:
    path = f"bcdr/device/{busy(caller)}/asset"
    bare = ask(caller, path).json()
    assert [row["isArchived"] for row in bare][-1:] == [True] and ask(caller, f"{path}/share").json() == []
    assert ask(caller, path, _page=1).json()["items"] == bare
    caller.switch("datto_bcdr", asset_pages=False)
    assert ask(caller, path, _page=1).json() == bare


def test_a_machine_tells_its_last_good_backup_and_remembers_the_newest_first(caller: Caller) -> None:
    caller.switch("datto_bcdr", remembered=3, status_words="Success", machine_serial=False)
    [*machines, _] = ask(caller, f"bcdr/device/{busy(caller)}/asset").json()
    assert all(len(one["backups"]) <= 3 and "protectedMachine" not in one for one in machines)
    moments = [[entry["timestamp"] for entry in one["backups"]] for one in machines]
    assert moments == [sorted(listed, reverse=True) for listed in moments]


def test_saas_protection_names_its_organization_or_not_and_may_be_closed(caller: Caller) -> None:
    [first, *_] = domains = ask(caller, "saas/domains").json()
    assert all(one["organizationId"] for one in domains)
    assert ask(caller, "saas/domains", _page=1).json()["pagination"]["count"] == len(domains)
    caller.switch("datto_bcdr", saas_organization=False, saas_pages=False)
    assert not any(one["organizationId"] for one in ask(caller, "saas/domains", _page=1).json())
    caller.switch("datto_bcdr", saas_allowed=False)
    assert ask(caller, f"saas/{first['saasCustomerId']}/applications").status_code == 403


def test_a_services_history_goes_back_so_many_days_or_as_far_as_it_goes(caller: Caller) -> None:
    customer = ask(caller, "saas/domains").json()[0]["saasCustomerId"]

    def nights() -> list[int]:
        [told] = ask(caller, f"saas/{customer}/applications", daysUntil=3).json()["items"]
        apps = told["suites"][0]["appTypes"]
        assert all(one["activeServiceCount"] >= one["activeServiceWithBackupCount"] for app in apps
                   for one in app["backupHistory"])  # fmt: skip
        return [len(app["backupHistory"]) for app in apps]

    assert max(nights()) == 3
    caller.switch("datto_bcdr", days_counted=False)
    assert max(nights()) > 3
