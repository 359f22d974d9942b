"""`eni-flowlog deploy` among what somebody else made, and when the platform is in trouble."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from handler.errors import Refused
from localcloud.core import faults as strike
from ops.deployment import documents
from ops.deployment.assembly import all_parts, plan_deployment
from ops.deployment.cloud import CAM, EB, EB_REGION, TDMQ
from ops.deployment.rule import Rule
from ops.deployment.step import Verb
from ops.errors import OperatorError
from tests.support.deployment import (
    NAME,
    QUEUE,
    deploy,
    remove,
    small_package,
    state,
    verbs,
    writes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment


# Somebody else's ------------------------------------------------------------------------------------------------------


FOREIGN: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "role": (CAM, "CreateRole", {"RoleName": NAME, "PolicyDocument": json.dumps(documents.trust())}),
    "policy": (
        CAM,
        "CreatePolicy",
        {
            "PolicyName": NAME,
            "PolicyDocument": '{"version":"2.0","statement":[{"effect":"allow","action":"vpc:*","resource":"*"}]}',
        },
    ),
    "queue": (TDMQ, "CreateCmqQueue", {"QueueName": QUEUE}),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_somebody_else_made_is_neither_changed_nor_removed(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, kind: str
) -> None:
    """One of the same name without our mark: deploy does nothing at all and says why; remove leaves it."""
    service, action, params = FOREIGN[kind]
    account.call(service, action, params)
    cloud.calls.clear()
    with pytest.raises(OperatorError, match=rf"Nothing was done. {kind} .*eni-flowlog did not make"):
        deploy(wanted, account, small)
    [kept] = [step for step in remove(wanted, account) if step.verb is Verb.KEEP]
    assert kept.kind == kind
    assert writes(cloud) == []


def test_a_runtime_that_cannot_be_changed_is_a_conflict(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """SCF cannot change a function's runtime: deploy says so before it touches anything."""
    deploy(replace(wanted, runtime="Python3.9"), account, small)
    cloud.calls.clear()
    with pytest.raises(OperatorError, match=r"Runtime is Python3.9, not Python3.10, and SCF cannot change that"):
        deploy(wanted, account, small)
    assert writes(cloud) == []


def test_each_part_says_what_it_is(wanted: Deployment, account: Cloud) -> None:
    """Kinds are unique: plans and findings name parts by them."""
    kinds = [part.kind for part in all_parts(wanted, account)]
    assert len(set(kinds)) == len(kinds)


def test_without_eventbridge_the_rule_says_how_to_get_it(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """An account whose service bus is not there yet: nothing is made, and what to do is said."""
    cloud.faults.add("ListEventBuses", strike.garbled_body(b'{"Response":{"EventBuses":[],"TotalCount":0}}'))
    with pytest.raises(OperatorError, match=r"no service event bus: open EventBridge once in the console"):
        deploy(wanted, account, small)
    assert writes(cloud) == []


def test_an_account_that_cannot_be_looked_at_stops_the_plan(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """A refusal is not taken for absence: nothing is made on a guess."""
    cloud.faults.add("GetRole", strike.error("UnauthorizedOperation", "no permission"))
    with pytest.raises(Refused, match=r"UnauthorizedOperation: no permission"):
        deploy(wanted, account, small)
    assert writes(cloud) == []


# When the platform itself is in trouble -------------------------------------------------------------------------------


def described(status: str, **more: Any) -> bytes:
    """What GetFunction says of a function in trouble."""
    tags = [{"Key": "managed-by", "Value": "eni-flowlog"}]
    return json.dumps({"Response": {"Status": status, "Tags": tags, "RequestId": "r", **more}}).encode()


def test_a_function_whose_making_failed_is_made_anew(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """SCF keeps a function in CreateFailed, which can only be deleted (doc 583/37883)."""
    deploy(wanted, account, small)
    cloud.calls.clear()
    # The plan looks once, and the step that carries it out looks again.
    cloud.faults.add("GetFunction", strike.garbled_body(described("CreateFailed")), times=2)
    steps = deploy(wanted, account, small)
    assert ("status", "CreateFailed", "Active") in [
        (each.what, each.old, each.new) for step in steps for each in step.changes
    ]
    assert [action for action in writes(cloud) if "Function" in action] == ["DeleteFunction", "CreateFunction"]
    assert state(account)["functions"] == [NAME]


def test_a_function_that_fails_to_update_says_why(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """The API's own reasons are in the error."""
    reasons = [{"ErrorCode": "InsufficientResources", "ErrorMessage": "no capacity"}]
    cloud.faults.add("GetFunction", strike.garbled_body(described("UpdateFailed", StatusReasons=reasons)), skip=2)
    with pytest.raises(OperatorError, match=r"eni-flowlog is UpdateFailed: InsufficientResources: no capacity"):
        deploy(wanted, account, small)


def test_a_package_too_big_for_the_api_is_not_sent(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, tmp_path: Path
) -> None:
    """A signed request takes 10 MB: nothing at all is made."""
    big = small_package(tmp_path, "# " + "x" * 8 * 1024 * 1024)
    with pytest.raises(
        OperatorError, match=r"function.zip is too big to be uploaded by the API: 1118\d{4} bytes in ba"
    ):
        deploy(wanted, account, big)
    assert writes(cloud) == []


def test_a_role_that_trusts_somebody_else_is_brought_back(account: Cloud, wanted: Deployment, small: Path) -> None:
    """The plan names who is trusted, and who should be."""
    deploy(wanted, account, small)
    document = json.dumps(documents.trust()).replace("scf.qcloud.com", "cvm.qcloud.com")
    account.call(CAM, "UpdateAssumeRolePolicy", {"RoleName": NAME, "PolicyDocument": document})
    [step] = [step for step in deploy(wanted, account, small) if step.changes]
    assert [(each.what, each.old, each.new) for each in step.changes] == [
        ("trusts", "cvm.qcloud.com", "scf.qcloud.com")
    ]
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}


def test_a_detached_policy_is_attached_again(account: Cloud, wanted: Deployment, small: Path) -> None:
    """The document is as it should be, and is not set anew."""
    deploy(wanted, account, small)
    [policy] = account.call(CAM, "ListPolicies", {"Scope": "Local"})["List"]
    account.call(CAM, "DetachRolePolicy", {"PolicyId": policy["PolicyId"], "DetachRoleName": NAME})
    [step] = [step for step in deploy(wanted, account, small) if step.changes]
    assert [(each.what, each.old, each.new) for each in step.changes] == [("attached to the role", "no", "yes")]
    assert state(account)["attached"] == [NAME]


def test_what_is_behind_the_first_page_is_found(account: Cloud, wanted: Deployment, small: Path) -> None:
    """An account with many rules and policies of its own: ours are found among them, and not made twice."""
    document = json.dumps({"version": "2.0", "statement": [{"effect": "allow", "action": ["vpc:*"], "resource": "*"}]})
    for number in range(200):
        account.call(CAM, "CreatePolicy", {"PolicyName": f"{NAME}-{number}", "PolicyDocument": document})
    deploy(wanted, account, small)
    rule = Rule(wanted, account).find()
    assert rule is not None
    for number in range(101):
        other = {"EventBusId": rule["EventBusId"], "RuleName": f"other-{number}", "EventPattern": '{"source":["a"]}'}
        account.call(EB, "CreateRule", other, EB_REGION)
    assert verbs(plan_deployment(wanted, account, small).steps) == {Verb.NOTHING}
