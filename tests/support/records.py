"""Builders of what really arrives (platform.md sections 1, 2 and 5), with secrets planted wherever it names one.

A builder's keyword arguments replace or add fields; `ABSENT` takes a field away.
"""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from typing import Any

ABSENT: Any = object()

REGION = "ap-shanghai"
BUS_REGION = "ap-guangzhou"
INTERFACE_ID = "eni-78ysaex1"
VPC_ID = "vpc-pq9vxykj"
SUBNET_ID = "subnet-2qhl25io"
INSTANCE_ID = "ins-8dn9vdif"

MARKER = "PlantedSecret"
"""Part of every planted secret, and of nothing else."""

SECRETS = {
    "sessionContext": json.dumps({"token": f"{MARKER}-session-token", "attributes": {"mfa": "0"}}),
    "secretId": f"AKID{MARKER}0123456789abcdefgh",
    "Token": f"{MARKER}-request-token+/==",
    "Password": f"{MARKER}\"with\\quotes' and spaces, {{brackets}}",
    "UserData": base64.b64encode(f"#!/bin/sh\necho {MARKER}".encode()).decode() + MARKER,
}


def merged(fields: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The fields with the changes made."""
    return {key: value for key, value in {**fields, **changes}.items() if value is not ABSENT}


def record(action: str, **changes: Any) -> dict[str, Any]:
    """A CloudAudit Write record as delivered, its parameters in JSON text."""
    fields: dict[str, Any] = {
        "userIdentity": {
            "principalId": "1000000000",
            "accountId": "1000000000",
            "secretId": SECRETS["secretId"],
            "sessionContext": SECRETS["sessionContext"],
            "type": "TencentCloudService",
            "userName": "root",
            "roleSessionName": "es",
        },
        "eventRegion": REGION,
        "eventVersion": 2,
        "errorCode": "0",
        "errorMessage": "permission verify",
        "requestID": "2e39313f-0000-4000-8000-0242ac110002",
        "eventID": "2e39313f-0000-4000-8000-0242ac110002",
        "apiVersion": "3.0",
        "eventType": "ApiCall",
        "actionType": "Write",
        "httpMethod": "POST",
        "apiErrorCode": "0",
        "apiErrorMessage": "",
        "userAgent": "SDK_PYTHON_3.0.1",
        "eventTime": 1739981129,
        "sourceIPAddress": "111.111.111.111",
        "sensitiveAction": "0",
        "resourceType": "vpc",
        "eventName": action,
        "eventSource": "vpc.tencentcloudapi.com",
        "resourceSet": [],
        "resourceName": "",
        "requestParameters": json.dumps({"Region": REGION, "Token": SECRETS["Token"], "Version": "2017-03-12"}),
        "responseElements": json.dumps({"RequestId": "404428db-0000-4000-8000-0242ac110002"}),
        "tags": [""],
    }
    return merged(fields, changes)


def request(region: Any = REGION, **parameters: Any) -> str:
    """Request parameters as JSON text, with a token in them."""
    fields = {"Region": region, "Token": SECRETS["Token"], "Version": "2017-03-12", **parameters}
    return json.dumps({key: value for key, value in fields.items() if value is not ABSENT})


def created(
    interface_id: str = INTERFACE_ID,
    vpc_id: str = VPC_ID,
    region: str = REGION,
    *,
    instance_id: str = "",
    subnet_id: str = SUBNET_ID,
    tags: dict[str, str] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """CreateNetworkInterface, or CreateAndAttachNetworkInterface when there is an instance."""
    interface = {
        "NetworkInterfaceId": interface_id,
        "VpcId": vpc_id,
        "SubnetId": subnet_id,
        "State": "PENDING",
        "Attachment": {"InstanceId": instance_id, "DeviceIndex": 1} if instance_id else None,
        "TagSet": [{"Key": key, "Value": value} for key, value in (tags or {}).items()],
    }
    fields = {
        "requestParameters": request(region, VpcId=vpc_id, SubnetId=subnet_id),
        "responseElements": json.dumps({"NetworkInterface": interface, "RequestId": "404428db"}),
        "eventRegion": region,
        **changes,
    }
    return record("CreateAndAttachNetworkInterface" if instance_id else "CreateNetworkInterface", **fields)


def attached(interface_id: str = INTERFACE_ID, region: str = REGION, **changes: Any) -> dict[str, Any]:
    """AttachNetworkInterface, which names no VPC."""
    parameters = request(region, NetworkInterfaceId=interface_id, InstanceId=INSTANCE_ID)
    return record("AttachNetworkInterface", **{"requestParameters": parameters, "eventRegion": region, **changes})


def run_instances(*instance_ids: str, region: str = REGION, **changes: Any) -> dict[str, Any]:
    """RunInstances, which names no interface, and holds a password and user data."""
    parameters = request(
        region, InstanceCount=len(instance_ids), LoginSettings={"Password": SECRETS["Password"]},
        UserData=SECRETS["UserData"], Version="2017-03-12",
    )  # fmt: skip
    fields = {
        "requestParameters": parameters,
        "responseElements": json.dumps({"InstanceIdSet": list(instance_ids), "RequestId": "404428db"}),
        "eventRegion": region,
        "resourceType": "cvm",
        **changes,
    }
    return record("RunInstances", **fields)


def cloud_event(data: Any, **changes: Any) -> dict[str, Any]:
    """An EventBridge CloudEvent around a record: the bus is in Guangzhou, whatever the interface's region is."""
    fields = {
        "specversion": "1.0",
        "id": "13a3f42d-7258-4ada-da6d-023a333b4662",
        "source": "vpc.cloud.tencent",
        "type": "vpc:CloudEvent:ApiCall",
        "subject": INTERFACE_ID,
        "time": 1615430559146,
        "region": BUS_REGION,
        "resource": ["qcs::eb:ap-guangzhou:uid1250000000:eventbusid/eventruleid"],
        "datacontenttype": "application/json;charset=utf-8",
        "tags": {"key1": "value1"},
        "data": data,
    }
    return merged(fields, changes)


def event_list(*events: Any) -> dict[str, Any]:
    """EventBridge's batch delivery."""
    return {"EventList": list(events)}


def ckafka(*bodies: str) -> dict[str, Any]:
    """A CKafka trigger's event."""
    common = {"topic": "t", "partition": 1, "offset": 36, "msgKey": "None"}
    return {"Records": [{"Ckafka": {**common, "msgBody": body}} for body in bodies]}


def cmq(*bodies: str) -> dict[str, Any]:
    """A CMQ topic trigger's event."""
    common = {"type": "topic", "topicOwner": "1", "topicName": "t", "subscriptionName": "s", "msgId": "1"}
    return {"Records": [{"CMQ": {**common, "msgBody": body, "msgTag": "a,b"}} for body in bodies]}


def zipped(content: bytes) -> dict[str, Any]:
    """A CLS trigger's event around any bytes."""
    return {"clslogs": {"data": base64.b64encode(gzip.compress(content)).decode()}}


def cls(*contents: Any) -> dict[str, Any]:
    """A CLS trigger's event, each content being one record's text."""
    records = [{"timestamp": "1605578090000000", "content": content} for content in contents]
    return zipped(json.dumps({"topic_id": "t", "topic_name": "n", "records": records}).encode())


def timer(message: Any) -> dict[str, Any]:
    """A timer's event."""
    return {"Type": "Timer", "TriggerName": "EveryDay", "Time": "2019-02-21T11:49:00Z", "Message": message}


def platform_letter(event: Any) -> dict[str, Any]:
    """SCF's native dead letter around the event of an invocation that failed."""
    return {
        "RequestId": "b615b896-0000-4000-8000-0242ac110002",
        "ErrorCode": -1,
        "ErrorMessage": f"Traceback (most recent call last): … Token={SECRETS['Token']}",
        "Body": {
            "AppId": 1,
            "Uin": "100000000001",
            "SubAccountUin": "100000000001",
            "RequestSource": "TRIGGER_TIMER",
            "FunctionName": "eni-flowlog",
            "Namespace": "default",
            "Qualifier": "$DEFAULT",
            "InvocationType": "RequestResponse",
            "ClientContext": event if isinstance(event, str) else json.dumps(event),
            "LogType": "",
            "TimeStampForInvoker": "160229310000",
            "RequestId": "b615b896-0000-4000-8000-0242ac110002",
            "PushTime": "2020-10-10T09:22:00.061824591+08:00",
            "RetryNum": 2,
            "Ttl": 0,
        },
    }


def own_letter(kind: str = "interface", **changes: Any) -> dict[str, Any]:
    """A dead letter of this project, valid under its schema."""
    fields: dict[str, Any] = {
        "schema_version": 1,
        "id": "9c4b1c5e-7a0e-4b53-9a31-0c4c7b8f2d11",
        "kind": kind,
        "error": {"class": "transient", "code": "InternalError", "message": "m", "request_id": "", "retryable": True},
        "attempts": 2,
        "first_failed_at": "2026-11-24T05:00:00Z",
        "last_failed_at": "2026-11-24T05:00:00Z",
        "function": {"name": "eni-flowlog", "version": "$LATEST", "request_id": "b615b896"},
    }
    if kind == "interface":
        fields["interface"] = {"region": REGION, "interface_id": INTERFACE_ID, "vpc_id": VPC_ID}
    return merged(fields, changes)


def interface_event(interface_id: str = INTERFACE_ID, region: str = REGION, **changes: Any) -> dict[str, Any]:
    """The project's own event."""
    return merged({"event": "interface.created", "region": region, "interface_id": interface_id}, changes)


def ensure(*interfaces: dict[str, str]) -> dict[str, Any]:
    """The `ensure` command."""
    return {"command": "ensure", "interfaces": list(interfaces)}


def nested_lists(levels: int) -> Any:
    """A list in a list, and so on, as Python holds it."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def letter_of(interface_id: str = INTERFACE_ID, vpc_id: str = VPC_ID, **changes: Any) -> dict[str, Any]:
    """A dead letter of an interface in the function's region, with an id of its own."""
    interface = {"region": BUS_REGION, "interface_id": interface_id, "vpc_id": vpc_id}
    return own_letter(id=str(uuid.uuid4()), interface=interface, **changes)
