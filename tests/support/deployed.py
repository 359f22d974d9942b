"""The function deployed into a local cloud by the API, as a user would do it: role, queue, function, rule, target."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from ops import config
from ops.deployment import documents
from tests.support.services import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud
    from localcloud.scf.engine import Invocation

NAME = "eni-flowlog"
QUEUE = "eni-flowlog-dlq"
PATTERN = {
    "source": ["vpc.cloud.tencent", "cvm.cloud.tencent"],
    "data": {
        "eventName": [
            "CreateNetworkInterface",
            "CreateAndAttachNetworkInterface",
            "AttachNetworkInterface",
            "MigrateNetworkInterface",
            "RunInstances",
        ]
    },
}


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0, what: str = "it", pause_s: float = 0.01) -> float:
    """Wait until something is so, looked at each `pause_s`, and return after how many seconds it was."""
    start = time.monotonic()
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < start + seconds, f"{what} did not come about within {seconds:g} s"
        pause.wait(pause_s)
    return time.monotonic() - start


@dataclass
class Signed:
    """A client that signs with the account's keys, or others."""

    cloud: LocalCloud
    keys: tuple[str, ...] = ()
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def __call__(self, service: str, action: str, region: str | None = None, /, **params: Any) -> dict[str, Any]:
        key = (service, region or self.cloud.region)
        if key not in self.clients:
            http = HttpProfile(protocol="http", endpoint=self.cloud.endpoint.removeprefix("http://"), keepAlive=True)
            credential = Credential(*(self.keys or (self.cloud.secret_id, self.cloud.secret_key)))
            profile = ClientProfile(httpProfile=http, language="en-US")
            self.clients[key] = CommonClient(service, VERSIONS[service], credential, key[1], profile)
        reply: dict[str, Any] = self.clients[key].call_json(action, params)["Response"]
        return reply


@dataclass
class Deployed:
    """The deployed function and what a test asks of it."""

    cloud: LocalCloud
    call: Signed
    bus_id: str = ""
    rule_id: str = ""
    target_id: str = ""
    policy_id: int = 0

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
        "FLOWLOG_API_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_QUEUE": QUEUE,
        **changes,
    }
    return {key: value for key, value in variables.items() if value}


def role_policy(cloud: LocalCloud, *without: str) -> str:
    """The role's policy as deployed, without some actions, under whichever product they are granted (`SendMessage`)."""
    document = documents.role_policy(config.load({"TENCENTCLOUD_REGION": cloud.region}), cloud.uin)
    for statement in document["statement"]:
        statement["action"] = [action for action in statement["action"] if action.rpartition(":")[2] not in without]
    document["statement"] = [statement for statement in document["statement"] if statement["action"]]
    return json.dumps(document)


def make_role(call: Signed, *without: str) -> int:
    """Make the execution role with its policy, all but some actions, and return the policy's id."""
    call("cam", "CreateRole", RoleName=NAME, PolicyDocument=json.dumps(documents.trust()))
    document = role_policy(call.cloud, *without)
    policy_id = int(call("cam", "CreatePolicy", PolicyName=NAME, PolicyDocument=document)["PolicyId"])
    call("cam", "AttachRolePolicy", PolicyId=policy_id, AttachRoleName=NAME)
    return policy_id


def make_function(call: Signed, code: bytes, variables: dict[str, str], **changes: Any) -> None:
    """Make the function and wait until it is Active."""
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
    cloud: LocalCloud, code: bytes, *, without: tuple[str, ...] = (), timeout_s: int = 300, **changes: str
) -> Deployed:
    """Deploy the function with its surroundings.

    Args:
        cloud: where to.
        code: the package's zip.
        without: what its role may not do, of all that the function does.
        timeout_s: the function's time limit, by default as in serverless.yml.
        changes: settings that differ.
    """
    call = Signed(cloud)
    deployed = Deployed(cloud, call, policy_id=make_role(call, *without))
    call("tdmq", "CreateCmqQueue", QueueName=QUEUE, MsgRetentionSeconds=43_200)
    make_function(call, code, environment(cloud, **changes), Timeout=timeout_s)
    buses = call("eb", "ListEventBuses", Filters=[{"Name": "Type", "Values": ["Cloud"]}])["EventBuses"]
    deployed.bus_id = buses[0]["EventBusId"]
    deployed.rule_id = call(
        "eb", "CreateRule", EventBusId=deployed.bus_id, RuleName=NAME, EventPattern=json.dumps(PATTERN)
    )["RuleId"]
    resource = f"qcs::scf:{cloud.region}:uin/{cloud.uin}:namespace/default/function/{NAME}/$DEFAULT"
    deployed.target_id = call(
        "eb",
        "CreateTarget",
        EventBusId=deployed.bus_id,
        RuleId=deployed.rule_id,
        Type="scf",
        TargetDescription={"ResourceDescription": resource},
    )["TargetId"]
    return deployed
