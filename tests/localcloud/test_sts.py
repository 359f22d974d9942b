"""STS: who am I, and keys of a role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from tencentcloud.common.credential import Credential

from tests.support.client import Client, Cmq

if TYPE_CHECKING:
    from localcloud import LocalCloud


def role_arn(cloud: LocalCloud) -> str:
    return f"qcs::cam::uin/{cloud.uin}:roleName/local-role"


def test_the_account_knows_itself(call: Client, cloud: LocalCloud) -> None:
    reply = call("sts", "GetCallerIdentity")
    assert (reply["AccountId"], reply["UserId"], reply["Type"]) == (cloud.uin, cloud.uin, "CAMUser")


def test_a_roles_keys_work_until_they_end(call: Client, cloud: LocalCloud) -> None:
    reply = call("sts", "AssumeRole", RoleArn=role_arn(cloud), RoleSessionName="night", DurationSeconds=60)
    keys = reply["Credentials"]
    assert keys["TmpSecretId"].startswith("AKID")
    assert reply["Expiration"].endswith("Z")
    session = Client(cloud, Credential(keys["TmpSecretId"], keys["TmpSecretKey"], keys["Token"]))
    who = session("sts", "GetCallerIdentity")
    assert who["Type"] == "CAMRole"
    assert who["UserId"].endswith(":night")
    assert ":assumed-role/" in who["Arn"]
    cloud.seed_queue("q")
    assert (
        Cmq(cloud, keys["TmpSecretId"], keys["TmpSecretKey"], keys["Token"])("SendMessage", queueName="q", msgBody="m")[
            "code"
        ]
        == 0
    )
    cloud.clock.advance(61)
    assert session.refused("sts", "GetCallerIdentity") == (
        "AuthFailure.TokenFailure",
        "The token is wrong or has expired.",
    )


def test_a_role_can_be_named_by_its_id(call: Client, cloud: LocalCloud) -> None:
    role = cloud.add_role("other")
    arn = f"qcs::cam::uin/{cloud.uin}:role/{role.role_id}"
    assert call("sts", "AssumeRole", RoleArn=arn, RoleSessionName="night")["Credentials"]["Token"]


def test_a_session_s_policy_narrows_what_its_role_may_do(call: Client, cloud: LocalCloud) -> None:
    """Both must allow a call; the policy comes with percent-encoding, as documented."""
    statement = {"effect": "allow", "action": ["name/vpc:Describe*"], "resource": ["*"]}
    policy = quote(json.dumps({"version": "2.0", "statement": [statement]}))
    keys = call("sts", "AssumeRole", RoleArn=role_arn(cloud), RoleSessionName="narrow", Policy=policy)["Credentials"]
    narrow = Client(cloud, Credential(keys["TmpSecretId"], keys["TmpSecretKey"], keys["Token"]))
    assert narrow("vpc", "DescribeVpcs")["TotalCount"] == 1
    assert narrow.refused("vpc", "CreateVpc", VpcName="v", CidrBlock="10.1.0.0/16")[0] == "UnauthorizedOperation"
    assert narrow.refused("cvm", "DescribeInstances")[0] == "UnauthorizedOperation"
    call("cam", "DetachRolePolicy", DetachRoleName="local-role", PolicyId=1)
    assert narrow.refused("vpc", "DescribeVpcs")[0] == "UnauthorizedOperation"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Policy": "{}"}, "InvalidParameter.StrategyFormatError"),
        ({"RoleArn": "qcs::cam::uin/100000000001:roleName/nobody"}, "InternalError.GetRoleError"),
        ({"RoleArn": "qcs::cam::uin/1:roleName/local-role"}, "InternalError.GetRoleError"),
        ({"DurationSeconds": 43_201}, "InvalidParameter.OverTimeError"),
        ({"RoleSessionName": "a b"}, "InvalidParameter.ParamError"),
    ],
)
def test_what_is_wrong_is_refused(call: Client, cloud: LocalCloud, change: dict[str, str], code: str) -> None:
    refused, message = call.refused(
        "sts", "AssumeRole", **{"RoleArn": role_arn(cloud), "RoleSessionName": "night", **change}
    )
    assert refused == code
    assert message
