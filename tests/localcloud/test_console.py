"""A fresh account, and what each step that only a person can do changes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from localcloud import LocalCloud
from localcloud.console import Console
from tests.support.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = (Console.FLOW_LOGS, Console.CLOUDAUDIT, Console.SERVICE_BUS, Console.EVENTS)


@pytest.fixture
def fresh() -> Iterator[LocalCloud]:
    with LocalCloud(fresh=True) as cloud:
        yield cloud


def written(cloud: LocalCloud) -> list[dict[str, Any]]:
    """Make a write call, and return the events that come of it."""
    seen: list[dict[str, Any]] = []
    cloud.eventbridge.watchers.append(seen.append)
    Client(cloud)("cls", "CreateLogset", LogsetName=f"l{len(cloud.calls)}")
    cloud.eventbridge.watchers.clear()
    return seen


def test_an_account_is_ready_unless_it_is_to_be_fresh(cloud: LocalCloud, fresh: LocalCloud) -> None:
    assert cloud.console.done() == dict.fromkeys(STEPS, True)
    assert fresh.console.done() == dict.fromkeys(STEPS, False)
    assert len(written(cloud)) == 1


def test_without_its_service_role_no_flow_log_can_be_made(fresh: LocalCloud) -> None:
    call = Client(fresh)
    interface = fresh.seed_interface(fresh.region, instance_id=fresh.instance_id)
    params = {
        "FlowLogName": "n",
        "ResourceType": "NETWORKINTERFACE",
        "ResourceId": interface,
        "VpcId": fresh.vpc_id,
        "TrafficType": "ALL",
        "CloudLogId": fresh.topic_id,
    }
    assert call.refused("vpc", "CreateFlowLog", **params) == (
        "UnauthorizedOperation",
        "The service role `FlowLogClsRole` does not exist: authorize it.",
    )
    fresh.console.do(Console.FLOW_LOGS)
    assert call("cam", "GetRole", RoleName="FlowLogClsRole")["RoleInfo"]["RoleType"] == "system"
    assert call("vpc", "CreateFlowLog", **params)["FlowLog"]


def test_events_come_when_bus_role_and_switch_are_there(fresh: LocalCloud) -> None:
    """One after the other; with the switch off the bus is there, and CloudAudit knows the calls all the same."""
    call = Client(fresh)
    assert call("eb", "ListEventBuses")["TotalCount"] == 0
    for step in (Console.CLOUDAUDIT, Console.SERVICE_BUS):
        assert written(fresh) == []
        fresh.console.do(step)
    assert call("eb", "ListEventBuses")["EventBuses"][0]["Type"] == "Cloud"
    assert written(fresh) == []
    fresh.console.do(Console.EVENTS)
    assert len(written(fresh)) == 1
    call("cam", "DeleteRole", RoleName="CloudAudit_QCSRole")
    assert written(fresh) == []
    now = int(fresh.clock.now())
    events = call("cloudaudit", "DescribeEvents", StartTime=now - 60, EndTime=now + 1)["Events"]
    assert [one["EventName"] for one in events].count("CreateLogset") == 5


def test_the_steps_are_taken_over_http(fresh: LocalCloud) -> None:
    """So that a person at another terminal can take them; the switch last."""
    console = f"{fresh.endpoint}/console"
    early = requests.post(f"{console}/{Console.EVENTS}", timeout=5)
    assert (early.status_code, early.json()["error"]) == (400, f"{Console.EVENTS} comes after {Console.CLOUDAUDIT}")
    assert requests.post(f"{console}/dance", timeout=5).status_code == 400
    for step in STEPS:
        assert requests.get(console, timeout=5).json()[step] is False
        assert requests.post(f"{console}/{step}", timeout=5).json()[step] is True
