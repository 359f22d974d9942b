"""The role may do what it needs and nothing else: each action of its policy is taken away in turn, and something fails.

The package runs under the policy as deployed (ops/policies), which the local cloud enforces.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.vpc.model import Network
from tests.support.deployed import NAME, QUEUE, Deployed, deploy, role_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ops.packaging.package import Package

    Duty = Callable[[Deployed], bool]

LIMIT_S = 4
MANY = 40


@pytest.fixture(scope="module")
def deployed(package: Package) -> Iterator[Deployed]:
    """The function, once for all of this file's tests."""
    with LocalCloud(enforce_limits=False, time_scale=0.01) as cloud:
        yield deploy(cloud, package, timeout_s=LIMIT_S, FLOWLOG_CREATE_RATE="5")


def invoke(deployed: Deployed, event: Any) -> dict[str, Any]:
    """Run the function and return its report; of a run that failed, nothing."""
    reply = deployed.call("scf", "Invoke", FunctionName=NAME, ClientContext=json.dumps(event))["Result"]
    return {} if reply["ErrMsg"] else dict(json.loads(reply["RetMsg"]))


def ensure(deployed: Deployed, **interface: str) -> dict[str, int]:
    """Ask for one interface's flow log, and return the outcomes."""
    interface["region"] = deployed.cloud.region
    report = invoke(deployed, {"command": "ensure", "interfaces": [interface]})
    return {outcome: number for outcome, number in report.get("outcomes", {}).items() if number}


# What the function has to do. Each says whether it could.


def covers_a_new_interface(deployed: Deployed) -> bool:
    (interface,) = deployed.cloud.seed_interfaces(deployed.cloud.region, 1)
    return ensure(deployed, interface_id=interface, vpc_id=deployed.cloud.vpc_id) == {"created": 1}


def looks_up_an_interface(deployed: Deployed) -> bool:
    """One that is attached to nothing: CreateFlowLog is not called."""
    return ensure(deployed, interface_id=deployed.cloud.seed_interface(deployed.cloud.region)) == {"waiting": 1}


def tells_what_is_covered(deployed: Deployed) -> bool:
    return "stopped" not in invoke(deployed, {"command": "status"})


def tells_which_models_take_none(deployed: Deployed) -> bool:
    """Of an own region, in which one interface stands on a model that takes no flow logs."""
    if not deployed.cloud.account.region("ap-seoul").state(Network).instances:
        deployed.cloud.seed_instance("ap-seoul", "S1.SMALL1")
    report = invoke(deployed, {"command": "status", "regions": ["ap-seoul"]})
    return [row["unsupported"] for row in report["coverage"]] == [1]


def goes_on_in_another_invocation(deployed: Deployed) -> bool:
    """Of an own region: 22 creates at 5 a second do not fit into the time limit."""
    deployed.cloud.seed_interfaces("ap-tokyo", 22)
    report = invoke(deployed, {"command": "backfill", "regions": ["ap-tokyo"]})
    assert deployed.cloud.background.wait_until_idle(60)
    return bool(report["continued"])


def keeps_a_bad_event(deployed: Deployed) -> bool:
    return bool(invoke(deployed, "no event")) and len(deployed.letters()) == 1


def keeps_many_bad_events_in_few_calls(deployed: Deployed) -> bool:
    """One by one, where it may not send them together: nothing is lost, but it takes its time."""
    invoke(deployed, {"EventList": list(range(MANY))})
    kept = len(deployed.letters())
    return kept == MANY and deployed.cloud.calls.count("SendMessage") == 0


def empties_the_queue(deployed: Deployed) -> bool:
    loose = {"region": deployed.cloud.region, "interface_id": deployed.cloud.seed_interface(deployed.cloud.region)}
    deployed.cloud.seed_messages(QUEUE, json.dumps({"event": "interface.created", **loose}))
    invoke(deployed, {"command": "redrive"})
    return deployed.letters() == []


DUTIES: tuple[Duty, ...] = (
    covers_a_new_interface,
    looks_up_an_interface,
    tells_what_is_covered,
    tells_which_models_take_none,
    goes_on_in_another_invocation,
    keeps_a_bad_event,
    keeps_many_bad_events_in_few_calls,
    empties_the_queue,
)
FAILS_WITHOUT: dict[str, set[Duty]] = {
    "CreateFlowLog": {covers_a_new_interface},
    "DescribeNetworkInterfaces": {
        looks_up_an_interface,
        tells_what_is_covered,
        tells_which_models_take_none,
        empties_the_queue,
    },
    "DescribeFlowLogs": {tells_what_is_covered, tells_which_models_take_none},
    "DescribeRegions": {tells_what_is_covered},
    "DescribeInstances": {tells_which_models_take_none},
    "InvokeFunction": {goes_on_in_another_invocation},
    "SendMessage": {keeps_a_bad_event},
    "BatchSendMessage": {keeps_many_bad_events_in_few_calls},
    "BatchReceiveMessage": {empties_the_queue},
    "BatchDeleteMessage": {empties_the_queue},
}


def failing(deployed: Deployed, *without: str) -> set[Duty]:
    """What the function cannot do without some actions. Going on takes seconds, and is tried where it matters."""
    deployed.permit_all(*without)
    failed = set()
    for duty in DUTIES:
        if duty is goes_on_in_another_invocation and without not in ((), ("InvokeFunction",)):
            continue
        deployed.call("tdmq", "DeleteCmqQueue", QueueName=QUEUE)
        deployed.call("tdmq", "CreateCmqQueue", QueueName=QUEUE)
        deployed.cloud.calls.clear()
        if not duty(deployed):
            failed.add(duty)
    return failed


@pytest.mark.parametrize("queue_service", ["tdmq", "cmqqueue"])
def test_with_the_whole_policy_it_can_do_all(deployed: Deployed, queue_service: str) -> None:
    """Under either name that the documents give the queue's actions."""
    deployed.cloud.behaviour.queue_service = queue_service
    try:
        assert failing(deployed) == set()
    finally:
        deployed.cloud.behaviour.queue_service = "tdmq"


@pytest.mark.parametrize("action", sorted(FAILS_WITHOUT))
def test_without_an_action_it_cannot_do_what_that_is_for(deployed: Deployed, action: str) -> None:
    """That, and nothing else."""
    assert failing(deployed, action) == FAILS_WITHOUT[action]


def test_no_action_of_the_policy_is_left_out_here(deployed: Deployed) -> None:
    """Whoever adds a permission says what fails without it."""
    statements = json.loads(role_policy(deployed.cloud))["statement"]
    named = {action.rpartition(":")[2] for statement in statements for action in statement["action"]}
    assert named == FAILS_WITHOUT.keys()
