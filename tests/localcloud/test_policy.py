"""CAM's policies (docs 598/10603 to 598/10606)."""

import json
from typing import Any

import pytest

from localcloud.cam import policy
from localcloud.core.errors import ApiError

ENI = "qcs::vpc:ap-guangzhou:uin/100000000001:eni/eni-12345678"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"version": "2.0", "statement": list(statements)}


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"effect": "allow", "action": action, "resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "effect": "deny"}


def decide(*statements: dict[str, Any], action: str = "vpc:CreateFlowLog", resource: str = "*") -> bool:
    return policy.evaluate([policy.check_grants(json.dumps(document(*statements)))], action, resource)


@pytest.mark.parametrize(
    "action", ["vpc:CreateFlowLog", "name/vpc:CreateFlowLog", "vpc:*", "name/vpc:*", "vpc:Create*", "vpc:*FlowLog", "*"]
)
def test_an_action_is_allowed_by_its_name_or_a_wildcard(action: str) -> None:
    """With or without name/, alone or among others, by itself or by a wildcard."""
    assert decide(allow(action))
    assert decide(allow(["cvm:RunInstances", action]))


@pytest.mark.parametrize(
    "action", ["vpc:Describe*", "cvm:*", "vpc:createflowlog", "vpc:CreateFlowLogs", "vpc:CreateFlow"]
)
def test_another_action_is_not_allowed(action: str) -> None:
    """No other service, no other action, and upper and lower case differ."""
    assert not decide(allow(action))


def test_all_is_denied_without_a_policy() -> None:
    """The default is deny."""
    assert not policy.evaluate([], "vpc:CreateFlowLog", "*")


def test_deny_wins_in_whatever_order_and_policy() -> None:
    """An explicit deny wins over any allow, be it in another policy."""
    assert not decide(allow("*"), deny("vpc:CreateFlowLog"))
    assert not policy.evaluate([document(deny("vpc:*")), document(allow("*"))], "vpc:CreateFlowLog", "*")
    assert decide(allow("*"), deny("cvm:*"))


@pytest.mark.parametrize(
    "resource",
    [
        "*",
        ENI,
        "qcs::vpc:ap-guangzhou:uin/100000000001:eni/*",
        "qcs::vpc:::eni/*",
        "qcs::vpc:ap-guangzhou::*",
        "qcs:::::*",
        "qcs::*:*:*:*",
    ],
)
def test_a_resource_is_allowed_by_its_name_or_less(resource: str) -> None:
    """An empty segment means any, and * any text."""
    assert decide(allow("vpc:*", resource), resource=ENI)


@pytest.mark.parametrize(
    "resource",
    [
        "qcs::vpc:ap-beijing::eni/*",
        "qcs::cvm:::*",
        "qcs::vpc::uin/2:*",
        "qcs::vpc:::eni/eni-1234567",
        "qcs::vpc:::subnet/*",
    ],
)
def test_another_resource_is_not_allowed(resource: str) -> None:
    """Region, product, account and name must all fit."""
    assert not decide(allow("vpc:*", resource), resource=ENI)


def test_an_api_without_resources_needs_the_star() -> None:
    """An operation-level API is granted by resource * alone."""
    assert decide(allow("vpc:*", "*"), resource="*")
    assert not decide(allow("vpc:*", "qcs::vpc:::*"), resource="*")


