"""Each action of scf, eb, cam and cls done once with success, for the contract test to look at the replies."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud import LocalCloud

    Call = Callable[..., dict[str, Any]]

ECHO = "def main_handler(event, context):\n    print('ran')\n    return event\n"
TRUST = {
    "version": "2.0",
    "statement": [{"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": ["scf.qcloud.com"]}}],
}
ALLOW = {"version": "2.0", "statement": [{"effect": "allow", "action": ["vpc:*"], "resource": ["*"]}]}
TAGS = [{"Key": "k", "Value": "v"}]


def zipped(source: str = ECHO) -> bytes:
    """A package of one file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", source)
    return content.getvalue()


def code(source: str = ECHO) -> dict[str, str]:
    """The Code parameter for a package of one file."""
    return {"ZipFile": base64.b64encode(zipped(source)).decode()}


def scf_replies(call: Call, _cloud: LocalCloud) -> None:
    """Every action of scf."""
    named = {"FunctionName": "contract", "Namespace": "default"}
    call("scf", "CreateFunction", **named, Code=code(), Runtime="Python3.10", Tags=TAGS)
    trigger = {**named, "TriggerName": "t", "Type": "timer"}
    call("scf", "CreateTrigger", **trigger, TriggerDesc="0 0 0 1 1 * 2099", CustomArgument="m")
    call("scf", "UpdateTrigger", **trigger, Enable="OPEN")
    call("scf", "UpdateTriggerStatus", **trigger, Enable="CLOSE")
    call("scf", "ListTriggers", **named)
    call("scf", "GetFunction", **named)
    call("scf", "DeleteTrigger", **trigger)
    call("scf", "ListFunctions")
    call("scf", "Invoke", **named, ClientContext="{}", LogType="Tail")
    call("scf", "Invoke", **named, InvocationType="Event")
    call("scf", "GetFunctionLogs", **named)
    call("scf", "UpdateFunctionConfiguration", **named, MemorySize=256)
    call("scf", "UpdateFunctionCode", **named, Code=code())
    call("scf", "DeleteFunction", **named)


def eb_replies(call: Call, cloud: LocalCloud) -> None:
    """Every action of eb."""
    call("scf", "CreateFunction", FunctionName="target", Code=code(), Runtime="Python3.10")
    bus = {"EventBusId": call("eb", "ListEventBuses")["EventBuses"][0]["EventBusId"]}
    call("eb", "GetEventBus", **bus)
    rule = {**bus, **_only(call("eb", "CreateRule", **bus, RuleName="contract", EventPattern="{}"), "RuleId")}
    resource = f"qcs::scf:{cloud.region}:uin/{cloud.uin}:namespace/default/function/target/$DEFAULT"
    made = call("eb", "CreateTarget", **rule, Type="scf", TargetDescription={"ResourceDescription": resource})
    target = {**rule, **_only(made, "TargetId")}
    call("eb", "UpdateRule", **rule, Enable=False)
    for action in ("GetRule", "ListTargets"):
        call("eb", action, **rule)
    call("eb", "ListRules", **bus)
    call("eb", "UpdateEventBus", **bus, EnableStore=True)
    call("eb", "GetEventBus", **bus)
    now = int(cloud.clock.now()) * 1000
    call("eb", "SearchLog", **bus, StartTime=0, EndTime=now, Page=1, Limit=10)
    call("eb", "DeleteTarget", **target)
    call("eb", "DeleteRule", **rule)


def cam_replies(call: Call, _cloud: LocalCloud) -> None:
    """Every action of cam."""
    role = {"RoleName": "contract"}
    call("cam", "CreateRole", **role, PolicyDocument=json.dumps(TRUST), Tags=TAGS)
    policy = call("cam", "CreatePolicy", PolicyName="contract", PolicyDocument=json.dumps(ALLOW), Tags=TAGS)
    known = _only(policy, "PolicyId")
    call("cam", "AttachRolePolicy", **known, AttachRoleName="contract")
    call("cam", "ListAttachedRolePolicies", **role, Page=1, Rp=10)
    call("cam", "UpdatePolicy", **known, Description="d")
    call("cam", "GetPolicy", **known)
    call("cam", "ListPolicies")
    call("cam", "UpdateAssumeRolePolicy", **role, PolicyDocument=json.dumps(TRUST))
    call("cam", "GetRole", **role)
    call("cam", "DetachRolePolicy", **known, DetachRoleName="contract")
    call("cam", "DeletePolicy", PolicyId=[known["PolicyId"]])
    call("cam", "DeleteRole", **role)


INDEX = {
    "FullText": {"CaseSensitive": False, "Tokenizer": " "},
    "KeyValue": {"CaseSensitive": False, "KeyValues": [{"Key": "k", "Value": {"Type": "text", "SqlFlag": True}}]},
}


def cls_replies(call: Call, cloud: LocalCloud) -> None:
    """Every action of cls and monitor."""
    logset = _only(call("cls", "CreateLogset", LogsetName="contract", Tags=TAGS), "LogsetId")
    topic = _only(call("cls", "CreateTopic", **logset, TopicName="contract", Tags=TAGS), "TopicId")
    call("cls", "CreateIndex", **topic, Rule=INDEX)
    call("cls", "DescribeTopics")
    search = {"TopicId": cloud.topic_id, "From": 0, "To": int(cloud.clock.now()) * 1000}
    for query in ("", "* | select count(*) as n"):
        call("cls", "SearchLog", **search, QueryString=query)
    target = {**topic, **logset, "Query": "*", "Number": 1, "StartTimeOffset": -15, "EndTimeOffset": 0}
    notice = _only(call("cls", "CreateAlarmNotice", Name="contract", Type="All", Tags=TAGS), "AlarmNoticeId")
    call("cls", "ModifyAlarmNotice", **notice, WebCallbacks=[{"CallbackType": "Http", "Url": "http://127.0.0.1:9/"}])
    when = {"MonitorTime": {"Type": "Period", "Time": 15}, "TriggerCount": 1, "AlarmPeriod": 15}
    one = {"Name": "contract", "AlarmTargets": [target], **when, "Condition": "$1.n > 0", "Enable": True, "Tags": TAGS}
    alarm = _only(call("cls", "CreateAlarm", **one, AlarmNoticeIds=[notice["AlarmNoticeId"]]), "AlarmId")
    call("cls", "ModifyAlarm", **alarm, Status=False)
    call("cls", "DescribeAlarms")
    call("cls", "DescribeAlarmNotices")
    call("cls", "DeleteAlarm", **alarm)
    call("cls", "DeleteAlarmNotice", **notice)
    of_topic = {"Dimensions": [{"Name": "uin", "Value": cloud.uin}, {"Name": "TopicId", "Value": cloud.topic_id}]}
    call("monitor", "GetMonitorData", Namespace="QCE/CLS", MetricName="TrafficWrite", Instances=[of_topic])
    call("cls", "DeleteTopic", **topic)


def cloudaudit_replies(call: Call, cloud: LocalCloud) -> None:
    """Every action of cloudaudit, once something was written."""
    call("cls", "CreateLogset", LogsetName="audited")
    now = int(cloud.clock.now())
    call("cloudaudit", "DescribeEvents", StartTime=now - 60, EndTime=now + 1)


def _only(reply: dict[str, Any], name: str) -> dict[str, Any]:
    return {name: reply[name]}


SCENARIOS = {
    "scf": scf_replies,
    "eb": eb_replies,
    "cam": cam_replies,
    "cls": cls_replies,
    "monitor": cls_replies,
    "cloudaudit": cloudaudit_replies,
}
