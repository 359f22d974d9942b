"""Do events arrive? The switch that no API shows, found out from CloudAudit's trail and the function's own log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.console import Console
from localcloud.core import faults as strike
from ops.deployment.cloud import BEIJING, moment_of
from ops.doctor import arrivals, records
from ops.doctor.examine import examine
from ops.doctor.finding import Finding, State
from tests.support.client import Client
from tests.support.deployed import Deployed
from tests.support.deployment import account_of, deploy, deployment_to, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.cloud import Cloud
    from ops.packaging.package import Package

LATER_S = arrivals.LATE_S + 60


class Place:
    """The real package deployed to a cloud."""

    def __init__(self, cloud: LocalCloud, package: Package) -> None:
        self.cloud = cloud
        self.wanted = deployment_to(cloud)
        self.account: Cloud = account_of(cloud)
        deploy(self.wanted, self.account, package.archive)
        self.user = Deployed(cloud, Client(cloud), self.wanted)

    def made(self, number: int = 1) -> None:
        """Somebody makes interfaces; a sweep covers them, if no event does; and a while goes by."""
        for _ in range(number):
            self.user.attached_interface(self.cloud.region)
        assert self.cloud.background.wait_until_idle(30)
        invoke(self.account, "backfill")
        self.cloud.clock.advance(LATER_S)
        assert self.cloud.background.wait_until_idle(30)

    def look(self) -> list[Finding]:
        """What doctor finds, by the cloud's clock."""
        return examine(self.wanted, self.account, now=self.cloud.clock.now)


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """An account in which all is activated but CloudAudit's events."""
    with LocalCloud(enforce_limits=False, time_scale=0.01, fresh=True) as running:
        running.behaviour.function_ready_s = 0.0
        running.console.do(Console.FLOW_LOGS, Console.CLOUDAUDIT, Console.SERVICE_BUS)
        yield running


@pytest.fixture
def place(cloud: LocalCloud, package: Package) -> Place:
    return Place(cloud, package)


def of_events(findings: list[Finding]) -> Finding:
    [found] = [finding for finding in findings if finding.check == "events"]
    return found


def failures(findings: list[Finding]) -> set[str]:
    return {finding.check for finding in findings if finding.state is State.FAIL}


def test_with_only_the_switch_off_that_is_the_one_failure(place: Place) -> None:
    """After an interface was made and swept: what to click is said. Switched on, the next one is heard of."""
    place.made()
    findings = place.look()
    assert failures(findings) == {"events"}
    found = of_events(findings)
    assert found.what.startswith(
        "events do not arrive: the function has heard of none of 1 call, the last CreateAndAttachNetworkInterface at 20"
    )
    assert "turn on the receiving of CloudAudit's events" in found.todo
    place.cloud.console.do(Console.EVENTS)
    place.made(2)
    found = of_events(place.look())
    assert found.state is State.WARN
    assert found.what.startswith("of the last 3 calls, 1 did not reach the function; the last was CreateAndAttach")


def test_with_the_switch_on_nothing_fails(place: Place) -> None:
    """After one event and one sweep."""
    place.cloud.console.do(Console.EVENTS)
    place.made()
    findings = place.look()
    assert failures(findings) == set()
    assert of_events(findings).what == "the function has heard of the last 1 call"


def test_before_any_call_it_cannot_be_told(place: Place) -> None:
    """Neither is a call told that was made just now: its event may be under way. What to do is said all the same."""
    place.cloud.console.do(Console.EVENTS)
    assert of_events(place.look()).state is State.UNKNOWN
    place.user.attached_interface(place.cloud.region)
    assert place.cloud.background.wait_until_idle(30)
    found = of_events(place.look())
    assert (found.state, found.what) == (
        State.UNKNOWN,
        "no event is known of: CloudAudit shows no call of the rule's actions since the rule was set up",
    )
    assert "turn on the receiving" in found.todo


def test_a_call_that_failed_tells_nothing(place: Place) -> None:
    """Its record is no call to hear of."""
    place.cloud.console.do(Console.EVENTS)
    with pytest.raises(Exception, match="ResourceNotFound"):
        place.user.call(
            "vpc", "AttachNetworkInterface", NetworkInterfaceId="eni-00000000", InstanceId=place.cloud.instance_id
        )
    place.cloud.clock.advance(LATER_S)
    assert of_events(place.look()).state is State.UNKNOWN


@pytest.mark.parametrize("action", ["DescribeEvents", "SearchLog"])
def test_what_may_not_be_looked_at_is_unknown(place: Place, action: str) -> None:
    """The trail, or the function's log with no store on the bus: the reason is said, and nothing fails."""
    place.made()
    place.cloud.faults.add(action, strike.error("UnauthorizedOperation", "no permission"))
    found = of_events(place.look())
    assert found.state is State.UNKNOWN
    assert "whether events arrive could not be told: " in found.what
    assert "UnauthorizedOperation: no permission" in found.what


@pytest.mark.parametrize("heard", [True, False])
def test_the_buss_store_tells_where_the_log_cannot_be_searched(place: Place, *, heard: bool) -> None:
    """EventBridge's SearchLog, where the bus keeps its events."""
    place.made()
    [call] = [
        each.request_id
        for each in records.last(place.account, until=place.cloud.clock.now())
        if each.is_call_to_hear_of
    ]

    def answered(result: dict[str, Any]) -> Any:
        return strike.garbled_body(json.dumps({"Response": {**result, "RequestId": "r"}}).encode())

    place.cloud.faults.add("SearchLog", strike.error("UnauthorizedOperation", "no permission"), times=1)
    place.cloud.faults.add("GetEventBus", answered({"EnableStore": True}))
    kept = [{"Message": json.dumps({"data": {"requestID": call}})}] if heard else []
    place.cloud.faults.add("SearchLog", answered({"Results": kept, "Total": len(kept)}), skip=1)
    found = of_events(place.look())
    assert found.state is (State.OK if heard else State.FAIL)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("2026-11-24T10:00:00+08:00", 1_795_485_600.0),
        ("2026-11-24 10:00:00", 1_795_485_600.0),
        ("2026-11-24T02:00:00Z", 1_795_485_600.0),
        ("", None),
        ("yesterday", None),
    ],
)
def test_times_of_eventbridge(told: str, seconds: float | None) -> None:
    """With a zone or, as the API's examples have it, without."""
    moment = moment_of(told, BEIJING)
    assert (moment and moment.timestamp()) == seconds
