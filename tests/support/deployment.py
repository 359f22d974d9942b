"""A deployment of the project's own serverless.yml to a local cloud."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

from handler.settings import Credentials
from ops import config
from ops.deployment import documents, wanted
from ops.deployment.assembly import plan_deployment, plan_removal
from ops.deployment.cloud import CAM, EB, EB_REGION, SCF, TDMQ, VPC, Cloud

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from handler.cloud.api import Service
    from localcloud import LocalCloud
    from ops.deployment.step import Step, Verb
    from ops.deployment.wanted import Deployment

REGION = "ap-guangzhou"
NAME = "eni-flowlog"
QUEUE = "eni-flowlog-dlq"
KEYS = {"TENCENTCLOUD_SECRET_ID": "AKIDx", "TENCENTCLOUD_SECRET_KEY": "k"}


def shell(local: LocalCloud, **changes: str) -> dict[str, str]:
    """What an operator has set who deploys to a local cloud. A change to "" takes a variable away."""
    variables = {
        "TENCENTCLOUD_SECRET_ID": local.secret_id,
        "TENCENTCLOUD_SECRET_KEY": local.secret_key,
        "TENCENTCLOUD_REGION": REGION,
        "FLOWLOG_TOPIC_ID": local.topic_id,
        "FLOWLOG_API_ENDPOINT": local.endpoint,
        "FLOWLOG_DLQ_ENDPOINT": local.endpoint,
        **changes,
    }
    return {name: value for name, value in variables.items() if value}


def deployment_to(local: LocalCloud, **changes: str) -> Deployment:
    """What serverless.yml says there should be in a local cloud."""
    return deployment_of(shell(local, **changes))


def deployment_of(variables: Mapping[str, str], path: Path = config.FILE) -> Deployment:
    """What serverless.yml says there should be, with some variables in the shell."""
    return wanted.deployment_of(config.read_file(path, {**KEYS, **variables}))


def account_of(local: LocalCloud, secret_key: str = "", region: str = REGION) -> Cloud:
    """A local cloud, as the operator's command calls it."""
    keys = Credentials(local.secret_id, secret_key or local.secret_key)
    return Cloud(lambda: keys, region, local.endpoint)


def deploy(deployment: Deployment, cloud: Cloud, package: Path) -> Sequence[Step]:
    """Deploy as the command does, without a question, and return the steps of the plan that was carried out."""
    plan = plan_deployment(deployment, cloud, package)
    plan.refuse_conflicts()
    plan.carry_out(lambda _: None)
    return plan.steps


def remove(deployment: Deployment, cloud: Cloud) -> Sequence[Step]:
    """Remove as the command does, without a question; flow logs stay."""
    plan = plan_removal(deployment, cloud)
    plan.carry_out(lambda _: None)
    return plan.steps


def invoke(account: Cloud, command: str) -> None:
    """Run a command in the deployed function, which must end well."""
    run = {"FunctionName": NAME, "ClientContext": json.dumps({"command": command}), "InvocationType": "RequestResponse"}
    assert not account.call(SCF, "Invoke", run)["Result"]["ErrMsg"]


def small_package(folder: Path, content: str = "def main_handler(event, context): return {}\n") -> Path:
    """A package that SCF would take; for tests that do not run it."""
    archive = folder / "function.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(zipfile.ZipInfo("index.py", (1980, 1, 1, 0, 0, 0)), content)
    return archive


def writes(local: LocalCloud) -> list[str]:
    """The calls so far that changed something, or tried to."""
    return [call.action for call in local.calls if not call.action.startswith(("Describe", "Get", "List", "Invoke"))]


def state(account: Cloud) -> dict[str, Any]:
    """All that a deployment leaves behind, without ids and times."""
    [bus] = account.pages(EB, "ListEventBuses", "EventBuses", region=EB_REGION)
    on_bus = {"EventBusId": bus["EventBusId"]}
    rules = list(account.pages(EB, "ListRules", "Rules", on_bus, EB_REGION))
    targets = [
        target["TargetDescription"]["ResourceDescription"]
        for rule in rules
        for target in account.pages(EB, "ListTargets", "Targets", {**on_bus, "RuleId": rule["RuleId"]}, EB_REGION)
    ]
    return {
        "role": account.find(CAM, "GetRole", {"RoleName": NAME}) is not None,
        "attached": names(account, CAM, "ListAttachedRolePolicies", "List", RoleName=NAME, Page=1, Rp=200),
        "policies": names(account, CAM, "ListPolicies", "List", Scope="Local"),
        "queues": names(account, TDMQ, "DescribeCmqQueues", "QueueList"),
        "functions": names(account, SCF, "ListFunctions", "Functions"),
        "timers": names(account, SCF, "ListTriggers", "Triggers", FunctionName=NAME),
        "rules": [rule["RuleName"] for rule in rules],
        "targets": targets,
    }


def names(account: Cloud, service: Service, action: str, key: str, **params: Any) -> list[str]:
    """The names of all that a list gives; nothing where what it is of is not there."""
    reply = account.find(service, action, params) or {}
    fields = ("PolicyName", "QueueName", "TriggerName", "FunctionName", "FlowLogName")
    return [next(str(entry[field]) for field in fields if field in entry) for entry in reply.get(key) or []]


def flow_logs(account: Cloud, region: str = REGION) -> list[dict[str, Any]]:
    """A region's flow logs."""
    return list(account.pages(VPC, "DescribeFlowLogs", "FlowLog", region=region))


# What one deployment calls to write, in order: the same list is where the runs of the tests break off.
WRITES = (
    "CreateRole",
    "CreatePolicy",
    "AttachRolePolicy",
    "CreateCmqQueue",
    "CreateFunction",
    "CreateTrigger",
    "CreateRule",
    "CreateTarget",
)
REMOVALS = (
    "DeleteTarget",
    "DeleteRule",
    "DeleteTrigger",
    "DeleteFunction",
    "DeleteCmqQueue",
    "DetachRolePolicy",
    "DeletePolicy",
    "DeleteRole",
)
NOTHING: dict[str, Any] = {
    "role": False,
    "attached": [],
    "policies": [],
    "queues": [],
    "functions": [],
    "timers": [],
    "rules": [],
    "targets": [],
}


def verbs(steps: Sequence[Step]) -> set[Verb]:
    return {step.verb for step in steps}


def complete(cloud: LocalCloud) -> dict[str, Any]:
    """What a deployment leaves behind when it is whole."""
    target = f"qcs::scf:{REGION}:uin/{cloud.uin}:namespace/default/function/{NAME}/$DEFAULT"
    return {
        "role": True,
        "attached": [NAME],
        "policies": [NAME],
        "queues": [QUEUE],
        "functions": [NAME],
        "timers": ["sweep"],
        "rules": [NAME],
        "targets": [target],
    }


def without(account: Cloud, action: str, wanted: Deployment) -> None:
    """Take an action out of the role's policy."""
    document = documents.role_policy(wanted, account.uin)
    for statement in document["statement"]:
        statement["action"] = [name for name in statement["action"] if name != f"name/{action}"]
    document["statement"] = [statement for statement in document["statement"] if statement["action"]]
    [policy] = account.call(CAM, "ListPolicies", {"Scope": "Local"})["List"]
    account.call(CAM, "UpdatePolicy", {"PolicyId": policy["PolicyId"], "PolicyDocument": json.dumps(document)})
