"""The function deployed into a local cloud by the product's own code, and what a test asks of it."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ops.deployment import documents
from tests.support import deployment
from tests.support.client import Client
from tests.support.deployment import account_of, deployment_of, deployment_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud
    from localcloud.scf.invoker import Invocation
    from ops.deployment.wanted import Deployment
    from ops.packaging.package import Package

NAME = "eni-flowlog"
QUEUE = "eni-flowlog-dlq"


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0, what: str = "it", pause_s: float = 0.01) -> float:
    """Wait until something is so, looked at each `pause_s`, and return after how many seconds it was."""
    start = time.monotonic()
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < start + seconds, f"{what} did not come about within {seconds:g} s"
        pause.wait(pause_s)
    return time.monotonic() - start


@dataclass
class Deployed:
    """The deployed function and what a test asks of it."""

    cloud: LocalCloud
    call: Client
    wanted: Deployment

    def attached_interface(self, region: str) -> str:
        """Make an interface that is attached, as a user does, and return its id."""
        vpc_id, subnet_id = self.cloud.network_of(region)
        reply = self.call(
            "vpc",
            "CreateAndAttachNetworkInterface",
            region,
            NetworkInterfaceName="made-by-a-user",
            VpcId=vpc_id,
            SubnetId=subnet_id,
            InstanceId=self.cloud.seed_instance(region),
        )
        return str(reply["NetworkInterface"]["NetworkInterfaceId"])

    def covered(self, region: str, interface_id: str) -> bool:
        """Whether an interface has its flow log, and only one."""
        return len(self.cloud.flow_logs_of(region, interface_id)) == 1

    def permit_all(self, *but: str) -> None:
        """Give the role its policy as deployed, without some actions."""
        for policy in self.call("cam", "ListPolicies", Scope="Local")["List"]:
            document = role_policy(self.cloud, *but)
            self.call("cam", "UpdatePolicy", PolicyId=policy["PolicyId"], PolicyDocument=document)

    def invocations(self) -> list[Invocation]:
        """The function's runs so far."""
        return [run for run in self.cloud.scf.invocations if run.function == NAME]

    def letters(self) -> list[dict[str, Any]]:
        """What lies on the dead-letter queue."""
        return [json.loads(body) for body in self.cloud.messages(QUEUE)]


def environment(cloud: LocalCloud, **changes: str) -> dict[str, str]:
    """The function's settings; a change to "" takes a variable away."""
    variables = {
        "FLOWLOG_TOPIC_ID": cloud.topic_id,
        "FLOWLOG_TOPIC_REGION": cloud.region,
        "FLOWLOG_API_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_QUEUE": QUEUE,
        **changes,
    }
    return {key: value for key, value in variables.items() if value}


def role_policy(cloud: LocalCloud, *without: str) -> str:
    """The role's policy as deployed, without some actions, under whichever product they are granted (`SendMessage`)."""
    document = documents.role_policy(deployment_of({"TENCENTCLOUD_REGION": cloud.region}), cloud.uin)
    for statement in document["statement"]:
        statement["action"] = [action for action in statement["action"] if action.rpartition(":")[2] not in without]
    document["statement"] = [statement for statement in document["statement"] if statement["action"]]
    return json.dumps(document)


def make_role(call: Client) -> None:
    """Make the execution role with its policy."""
    call("cam", "CreateRole", RoleName=NAME, PolicyDocument=json.dumps(documents.trust()))
    policy_id = call("cam", "CreatePolicy", PolicyName=NAME, PolicyDocument=role_policy(call.cloud))["PolicyId"]
    call("cam", "AttachRolePolicy", PolicyId=policy_id, AttachRoleName=NAME)


def make_function(call: Client, code: bytes, variables: dict[str, str], **changes: Any) -> None:
    """Make a function that is not the product's, and wait until it is Active."""
    fields = {
        "FunctionName": NAME,
        "Code": {"ZipFile": base64.b64encode(code).decode()},
        "Handler": "index.main_handler",
        "Runtime": "Python3.10",
        "MemorySize": 64,
        "Timeout": 300,  # as in serverless.yml
        "InitTimeout": 30,
        "Namespace": "default",
        "Role": NAME,
        "Environment": {"Variables": [{"Key": key, "Value": value} for key, value in variables.items()]},
        "DeadLetterConfig": {"Type": "CMQ-QUEUE", "Name": QUEUE},
        **changes,
    }
    call("scf", "CreateFunction", **{key: value for key, value in fields.items() if value is not None})
    name = fields["FunctionName"]  # asked for seldom enough for the documented limit
    wait_until(lambda: call("scf", "GetFunction", FunctionName=name)["Status"] == "Active", pause_s=0.1)


def deploy(
    cloud: LocalCloud,
    package: Package,
    *,
    without: tuple[str, ...] = (),
    timeout_s: int = 300,
    sweep: bool = False,
    alarm_webhook: str = "",
    **changes: str,
) -> Deployed:
    """Deploy the function with its surroundings, as `eni-flowlog deploy` does.

    Args:
        cloud: where to.
        package: what runs.
        without: what its role may not do, of all that the function does.
        timeout_s: the function's time limit, by default as in serverless.yml.
        sweep: whether the timer goes off; a sweep that nobody expects would cover what an event was to cover.
        alarm_webhook: whom alarms call; nobody by default, and then there are none.
        changes: settings that differ; "" takes one away.
    """
    by_file = deployment_to(cloud)
    variables = {name: value for name, value in {**by_file.variables, **changes}.items() if value}
    timer = replace(by_file.timer, enabled=sweep)
    wanted = replace(
        by_file, region=cloud.region, timeout=timeout_s, variables=variables, timer=timer, alarm_webhook=alarm_webhook
    )
    deployment.deploy(wanted, account_of(cloud), package.archive)
    deployed = Deployed(cloud, Client(cloud), wanted)
    if without:
        deployed.permit_all(*without)
    return deployed
