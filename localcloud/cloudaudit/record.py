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
    from localcloud.core.calls import WriteCall

_RESOURCES = {
    "eni": ("vpc", "QCS::VPC::NetworkInterface", "eni"),
    "ins": ("CVM", "QCS::CVM::Instance", "instance"),
    "vpc": ("vpc", "QCS::VPC::Vpc", "vpc"),
    "fl": ("vpc", "QCS::VPC::FlowLog", "fl"),
}
"""By an id's prefix: resourceType, resourceTypeClass, and the word before it in resourceName."""
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
    """

    specversion: str = "1.0"
    time_as_text: bool = False
    event_time_as_text: bool = False
    zero: int | str = 0
    message: str = ""
    resources: bool = False


STYLES = (
    Style(),
    Style(zero="0", message="permission verify", resources=True),
    Style(specversion="1.0.2", time_as_text=True, event_time_as_text=True),
    Style(specversion="0", zero="0", message="ok"),
)


def record(write: WriteCall, account: Account, style: Style = STYLES[0]) -> dict[str, Any]:
    """Return the CloudAudit record of a write call."""
    error = write.error
    token = _token(write, account)
    sent = {**write.params, "Version": write.version, "Region": write.region, **({"Token": token} if token else {})}
    found = list(_resources(write)) if style.resources else []
    return {
        "userIdentity": _identity(write, account, token),
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
        "resources": '["*"]',
        "resourceName": "|".join(f"{_RESOURCES[one.partition('-')[0]][2]}/{one}" for one in found),
        "resourceSet": [_resource(one, write.region) for one in found],
        "requestParameters": json.dumps(sent, ensure_ascii=False),
        "responseElements": "" if write.reply is None else json.dumps(write.reply, ensure_ascii=False),
        "resourceType": write.service,
        "eventName": write.action,
        "sensitiveAction": "0",
        "tags": [""],
    }


def cloud_event(write: WriteCall, account: Account, bus_id: str, style: Style = STYLES[0]) -> dict[str, Any]:
    """Return the CloudEvent of a write call: its region is the bus's, whatever the call's is."""
    milliseconds = int(write.time * 1000)
    return {
        "specversion": style.specversion,
        "id": account.ids.uuid(),
        "source": f"{write.service}.cloud.tencent",
        "type": f"{write.service}:CloudEvent:ApiCall",
        "subject": next(_resources(write), ""),
        "time": str(milliseconds) if style.time_as_text else milliseconds,
        "region": account.home,
        "resource": [f"qcs::eb:{account.home}:uid{account.app_id}:eventbusid/{bus_id}"],
        "datacontenttype": "application/json;charset=utf-8",
        "tags": {},
        "data": record(write, account, style),
    }


def _identity(write: WriteCall, account: Account, token: str) -> dict[str, Any]:
    caller = write.caller
    identity = {
        "principalId": caller.role_id or caller.principal_id,
        "accountId": account.uin,
        "secretId": caller.secret_id,
        "sessionContext": json.dumps({"token": token, "attributes": {"mfa": "0"}}),
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
