"""The reviewed policies: least privilege, all that the handler calls and nothing else, each explained in the docs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcloud.cam import policy
from ops.deployment import documents
from ops.deployment.grants import Grant, grants, lacking, parse, trusted
from tests.support.deployment import deployment_of

ROOT = Path(__file__).parents[2]
UIN = "100000000001"
DEPLOYMENT = deployment_of({"TENCENTCLOUD_REGION": "ap-guangzhou"})
ROLE_POLICY = documents.role_policy(DEPLOYMENT, UIN)
ACTIONS = {grant.action for grant in grants(ROLE_POLICY)}
# SCF's Invoke is granted under another name than it is called by (docs 583/47932, 598/70005).
CAM_NAMES = {"Invoke": "InvokeFunction"}


def called_by_the_handler() -> set[str]:
    """Every action whose name stands as a string in a call of the handler's code."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "handler").rglob("*.py"))
    v3 = set(re.findall(r'\.call\(\s*(?:VPC|SCF|CVM),\s*"(\w+)"', code)) | set(
        re.findall(r'(?:VPC|SCF|CVM), "(\w+)"', code)
    )
    cmq = set(re.findall(r'_(?:call|once)\(\s*"(\w+)"', code))
    return {CAM_NAMES.get(name, name) for name in v3 | cmq}


def test_the_policy_grants_what_the_handler_calls_and_nothing_else() -> None:
    """An action that is added to the code needs a permission, and one that goes from it takes its permission along."""
    repair = {grant.action for grant in grants(json.loads((ROOT / "ops/policies/repair-policy.json").read_text()))}
    assert {action.partition(":")[2] for action in ACTIONS | repair} == called_by_the_handler()


def test_there_is_no_wildcard_in_an_action() -> None:
    """Each action is named."""
    assert not [action for action in ACTIONS if "*" in action]


def test_only_operation_level_apis_are_granted_on_everything() -> None:
    """`*` stands where CAM would take nothing else; the queue's permissions are on this one queue."""
    on_everything = {grant.action.partition(":")[0] for grant in grants(ROLE_POLICY) if grant.resource == "*"}
    assert on_everything == {"vpc", "scf", "cvm"}
    limited = [grant.resource for grant in grants(ROLE_POLICY) if grant.resource != "*"]
    assert limited
    assert all(UIN in resource and resource.endswith("/eni-flowlog-dlq") for resource in limited)


@pytest.mark.parametrize(
    "name", ["tdmq:ap-guangzhou:uin/{uin}:queue/", "cmqqueue:ap-guangzhou:uin/{uin}:queueName/uin/{uin}/"]
)
@pytest.mark.parametrize("action", ["SendMessage", "BatchSendMessage", "BatchReceiveMessage", "BatchDeleteMessage"])
def test_the_queue_is_granted_under_either_of_its_names(name: str, action: str) -> None:
    """The documents give the message API's permissions two names, and which one CAM asks for is not said."""
    service, place = name.partition(":")[0], f"qcs::{name.format(uin=UIN)}"
    assert policy.evaluate([ROLE_POLICY], f"{service}:{action}", f"{place}eni-flowlog-dlq")
    assert not policy.evaluate([ROLE_POLICY], f"{service}:{action}", f"{place}another")


def test_cam_takes_the_policy() -> None:
    """It keeps to CAM's grammar, as an independent implementation of it reads it."""
    assert policy.check_grants(json.dumps(ROLE_POLICY)) == ROLE_POLICY


def test_only_scf_may_take_the_role() -> None:
    """The trust policy names one service."""
    policy.check_trust(json.dumps(documents.trust()))
    assert trusted(documents.trust()) == {"scf.qcloud.com"}


@pytest.mark.parametrize(
    ("mode", "actions"),
    [
        ("off", set()),
        ("enable", {"vpc:EnableFlowLogs"}),
        ("recreate", {"vpc:EnableFlowLogs", "vpc:DeleteFlowLog"}),
    ],
)
def test_what_a_repair_needs_is_granted_only_when_it_is_on(mode: str, actions: set[str]) -> None:
    """FLOWLOG_REPAIR decides: the function can delete a flow log only where it was asked to make it anew."""
    deployment = replace(DEPLOYMENT, variables={**DEPLOYMENT.variables, "FLOWLOG_REPAIR": mode})
    document = documents.role_policy(deployment, UIN)
    policy.check_grants(json.dumps(document))
    assert {grant.action for grant in grants(document)} - ACTIONS == actions
    page = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
    assert all(f"`{action}`" in page for action in actions)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_permission_is_explained(action: str) -> None:
    """docs/deploy.md says of each why it is needed."""
    assert f"`{action}`" in (ROOT / "docs/deploy.md").read_text(encoding="utf-8")


# Reading what an account has ------------------------------------------------------------------------------------------


def document(*actions: str, resource: str = "*", effect: str = "allow") -> dict[str, Any]:
    return {
        "version": "2.0",
        "statement": [{"effect": effect, "action": list(actions), "resource": [resource]}],
    }


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_exactly_the_missing_permission_is_named(action: str) -> None:
    """Without one action, that one is lacking and no other."""
    rest: dict[str, Any] = {"version": "2.0", "statement": []}
    for statement in ROLE_POLICY["statement"]:
        kept = [name for name in statement["action"] if name != f"name/{action}"]
        rest["statement"] += [{**statement, "action": kept}] if kept else []
    assert {grant.action for grant in lacking(ROLE_POLICY, [rest])} == {action}


@pytest.mark.parametrize(
    "given",
    [
        [ROLE_POLICY],
        [document("*")],
        [document("vpc:*", "cvm:*"), document("name/scf:*"), document("tdmq:*", "cmqqueue:*")],
        [{"version": "2.0", "statement": {"effect": "allow", "action": "*", "resource": "*"}}],
    ],
)
def test_wider_policies_suffice(given: list[dict[str, Any]]) -> None:
    """What is allowed by wildcards, by several policies or in CAM's shorter forms is not lacking."""
    assert lacking(ROLE_POLICY, given) == []


def test_a_denial_wins() -> None:
    """What one policy denies is lacking, whatever the others allow."""
    given = [document("*"), document("vpc:CreateFlowLog", effect="deny")]
    assert lacking(ROLE_POLICY, given) == [Grant("vpc:CreateFlowLog", "*")]


def test_a_resource_does_not_cover_everything() -> None:
    """An operation-level API that is granted on one resource is not granted (doc 598/57149)."""
    given = [document("*", resource="qcs::vpc:ap-guangzhou:uin/1:flowLog/*")]
    assert Grant("vpc:CreateFlowLog", "*") in lacking(ROLE_POLICY, given)


def test_another_queue_is_not_ours() -> None:
    """A grant on another queue of the account leaves ours lacking."""
    other = json.loads(json.dumps(ROLE_POLICY).replace("eni-flowlog-dlq", "another"))
    assert {grant.action.partition(":")[0] for grant in lacking(ROLE_POLICY, [other])} == {"tdmq", "cmqqueue"}


@pytest.mark.parametrize("text", ['{"version":"2.0"}', "%7B%22version%22%3A%222.0%22%7D"])
def test_documents_are_read_in_both_forms(text: str) -> None:
    """JSON text, or the same as a part of a URL."""
    assert parse(text) == {"version": "2.0"}


@pytest.mark.parametrize("text", [None, "", "not JSON", "[]"])
def test_what_is_no_document_says_nothing(text: Any) -> None:
    """It grants nothing, and breaks nothing."""
    assert parse(text) == {}
    assert grants(parse(text)) == set()
