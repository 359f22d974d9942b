"""A write call → the CloudAudit record of it, and the CloudEvent around that, as they really arrive (doc 248/87543).

What varies between real records varies here from call to call, by `Style`.
**Records hold live secrets**, on the platform as here: the session's token in `userIdentity.sessionContext` and
`requestParameters.Token`, and whatever the caller sent (passwords, user data).

Inferred: how a refused call shows its code (`apiErrorCode`, and `errorCode` too where permission was denied), what
stands in `resourceSet` and `resourceName`, and `source` and `subject` of the envelope.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.core.clock import beijing_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.account import Account
    from localcloud.core.call_log import WriteCall

_RESOURCES = {
    "eni": ("vpc", "QCS::VPC::NetworkInterface", "eni"),
    "ins": ("CVM", "QCS::CVM::Instance", "instance"),
    "vpc": ("vpc", "QCS::VPC::Vpc", "vpc"),
    "fl": ("vpc", "QCS::VPC::FlowLog", "fl"),
    "subnet": ("vpc", "QCS::VPC::Subnet", "subnet"),
    "sg": ("vpc", "QCS::VPC::SecurityGroup", "sg"),
    "img": ("CVM", "QCS::CVM::Image", "image"),
}
"""By an id's prefix: resourceType, resourceTypeClass, and the word before it in resourceName."""
_MADE = {"RunInstances": "instance", "CreateNetworkInterface": "eni", "CreateAndAttachNetworkInterface": "eni"}
"""What an action makes, in resourceName's words."""
_ID = re.compile(rf"(?:{'|'.join(_RESOURCES)})-[a-z0-9]{{8}}")
_DENIED = ("AuthFailure", "UnauthorizedOperation")


@dataclass(frozen=True)
class Style:
    """What varies between real records.

    Attributes:
        specversion: Of the envelope.
        time_as_text: The envelope's time as text of milliseconds.
        event_time_as_text: eventTime as "2019-03-20 12:36:27" instead of epoch seconds.
        zero: How success is written in apiErrorCode.
        message: errorMessage of a success.
        resources: Whether resourceSet and resourceName are filled in.
        parameters: How requestParameters are written: "text", an "object", or an empty "array", PHP's empty map,
            whatever was sent.
        reply: How responseElements are written: "text", an "object", an empty "array" whatever came, or "absent".
        session_as_object: sessionContext as an object instead of its text. The token in it is live either way.
        time_in_seconds: The envelope's time in seconds instead of milliseconds.
        leads: resourceName names what the call was about, such as its subnet and VPC, and what it made only as `*`.
    """

    specversion: str = "1.0"
    time_as_text: bool = False
    event_time_as_text: bool = False
    zero: int | str = 0
    message: str = ""
    resources: bool = False
    parameters: str = "text"
    reply: str = "text"
    session_as_object: bool = False
    time_in_seconds: bool = False
    leads: bool = False


STYLES = (
    Style(),
    Style(zero="0", message="permission verify", resources=True),
    Style(specversion="1.0.2", time_as_text=True, event_time_as_text=True),
    Style(specversion="0", zero="0", message="ok"),
)
DETAIL = Style(
    event_time_as_text=True,
    message="permission verify",
    resources=True,
    parameters="array",
    reply="absent",
    session_as_object=True,
    time_in_seconds=True,
)
"""The console's record of 2022: what was asked for is lost, ids stand in resourceName and resources alone."""
LEADS = Style(message="permission verify", reply="absent", leads=True)
"""The record of 2022 without a reply, as DescribeEvents shows RunInstances: it says where, not what."""
EMPTY_REPLY = Style(zero="0", reply="array", parameters="object", session_as_object=True, leads=True)
"""The reply is PHP's empty map."""