@pytest.mark.parametrize(
    ("whole", "code", "message"),
    [
        ({}, "VersionError", 'version must be "2.0", not null'),
        ({"version": "1.0", "statement": []}, "VersionError", 'version must be "2.0", not "1.0"'),
        ({"version": "2.0"}, "StatementError", "'statement' must be a list of at least one statement"),
        (document(), "StatementError", "'statement' must be a list of at least one statement"),
        ({**document(allow("*")), "Id": 1}, "PolicyDocumentError", "unknown elements: Id"),
        ({"version": "2.0", "statement": ["x"]}, "StatementError", "a statement must be an object"),
        (document({**allow("*"), "Effect": "deny"}), "StatementError", "a statement has unknown elements: Effect"),
        (document({**allow("*"), "principal": {}}), "StatementError", "a statement has unknown elements: principal"),
        (document({**allow("*"), "effect": "Allow"}), "EffectError", 'effect must be allow or deny, not "Allow"'),
        (document(allow([])), "ActionError", "a statement needs 'action': a string, or a list of them"),
        (document(allow([1])), "ActionError", "a statement needs 'action': a string, or a list of them"),
        (
            document(allow("CreateFlowLog")),
            "ActionError",
            "action 'CreateFlowLog' is not of the form [name/]service:Action",
        ),
        (document(allow("*", None)), "ResourceError", "a statement needs 'resource': a string, or a list of them"),
        (
            document(allow("*", "eni-1")),
            "ResourceQcsError",
            "resource 'eni-1' is neither * nor qcs:project:service:region:account:resource",
        ),
        (
            document(allow("*", "qcs::vpc:::")),
            "ResourceQcsError",
            "resource 'qcs::vpc:::' is neither * nor qcs:project:service:region:account:resource",
        ),
        (
            document(allow("*", condition={"ip_equal": {"qcs:ip": "10.0.0.1"}})),
            "ConditionTypeError",
            "this cloud weighs no conditions: leave 'condition' out",
        ),
    ],
)
def test_check_grants_refuses(whole: dict[str, Any], code: str, message: str) -> None:
    """A malformed policy is refused with CAM's code."""
    with pytest.raises(ApiError) as refusal:
        policy.check_grants(json.dumps(whole))
    assert (refusal.value.code, refusal.value.message) == (f"InvalidParameter.{code}", message)


@pytest.mark.parametrize(
    ("text", "message"),
    [("[]", "the policy document must be a JSON object"), ("{", "the policy document is not JSON: Expecting")],
)
def test_parse_refuses(text: str, message: str) -> None:
    """What is not a JSON object is no policy."""
    with pytest.raises(ApiError) as refusal:
        policy.check_grants(text)
    assert refusal.value.code == "InvalidParameter.PolicyDocumentError"
    assert refusal.value.message.startswith(message)


SCF_TRUST = (
    '{"version":"2.0","statement":[{"action":["name/sts:AssumeRole"],"effect":"allow",'
    '"principal":{"service":["scf.qcloud.com"]}}]}'
)


def trust(principal: Any, effect: str = "allow", action: str = "name/sts:AssumeRole") -> dict[str, Any]:
    return {"effect": effect, "action": action, "principal": principal}


def test_a_service_may_assume_a_role_that_trusts_it() -> None:
    """The documented trust policy lets SCF assume the role, and nobody else."""
    role = policy.check_trust(SCF_TRUST)
    assert policy.trusts(role, "service", "scf.qcloud.com")
    assert not policy.trusts(role, "service", "cvm.qcloud.com")
    assert not policy.trusts(role, "qcs", "qcs::cam::uin/100000000001:root")


def test_an_account_may_assume_a_role_that_trusts_it() -> None:
    """An account is written as its root user's six segments."""
    role = policy.check_trust(json.dumps(document(trust({"qcs": "qcs::cam::uin/100000000001:root"}))))
    assert policy.trusts(role, "qcs", "qcs::cam::uin/100000000001:root")
    assert not policy.trusts(role, "qcs", "qcs::cam::uin/100000000002:root")
    assert not policy.trusts(role, "service", "scf.qcloud.com")


def test_trust_denied_or_for_another_action_is_no_trust() -> None:
    """Deny wins here as well, and only sts:AssumeRole counts."""
    scf = {"service": "scf.qcloud.com"}
    assert not policy.trusts(document(trust(scf), trust(scf, effect="deny")), "service", "scf.qcloud.com")
    assert not policy.trusts(document(trust(scf, action="name/sts:GetCallerIdentity")), "service", "scf.qcloud.com")


@pytest.mark.parametrize(
    ("principal", "message"),
    [
        (None, "a trust statement needs 'principal': names of 'service' or 'qcs'"),
        ({}, "a trust statement needs 'principal': names of 'service' or 'qcs'"),
        ({"user": "x"}, "a trust statement needs 'principal': names of 'service' or 'qcs'"),
        ({"service": []}, "a trust statement needs 'principal': names of 'service' or 'qcs'"),
    ],
)
def test_check_trust_policy_refuses(principal: Any, message: str) -> None:
    """A trust policy must say whom it trusts."""
    with pytest.raises(ApiError) as refusal:
        policy.check_trust(json.dumps(document(trust(principal))))
    assert (refusal.value.code, refusal.value.message) == ("InvalidParameter.PrincipalError", message)
