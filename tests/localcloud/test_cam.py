"""CAM: roles and policies, and that they are enforced on whoever bears a role's keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.credential import Credential

from tests.support.client import Client, Cmq
from tests.support.platform_replies import ALLOW, TRUST

if TYPE_CHECKING:
    from localcloud import LocalCloud

ROLE = {"RoleName": "role"}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"version": "2.0", "statement": list(statements)})


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"effect": "allow", "action": list(actions), "resource": [resource]}


def trusting(**principal: list[str]) -> str:
    return document({"effect": "allow", "action": "name/sts:AssumeRole", "principal": principal})


def make_role(call: Client, *statements: dict[str, Any], name: str = "role") -> int:
    """Make a role with a policy of these statements."""
    call("cam", "CreateRole", RoleName=name, PolicyDocument=json.dumps(TRUST))
    policy = int(call("cam", "CreatePolicy", PolicyName=name, PolicyDocument=document(*statements))["PolicyId"])
    call("cam", "AttachRolePolicy", PolicyId=policy, AttachRoleName=name)
    return policy


def as_role(cloud: LocalCloud, name: str = "role") -> Client:
    keys = cloud.issue_keys(name, 3600)
    return Client(cloud, Credential(keys.secret_id, keys.secret_key, keys.token))


def cmq_as_role(cloud: LocalCloud, name: str = "role") -> Cmq:
    keys = cloud.issue_keys(name, 3600)
    return Cmq(cloud, keys.secret_id, keys.secret_key, keys.token or "")


# Roles and policies ---------------------------------------------------------------------------------------------------


def test_a_role_is_made_described_and_deleted(call: Client, cloud: LocalCloud) -> None:
    made = call("cam", "CreateRole", **ROLE, PolicyDocument=json.dumps(TRUST), Description="d")
    shown = call("cam", "GetRole", **ROLE)["RoleInfo"]
    assert (shown["RoleId"], shown["RoleName"], shown["Description"]) == (made["RoleId"], "role", "d")
    assert json.loads(shown["PolicyDocument"]) == TRUST
    assert shown["RoleArn"] == f"qcs::cam::uin/{cloud.uin}:roleName/role"
    call("cam", "UpdateAssumeRolePolicy", RoleId=made["RoleId"], PolicyDocument=trusting(service=["a.qcloud.com"]))
    assert "a.qcloud.com" in call("cam", "GetRole", **ROLE)["RoleInfo"]["PolicyDocument"]
    call("cam", "DeleteRole", **ROLE)
    gone = ("InvalidParameter.RoleNotExist", "The role `role` does not exist.")
    for action in ("GetRole", "DeleteRole"):
        assert call.refused("cam", action, **ROLE) == gone


def test_a_policy_is_made_described_attached_and_deleted(call: Client) -> None:
    policy = make_role(call, allow("vpc:*"))
    shown = call("cam", "GetPolicy", PolicyId=policy)
    assert (shown["PolicyName"], shown["Type"]) == ("role", 1)
    assert json.loads(shown["PolicyDocument"])["statement"] == [allow("vpc:*")]
    attached = call("cam", "ListAttachedRolePolicies", **ROLE, Page=1, Rp=10)
    assert [(one["PolicyId"], one["PolicyType"]) for one in attached["List"]] == [(policy, "User")]
    assert call("cam", "ListPolicies", Scope="Local", Keyword="rol")["TotalNum"] == 1
    call("cam", "UpdatePolicy", PolicyId=policy, PolicyDocument=json.dumps(ALLOW), Description="e")
    assert call("cam", "GetPolicy", PolicyId=policy)["Description"] == "e"
    call("cam", "DetachRolePolicy", PolicyId=policy, DetachRoleName="role")
    assert call("cam", "ListAttachedRolePolicies", **ROLE, Page=1, Rp=10)["TotalNum"] == 0
    call("cam", "DeletePolicy", PolicyId=[policy])
    assert call.refused("cam", "GetPolicy", PolicyId=policy) == (
        "ResourceNotFound.PolicyIdNotFound",
        f"The policy `{policy}` does not exist.",
    )


def test_a_policy_named_twice_is_deleted_once(call: Client) -> None:
    policy = make_role(call, allow("vpc:*"))
    call("cam", "DeletePolicy", PolicyId=[policy, policy])
    assert call.refused("cam", "GetPolicy", PolicyId=policy)[0] == "ResourceNotFound.PolicyIdNotFound"


@pytest.mark.parametrize(
    ("action", "params", "code", "message"),
    [
        (
            "CreateRole",
            {"RoleName": "a b", "PolicyDocument": json.dumps(TRUST)},
            "InvalidParameter.RoleNameError",
            "The role name `a b` is not valid.",
        ),
        (
            "CreateRole",
            {"RoleName": "local-role", "PolicyDocument": json.dumps(TRUST)},
            "InvalidParameter.RoleNameInUse",
            "The role `local-role` exists already.",
        ),
        (
            "CreateRole",
            {"RoleName": "x", "PolicyDocument": json.dumps(ALLOW)},
            "InvalidParameter.StatementError",
            "a statement has unknown elements: resource",
        ),
        (
            "CreatePolicy",
            {"PolicyName": "x", "PolicyDocument": document({"effect": "allow", "action": ["vpc"], "resource": ["*"]})},
            "InvalidParameter.ActionError",
            "action 'vpc' is not of the form [name/]service:Action",
        ),
        (
            "CreatePolicy",
            {"PolicyName": "AdministratorAccess", "PolicyDocument": json.dumps(ALLOW)},
            "FailedOperation.PolicyNameInUse",
            "The policy `AdministratorAccess` exists already.",
        ),
        (
            "AttachRolePolicy",
            {"PolicyId": 9, "AttachRoleName": "local-role"},
            "ResourceNotFound.PolicyIdNotFound",
            "The policy `9` does not exist.",
        ),
        ("GetRole", {}, "InvalidParameter.ParamError", "One of the role's name and id must be given."),
        (
            "UpdatePolicy",
            {"PolicyId": 1, "PolicyDocument": json.dumps(ALLOW)},
            "InvalidParameter.PolicyIdError",
            "The policy `AdministratorAccess` is a preset one.",
        ),
        ("ListPolicies", {"Scope": "x"}, "InvalidParameter.ScopeError", "The scope `x` is not one of All, QCS, Local."),
    ],
)
def test_what_is_wrong_is_refused(call: Client, action: str, params: dict[str, Any], code: str, message: str) -> None:
    assert call.refused("cam", action, **params) == (code, message)


# Enforcement ----------------------------------------------------------------------------------------------------------


def test_the_account_may_do_everything_and_a_role_nothing_without_a_policy(cloud: LocalCloud, call: Client) -> None:
    call("cam", "CreateRole", **ROLE, PolicyDocument=json.dumps(TRUST))
    assert call("vpc", "DescribeVpcs")["TotalCount"] == 1
    assert as_role(cloud).refused("vpc", "DescribeVpcs") == (
        "UnauthorizedOperation",
        "you are not authorized to perform operation (vpc:DescribeVpcs)\nresource (*) has no permission\n",
    )


def test_a_policy_allows_what_it_names_and_a_deny_wins(
    cloud: LocalCloud, call: Client, flow_log: dict[str, Any]
) -> None:
    policy = make_role(call, allow("name/vpc:Describe*", "vpc:CreateFlowLog"))
    role = as_role(cloud)
    assert role("vpc", "DescribeVpcs")["TotalCount"] == 1
    assert role("vpc", "CreateFlowLog", **flow_log)["FlowLog"]
    deny = {"effect": "deny", "action": ["vpc:DescribeVpcs"], "resource": ["*"]}
    call("cam", "UpdatePolicy", PolicyId=policy, PolicyDocument=document(allow("vpc:*"), deny))
    assert role.refused("vpc", "DescribeVpcs")[0] == "UnauthorizedOperation"
    assert role("vpc", "DescribeSubnets")["TotalCount"] == 1
    call("cam", "DetachRolePolicy", PolicyId=policy, DetachRoleName="role")
    assert role.refused("vpc", "DescribeSubnets")[0] == "UnauthorizedOperation"


def test_invoke_is_granted_as_invoke_function(cloud: LocalCloud, call: Client) -> None:
    """The names in the documents differ: the API is Invoke, the permission InvokeFunction."""
    make_role(call, allow("scf:InvokeFunction"))
    assert as_role(cloud).refused("scf", "Invoke", FunctionName="none")[0] == "ResourceNotFound.Function"
    make_role(call, allow("scf:Invoke"), name="other")
    assert as_role(cloud, "other").refused("scf", "Invoke", FunctionName="none") == (
        "UnauthorizedOperation",
        "you are not authorized to perform operation (scf:InvokeFunction)\nresource (*) has no permission\n",
    )


@pytest.mark.parametrize(
    ("service", "resource"),
    [
        ("tdmq", "qcs::tdmq:ap-guangzhou:uin/{uin}:queue/mine"),
        ("cmqqueue", "qcs::cmqqueue:::queueName/uin/{uin}/mine"),
    ],
)
def test_the_message_api_is_checked_for_the_queue(cloud: LocalCloud, call: Client, service: str, resource: str) -> None:
    """Under the name that newer documents give it, or, by a switch, the older one."""
    cloud.behaviour.queue_service = service
    make_role(call, allow(f"{service}:SendMessage", resource=resource.format(uin=cloud.uin)))
    for name in ("mine", "yours"):
        cloud.seed_queue(name)
    send = cmq_as_role(cloud)
    assert send("SendMessage", queueName="mine", msgBody="m")["code"] == 0
    refused = send("SendMessage", queueName="yours", msgBody="m")
    assert refused["code"] == 4100
    assert f"not authorized to perform operation ({service}:SendMessage)" in refused["message"]
    assert send("BatchReceiveMessage", queueName="mine", numOfMsg=1)["code"] == 4100


def test_the_message_api_is_checked_for_the_queue_s_own_region(cloud: LocalCloud, call: Client) -> None:
    """A role that may use the queue of its region may not use one of another."""
    make_role(call, allow("tdmq:SendMessage", resource=f"qcs::tdmq:ap-shanghai:uin/{cloud.uin}:queue/*"))
    cloud.seed_queue("mine", "ap-shanghai")
    cloud.seed_queue("yours", "ap-beijing")
    send = cmq_as_role(cloud)
    assert send("SendMessage", queueName="mine", msgBody="m")["code"] == 0
    refused = send("SendMessage", queueName="yours", msgBody="m")
    assert (refused["code"], "qcs::tdmq:ap-beijing:" in refused["message"]) == (4100, True)


def test_only_those_whom_a_role_trusts_can_take_it(cloud: LocalCloud, call: Client) -> None:
    call("cam", "CreateRole", **ROLE, PolicyDocument=json.dumps(TRUST))
    arn = f"qcs::cam::uin/{cloud.uin}:roleName/role"
    assert call.refused("sts", "AssumeRole", RoleArn=arn, RoleSessionName="se") == (
        "UnauthorizedOperation",
        f"you are not authorized to perform operation (sts:AssumeRole)\nresource ({arn}) has no permission\n",
    )
    root = trusting(qcs=[f"qcs::cam::uin/{cloud.uin}:root"])
    call("cam", "UpdateAssumeRolePolicy", **ROLE, PolicyDocument=root)
    assert call("sts", "AssumeRole", RoleArn=arn, RoleSessionName="se")["Credentials"]["Token"]


def test_the_sessions_of_a_deleted_role_may_do_nothing(cloud: LocalCloud, call: Client) -> None:
    make_role(call, allow("vpc:*"))
    role = as_role(cloud)
    call("cam", "DeleteRole", **ROLE)
    assert role.refused("vpc", "DescribeVpcs")[0] == "UnauthorizedOperation"


def test_permission_is_checked_before_parameters(cloud: LocalCloud, call: Client) -> None:
    make_role(call, allow("vpc:CreateVpc"))
    role = as_role(cloud)
    assert role.refused("vpc", "DescribeVpcs", Nothing=1)[0] == "UnauthorizedOperation"
    assert role.refused("vpc", "CreateVpc", Nothing=1)[0] == "UnknownParameter"
