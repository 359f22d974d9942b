"""EventBridge's API: the service bus, rules with checked patterns, targets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.platform_replies import code

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

PATTERN = json.dumps({"source": ["vpc.cloud.tencent"]})


@pytest.fixture
def bus(call: Client) -> dict[str, str]:
    return {"EventBusId": call("eb", "ListEventBuses")["EventBuses"][0]["EventBusId"]}


@pytest.fixture
def rule(call: Client, bus: dict[str, str]) -> dict[str, str]:
    made = call("eb", "CreateRule", **bus, RuleName="rule", EventPattern=PATTERN)
    return {**bus, "RuleId": made["RuleId"]}


def resource(cloud: LocalCloud, name: str = "probe", uin: str = "", region: str = "ap-guangzhou") -> dict[str, str]:
    where = f"qcs::scf:{region}:uin/{uin or cloud.uin}"
    return {"ResourceDescription": f"{where}:namespace/default/function/{name}/$DEFAULT"}


def test_the_service_bus_is_in_guangzhou_only(call: Client) -> None:
    (found,) = call("eb", "ListEventBuses")["EventBuses"]
    assert (found["Type"], found["EventBusName"]) == ("Cloud", "default")
    assert call("eb", "GetEventBus", EventBusId=found["EventBusId"])["EventBusName"] == "default"
    assert call("eb", "ListEventBuses", "ap-shanghai")["TotalCount"] == 0
    by_type = [{"Name": "Type", "Values": ["Custom"]}]
    assert call.refused("eb", "ListEventBuses", Filters=by_type)[0] == "InvalidParameterValue.Filters"


def test_a_rule_is_made_changed_and_deleted(call: Client, bus: dict[str, str], rule: dict[str, str]) -> None:
    shown = call("eb", "GetRule", **rule)
    assert (shown["RuleName"], shown["EventPattern"], shown["Enable"], shown["Status"]) == (
        "rule",
        PATTERN,
        True,
        "Active",
    )
    call("eb", "UpdateRule", **rule, Enable=False, EventPattern="{}")
    assert (call("eb", "GetRule", **rule)["Enable"], call("eb", "GetRule", **rule)["EventPattern"]) == (False, "{}")
    call("eb", "UpdateRule", **rule, Description="why")
    call("eb", "UpdateRule", **rule, Enable=True)
    assert call("eb", "GetRule", **rule)["Description"] == "why", "what a call does not give stays"
    assert [one["RuleId"] for one in call("eb", "ListRules", **bus)["Rules"]] == [rule["RuleId"]]
    call("eb", "DeleteRule", **rule)
    assert call.refused("eb", "GetRule", **rule) == (
        "ResourceNotFound.Rule",
        f"The rule `{rule['RuleId']}` does not exist.",
    )


@pytest.mark.parametrize(
    ("params", "code_", "message"),
    [
        ({"RuleName": "1"}, "InvalidParameterValue.RuleName", "The rule name `1` is not valid."),
        (
            {"EventPattern": "{"},
            "InvalidParameterValue.EventPattern",
            "The event pattern is not valid: it is not JSON: ",
        ),
        (
            {"EventPattern": '{"source": [{"exists": true}]}'},
            "InvalidParameterValue.EventPattern",
            "The event pattern is not valid: ",
        ),
        ({"EventBusId": "eb-none"}, "ResourceNotFound.EventBus", "The event bus `eb-none` does not exist."),
        (
            {"Description": "x" * 201},
            "InvalidParameterValue.Description",
            "The description has more than 200 characters.",
        ),
    ],
)
def test_a_wrong_rule_is_refused(
    call: Client, bus: dict[str, str], params: dict[str, str], code_: str, message: str
) -> None:
    refused = call.refused("eb", "CreateRule", **{**bus, "RuleName": "rule", "EventPattern": PATTERN, **params})
    assert refused[0] == code_
    assert refused[1].startswith(message)


def test_a_target_is_made_and_deleted(call: Client, cloud: LocalCloud, rule: dict[str, str]) -> None:
    call("scf", "CreateFunction", FunctionName="probe", Code=code(), Runtime="Python3.10")
    made = call("eb", "CreateTarget", **rule, Type="scf", TargetDescription=resource(cloud))
    target = {**rule, "TargetId": made["TargetId"]}
    (shown,) = call("eb", "ListTargets", **rule)["Targets"]
    assert shown["TargetDescription"]["ResourceDescription"] == resource(cloud)["ResourceDescription"]
    (listed,) = call("eb", "ListRules", EventBusId=rule["EventBusId"])["Rules"]
    assert listed["Targets"] == [{"TargetId": target["TargetId"], "Type": "scf"}]
    assert call.refused("eb", "DeleteRule", **rule) == (
        "ResourceInUse.Rule",
        f"The rule `{rule['RuleId']}` still has targets: delete them first.",
    )
    call("eb", "DeleteTarget", **target)
    assert call.refused("eb", "DeleteTarget", **target) == (
        "ResourceNotFound.Target",
        f"The target `{target['TargetId']}` does not exist.",
    )
    call("eb", "DeleteRule", **rule)


def test_a_wrong_target_is_refused(call: Client, cloud: LocalCloud, rule: dict[str, str]) -> None:
    def refused(**params: Any) -> tuple[str, str]:
        given = {**rule, "Type": "scf", "TargetDescription": resource(cloud), **params}
        return call.refused("eb", "CreateTarget", **given)

    assert refused() == ("ResourceNotFound.Function", "The function `probe` does not exist.")
    for foreign in (resource(cloud, uin="1"), resource(cloud, region="ap-foo")):
        assert refused(TargetDescription=foreign) == (
            "InvalidParameterValue.TargetDescription",
            f"`{foreign['ResourceDescription']}` is no function of this account.",
        )
    assert refused(EnableBatchDelivery=True)[0] == "InvalidParameterValue.TargetDescription"
    assert refused(Type="ckafka") == (
        "InvalidParameterValue.Type",
        "The target type `ckafka` is not scf, the only one here.",
    )
    call("scf", "CreateFunction", FunctionName="probe", Code=code(), Runtime="Python3.10")
    for _ in range(10):
        call("eb", "CreateTarget", **rule, Type="scf", TargetDescription=resource(cloud))
    assert refused() == ("LimitExceeded.Target", f"The rule `{rule['RuleId']}` has 10 targets already.")


def found(call: Client, bus: dict[str, str], **more: Any) -> list[dict[str, Any]]:
    now = int(call.cloud.clock.now() * 1000)
    query = {"StartTime": now - 7 * 86_400_000, "EndTime": now + 1000, "Page": 1, "Limit": 100, **more}
    reply = call("eb", "SearchLog", **bus, **query)
    assert reply["Total"] >= len(reply["Results"])
    rows = reply["Results"]
    assert isinstance(rows, list)
    return rows


def test_a_bus_keeps_its_events_if_it_is_to(call: Client, bus: dict[str, str]) -> None:
    """Newest first, of the time that is asked for."""
    call("cls", "CreateLogset", LogsetName="before")
    assert found(call, bus) == []
    call("eb", "UpdateEventBus", **bus, EnableStore=True)
    assert call("eb", "GetEventBus", **bus)["EnableStore"] is True
    call("vpc", "CreateVpc", VpcName="v")
    call("cls", "CreateLogset", LogsetName="after")
    newest, older, _own = found(call, bus)
    assert (newest["Source"], older["Type"]) == ("cls.cloud.tencent", "vpc:CloudEvent:ApiCall")
    assert json.loads(older["Message"])["data"]["eventName"] == "CreateVpc"
    assert found(call, bus, Page=2, Limit=1) == [older]
    assert found(call, bus, EndTime=1) == []
    query = {"StartTime": 0, "EndTime": 1, "Page": 1, "Limit": 1}
    filters = [{"Key": "source", "Operator": "eq", "Value": "x"}]
    assert call.refused("eb", "SearchLog", **bus, **query, Filter=filters)[0] == "FailedOperation.ErrorFilter"
