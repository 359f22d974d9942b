"""Every action held against the platform's own schema, which tccli carries: an oracle not of our making."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.services import all_actions
from tests.support import platform_replies, platform_schema
from tests.support.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.actions import Action

ACTIONS = {f"{action.api.name}.{action.name}": action for action in all_actions()}
SCALARS: dict[str, Any] = {"string": str, "int": int, "float": (int, float), "bool": bool}


def members(action: Action, name: str) -> dict[str, dict[str, Any]]:
    """Return the members of one of the schema's objects, by name."""
    return {
        one["name"]: one
        for one in platform_schema.schema(action.api.name, action.api.version)["objects"][name]["members"]
    }


def test_what_is_taken_is_the_platform_s_own_schema() -> None:
    """Each action's parameters, with type and requiredness, and the names of all that only the platform can do."""
    renew = "renew it: python -m tests.support.platform_schema"
    assert json.loads(platform_schema.FILE.read_text(encoding="utf-8")) == platform_schema.platform(), renew


def strangers(action: Action, value: dict[str, Any], object_name: str, path: str = "") -> list[str]:
    """Return the fields of a reply that the schema does not have, or has with another type."""
    wanted = members(action, object_name)
    found = [f"{path}{name}: not in the schema" for name in value.keys() - wanted.keys()]
    for name in value.keys() & wanted.keys():
        found += _mistyped(action, value[name], wanted[name], f"{path}{name}")
    return found


def _mistyped(action: Action, value: Any, member: dict[str, Any], path: str) -> list[str]:
    if value is None:
        allowed = member.get("value_allowed_null") or "null" in member["document"]
        return [] if allowed else [f"{path}: null"]
    if member["type"] == "list":
        one = {"type": "object" if member["member"] not in _scalar_names() else _type_of(member["member"])}
        if not isinstance(value, list):
            return [f"{path}: not a list"]
        return [
            problem
            for index, item in enumerate(value)
            for problem in _mistyped(action, item, {**member, **one}, f"{path}.{index}")
        ]
    if member["type"] == "object":
        return (
            strangers(action, value, member["member"], f"{path}.") if isinstance(value, dict) else [f"{path}: {value}"]
        )
    right = isinstance(value, SCALARS[member["type"]]) and isinstance(value, bool) == (member["type"] == "bool")
    return [] if right else [f"{path}: {value!r} is not {member['type']}"]


def _scalar_names() -> set[str]:
    return {"string", "int64", "uint64", "float", "bool", "datetime", "datetime_iso"}


def _type_of(member: str) -> str:
    return {"int64": "int", "uint64": "int", "float": "float", "bool": "bool"}.get(member, "string")


def network_replies(call: Client, cloud: LocalCloud) -> None:
    """Do each action of vpc and cvm with success."""
    vpc = call("vpc", "CreateVpc", VpcName="v", Tags=[{"Key": "k", "Value": "v"}])["Vpc"]["VpcId"]
    subnet = call("vpc", "CreateSubnet", VpcId=vpc, SubnetName="s", Zone="ap-guangzhou-3")["Subnet"]["SubnetId"]
    for action in ("DescribeVpcs", "DescribeSubnets"):
        call("vpc", action)
    call("vpc", "DeleteSubnet", SubnetId=subnet)
    call("vpc", "DeleteVpc", VpcId=vpc)
    place = {"VpcId": cloud.vpc_id, "SubnetId": cloud.subnet_id}
    run = {"Placement": {"Zone": "ap-guangzhou-3"}, "ImageId": "img-1", "VirtualPrivateCloud": place}
    one, two = call("cvm", "RunInstances", **run, InstanceCount=2)["InstanceIdSet"]
    call("cvm", "DescribeInstances")
    call("cvm", "DescribeRegions")
    for action in ("StopInstances", "StartInstances"):
        call("cvm", action, InstanceIds=[one])
    new = {**place, "NetworkInterfaceName": "n", "Tags": [{"Key": "k", "Value": "v"}]}
    loose = call("vpc", "CreateNetworkInterface", **new)["NetworkInterface"]["NetworkInterfaceId"]
    call("vpc", "CreateAndAttachNetworkInterface", **new, InstanceId=one)
    call("vpc", "AttachNetworkInterface", NetworkInterfaceId=loose, InstanceId=one)
    call("vpc", "MigrateNetworkInterface", NetworkInterfaceId=loose, SourceInstanceId=one, DestinationInstanceId=two)
    flow_log_replies(call, cloud, loose)
    call("vpc", "DescribeNetworkInterfaces")
    call("vpc", "DetachNetworkInterface", NetworkInterfaceId=loose, InstanceId=two)
    call("vpc", "DescribeNetworkInterfaces")
    call("vpc", "DeleteNetworkInterface", NetworkInterfaceId=loose)
    call("cvm", "TerminateInstances", InstanceIds=[one, two])