def record(write: WriteCall, account: Account, style: Style = STYLES[0]) -> dict[str, Any]:
    """Return the CloudAudit record of a write call."""
    error = write.error
    token = _token(write, account)
    sent = {**write.params, "Version": write.version, "Region": write.region, **({"Token": token} if token else {})}
    named = _named(write, style)
    found = {
        "userIdentity": _identity(write, account, token, style),
        "eventRegion": write.region,
        "eventVersion": 2,
        "errorCode": error.code if error and error.code.startswith(_DENIED) else "0",
        "errorMessage": error.message if error and error.code.startswith(_DENIED) else style.message,
        "requestID": write.request_id,
        "eventID": write.request_id,
        "apiVersion": "3.0",
        "eventType": "ApiCall",
        "actionType": "Write",
        "httpMethod": write.http_method,
        "apiErrorCode": error.code if error else style.zero,
        "apiErrorMessage": error.message if error else "",
        "userAgent": write.user_agent,
        "eventTime": beijing_time(write.time) if style.event_time_as_text else int(write.time),
        "sourceIPAddress": write.source_ip,
        "eventSource": f"{write.service}.tencentcloudapi.com",
        "resources": json.dumps([_six_segments(write, account, one) for one in named] if style.resources else ["*"]),
        "resourceName": "|".join(named),
        "resourceSet": [_resource(one, write.region) for one in _resources(write)] if _has_set(style) else [],
        "requestParameters": _written(sent, style.parameters),
        "responseElements": "" if write.reply is None else _written(write.reply, style.reply),
        "resourceType": write.service,
        "eventName": write.action,
        "sensitiveAction": "0",
        "tags": [""],
    }
    if style.reply == "absent":
        del found["responseElements"]
    return found


def _written(content: dict[str, Any], form: str) -> Any:
    return {"text": json.dumps(content, ensure_ascii=False), "object": content}.get(form, [])


def _has_set(style: Style) -> bool:
    """Tell whether resourceSet is filled in: not in the records of 2022."""
    return style.resources and style.reply != "absent"


def _named(write: WriteCall, style: Style) -> list[str]:
    """Return the parts of resourceName, such as `eni/eni-1a2b3c4d`, or `instance/*` for what a call made."""
    if style.leads:
        asked = dict.fromkeys(_ID.findall(json.dumps(write.params)))
        made = [f"{_MADE[write.action]}/*"] if write.action in _MADE else []
        return [*made, *map(_name, asked)]
    return [_name(one) for one in _resources(write)] if style.resources else []


def _name(resource_id: str) -> str:
    return f"{_RESOURCES[resource_id.partition('-')[0]][2]}/{resource_id}"


def _six_segments(write: WriteCall, account: Account, name: str) -> str:
    return f"qcs:id/0:{write.service}:{write.region}:uin/{account.uin}:{name}"


def cloud_event(write: WriteCall, account: Account, bus_id: str, style: Style = STYLES[0]) -> dict[str, Any]:
    """Return the CloudEvent of a write call: its region is the bus's, whatever the call's is."""
    time = int(write.time) if style.time_in_seconds else int(write.time * 1000)
    return {
        "specversion": style.specversion,
        "id": account.ids.uuid(),
        "source": f"{write.service}.cloud.tencent",
        "type": f"{write.service}:CloudEvent:ApiCall",
        "subject": next(_resources(write), ""),
        "time": str(time) if style.time_as_text else time,
        "region": account.home,
        "resource": [f"qcs::eb:{account.home}:uid{account.app_id}:eventbusid/{bus_id}"],
        "datacontenttype": "application/json;charset=utf-8",
        "tags": {},
        "data": record(write, account, style),
    }


def _identity(write: WriteCall, account: Account, token: str, style: Style) -> dict[str, Any]:
    caller, session = write.caller, {"token": token, "attributes": {"mfa": "0"}}
    identity = {
        "principalId": caller.role_id or caller.principal_id,
        "accountId": account.uin,
        "secretId": caller.secret_id,
        "sessionContext": session if style.session_as_object else json.dumps(session),
        "type": "AssumedRole" if caller.role else "Root",
        "userName": caller.role or "root",
    }
    return {**identity, "roleSessionName": caller.session_name} if caller.role else identity


def _token(write: WriteCall, account: Account) -> str:
    credential = account.credentials.get(write.caller.secret_id)
    return (credential.token or "") if credential else ""


def _resources(write: WriteCall) -> Iterator[str]:
    """Yield the ids in the reply, or else in the parameters, each once."""
    text = json.dumps([write.reply or {}, write.params])
    yield from dict.fromkeys(_ID.findall(text))


def _resource(resource_id: str, region: str) -> dict[str, str]:
    kind, kind_class, _ = _RESOURCES[resource_id.partition("-")[0]]
    return {
        "resourceType": kind,
        "resourceRegion": region,
        "resourceId": resource_id,
        "resourceTypeClass": kind_class,
    }
