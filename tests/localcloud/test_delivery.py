"""From the bus to the function: rules, and every way in which delivery may go wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.scf.invoker import DeadLetter, Invocation
from tests.support.deployed import wait_until
from tests.support.platform_replies import code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.client import Client

PROBE = {"FunctionName": "probe"}
RAISES = "def main_handler(event, context):\n    raise ValueError('no')\n"


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(enforce_limits=False, time_scale=0.001) as running:
        yield running


@dataclass
class Wired:
    """A function behind a rule that lets CreateVpc through, and what it got."""

    cloud: LocalCloud
    call: Client
    rule: dict[str, str]
    target: dict[str, str]

    def happen(self, number: int) -> None:
        """Do the call so many times."""
        for each in range(number):
            self.call("vpc", "CreateVpc", VpcName=f"n{each}")

    def cloud_place(self) -> dict[str, str]:
        return {"VpcId": self.cloud.vpc_id, "SubnetId": self.cloud.subnet_id}

    def names(self) -> list[str]:
        """The VPCs that the function was told of, in order of its runs."""
        assert self.cloud.background.wait_until_idle(60)
        got = [json.loads(run.event) for run in self.cloud.scf.invocations]
        events = [event for one in got for event in one.get("EventList", [one])]
        return [json.loads(event["data"]["requestParameters"])["VpcName"] for event in events]

    def outcomes(self) -> list[str]:
        return [one.outcome for one in self.cloud.eventbridge.deliveries]


def wire(cloud: LocalCloud, call: Client, source: str = "", **pattern: Any) -> Wired:
    call("scf", "CreateFunction", **PROBE, Code=code(source) if source else code(), Runtime="Python3.10", Timeout=60)
    wait_until(lambda: call("scf", "GetFunction", **PROBE)["Status"] == "Active")
    bus = {"EventBusId": call("eb", "ListEventBuses")["EventBuses"][0]["EventBusId"]}
    wanted = pattern or {"source": ["vpc.cloud.tencent"], "data": {"eventName": ["CreateVpc"]}}
    made = call("eb", "CreateRule", **bus, RuleName="rule", EventPattern=json.dumps(wanted))
    rule = {**bus, "RuleId": made["RuleId"]}
    resource = f"qcs::scf:{cloud.region}:uin/{cloud.uin}:namespace/default/function/probe/$DEFAULT"
    target = call("eb", "CreateTarget", **rule, Type="scf", TargetDescription={"ResourceDescription": resource})
    return Wired(cloud, call, rule, {**rule, "TargetId": target["TargetId"]})


@pytest.fixture
def wired(cloud: LocalCloud, call: Client) -> Wired:
    return wire(cloud, call)


def test_what_the_pattern_lets_through_arrives_once(wired: Wired) -> None:
    wired.happen(3)
    wired.call("vpc", "CreateNetworkInterface", NetworkInterfaceName="other", **wired.cloud_place())
    assert sorted(wired.names()) == ["n0", "n1", "n2"]
    assert wired.outcomes() == ["delivered"] * 3
    assert {run.request_id for run in wired.cloud.scf.invocations} == {
        one.request_id for one in wired.cloud.eventbridge.deliveries
    }


def test_the_same_event_comes_from_every_region(wired: Wired) -> None:
    wired.call("vpc", "CreateVpc", "eu-frankfurt", VpcName="far")
    assert wired.names() == ["far"]


def test_a_watcher_that_fails_does_not_harm_the_delivery(wired: Wired) -> None:
    def fails(_event: dict[str, Any]) -> None:
        raise TypeError

    wired.cloud.eventbridge.watchers.append(fails)
    wired.happen(2)
    assert sorted(wired.names()) == ["n0", "n1"]


def test_a_rule_that_is_off_and_one_without_a_target_deliver_nothing(wired: Wired) -> None:
    wired.call("eb", "UpdateRule", **wired.rule, Enable=False)
    wired.happen(1)
    wired.call("eb", "UpdateRule", **wired.rule, Enable=True)
    wired.call("eb", "DeleteTarget", **wired.target)
    wired.happen(1)
    assert wired.names() == []


def test_delivery_takes_a_moment(wired: Wired) -> None:
    wired.cloud.eventbridge.switches.delay_s, wired.cloud.behaviour.time_scale = 100.0, 1.0
    wired.happen(1)
    wired.cloud.clock.advance(99)
    assert wired.cloud.scf.invocations == []
    wired.cloud.clock.advance(1)
    assert wired.names() == ["n0"]


def test_duplicates_drops_and_disorder_can_be_had(wired: Wired) -> None:
    """By chance that is repeatable."""
    switches = wired.cloud.eventbridge.switches
    switches.duplicates = 1.0
    wired.happen(2)
    assert sorted(wired.names()) == ["n0", "n0", "n1", "n1"]
    switches.duplicates, switches.drops = 0.0, 1.0
    wired.happen(1)
    assert len(wired.names()) == 4
    assert wired.outcomes()[-1] == "dropped"
    switches.drops, switches.reorder_s = 0.0, 500.0
    wired.happen(8)
    assert sorted(wired.names()[4:]) == [f"n{number}" for number in range(8)]
    assert wired.names()[4:] != [f"n{number}" for number in range(8)]


def test_the_daily_cap_drops_what_is_over_it_until_the_next_day(wired: Wired) -> None:
    assert wired.cloud.eventbridge.switches.daily_cap == 2000
    wired.cloud.eventbridge.switches.daily_cap = 2
    wired.happen(3)
    assert len(wired.names()) == 2
    assert sorted(wired.outcomes()) == ["delivered", "delivered", "over the daily cap"]
    wired.cloud.clock.advance(24 * 3600)
    wired.happen(1)
    assert len(wired.names()) == 3


def test_events_may_come_in_batches(wired: Wired) -> None:
    """Full ones at once, the rest when the first of them has waited long enough."""
    wired.cloud.behaviour.time_scale = 0.02  # longer than five calls take
    wired.cloud.eventbridge.switches.batch_of, wired.cloud.eventbridge.switches.batch_wait_s = 3, 60.0
    wired.happen(5)
    assert len(wired.names()) == 5
    sizes = [len(json.loads(run.event)["EventList"]) for run in wired.cloud.scf.invocations]
    assert sorted(sizes) == [2, 3]


def test_an_event_over_64_kb_does_not_arrive(cloud: LocalCloud, call: Client) -> None:
    wire(cloud, call)
    many = [{"Key": f"k{number}", "Value": "x" * 1000} for number in range(80)]
    call("vpc", "CreateVpc", VpcName="large", Tags=many)
    assert cloud.background.wait_until_idle(60)
    assert [one.outcome for one in cloud.eventbridge.deliveries] == ["too large"]


def test_asynchronous_delivery_has_scf_s_retries(cloud: LocalCloud, call: Client) -> None:
    wired = wire(cloud, call, RAISES)
    wired.happen(1)
    assert wired.names() == ["n0"] * 3


def test_synchronous_delivery_has_no_retries(cloud: LocalCloud, call: Client) -> None:
    cloud.eventbridge.switches.synchronous = True
    told: list[Invocation | DeadLetter] = []
    cloud.scf.watchers.append(told.append)
    wired = wire(cloud, call, RAISES)
    wired.happen(1)
    assert wired.names() == ["n0"]
    assert [type(one) for one in told] == [Invocation]  # and no dead letter


def test_any_event_can_be_put_on_the_bus(wired: Wired) -> None:
    """As a redelivery would, or an event that a test makes."""
    data = {"eventName": "CreateVpc", "requestParameters": json.dumps({"VpcName": "made"})}
    wired.cloud.eventbridge.put({"id": "1", "source": "vpc.cloud.tencent", "data": data})
    wired.cloud.eventbridge.put({"id": "2", "source": "elsewhere", "data": data})
    assert wired.names() == ["made"]


def test_stopping_the_cloud_leaves_nothing_behind(call: Client, cloud: LocalCloud) -> None:
    """Running instances are killed, and what waits is dropped."""
    source = "import time\ndef main_handler(event, context):\n    time.sleep(60)\n"
    call("scf", "CreateFunction", **PROBE, Code=code(source), Runtime="Python3.10", Timeout=60)
    wait_until(lambda: call("scf", "GetFunction", **PROBE)["Status"] == "Active")
    call("scf", "Invoke", **PROBE, InvocationType="Event")
    wait_until(lambda: cloud.scf.pools.total > 0)
    cloud.stop()
    assert cloud.scf.pools.total == 0