def flow_log_replies(call: Client, cloud: LocalCloud, interface: str) -> None:
    params = {"ResourceType": "NETWORKINTERFACE", "ResourceId": interface, "VpcId": cloud.vpc_id, "TrafficType": "ALL"}
    tags = [{"Key": "k", "Value": "v"}]
    made = call("vpc", "CreateFlowLog", **params, FlowLogName="n", CloudLogId=cloud.topic_id, Tags=tags)
    flow_log = made["FlowLog"][0]["FlowLogId"]
    call("vpc", "DescribeFlowLogs")
    for action in ("DisableFlowLogs", "EnableFlowLogs"):
        call("vpc", action, FlowLogIds=[flow_log])
    call("vpc", "ModifyFlowLogAttribute", FlowLogId=flow_log, VpcId=cloud.vpc_id, FlowLogName="m")
    call("vpc", "DeleteFlowLog", FlowLogId=flow_log, VpcId=cloud.vpc_id)


def other_replies(call: Client, cloud: LocalCloud) -> None:
    """Do each action of sts and tdmq with success."""
    call("sts", "GetCallerIdentity")
    call("sts", "AssumeRole", RoleArn=f"qcs::cam::uin/{cloud.uin}:roleName/local-role", RoleSessionName="se")
    call("tdmq", "CreateCmqQueue", QueueName="q", Tags=[{"TagKey": "k", "TagValue": "v"}])
    call("tdmq", "DescribeCmqQueues")
    call("tdmq", "DescribeCmqQueueDetail", QueueName="q")
    call("tdmq", "ModifyCmqQueueAttribute", QueueName="q", VisibilityTimeout=5)
    call("tdmq", "DeleteCmqQueue", QueueName="q")


SERVICES: dict[str, Callable[[Client, LocalCloud], None]] = {
    "vpc": network_replies,
    "cvm": network_replies,
    "sts": other_replies,
    "tdmq": other_replies,
    **platform_replies.SCENARIOS,
}
"""What does each action of a service with success; a new service adds its own."""


class Recorder(Client):
    """A client that keeps each reply."""

    def __call__(self, service: str, action: str, region: str | None = None, /, **params: Any) -> dict[str, Any]:
        reply = super().__call__(service, action, region, **params)
        self.options.setdefault("replies", {}).setdefault(f"{service}.{action}", []).append(reply)
        return reply


@pytest.fixture(scope="module")
def replies() -> dict[str, list[dict[str, Any]]]:
    with LocalCloud(enforce_limits=False) as cloud:
        cloud.behaviour.time_scale = 0
        recorder = Recorder(cloud)
        for scenario in dict.fromkeys(SERVICES.values()):
            scenario(recorder, cloud)
    found = recorder.options["replies"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", ACTIONS)
def test_replies_are_those_of_the_schema(name: str, replies: dict[str, list[dict[str, Any]]]) -> None:
    """Each field a real reply holds is in the schema, with its type, however deep."""
    action = ACTIONS[name]
    output = platform_schema.schema(action.api.name, action.api.version)["actions"][action.name]["output"]
    assert replies[name]
    for reply in replies[name]:
        assert strangers(action, reply, output) == []


def test_the_oracle_notices(replies: dict[str, list[dict[str, Any]]]) -> None:
    """The checks above fail when they should."""
    action = ACTIONS["vpc.CreateFlowLog"]
    reply = json.loads(json.dumps(replies["vpc.CreateFlowLog"][0]))
    reply["FlowLog"][0] |= {"Colour": "red", "Enable": "true", "FlowLogStorage": []}
    assert sorted(strangers(action, reply, "CreateFlowLogResponse")) == [
        "FlowLog.0.Colour: not in the schema",
        "FlowLog.0.Enable: 'true' is not bool",
        "FlowLog.0.FlowLogStorage: []",
    ]
