"""The events that are measured, in the shape that EventBridge delivers (platform.md section 1)."""

from __future__ import annotations

import json
from typing import Any

from bench.programs.common import REGION


def created(interface_id: str, vpc_id: str) -> dict[str, Any]:
    """CreateNetworkInterface, whose record names the VPC."""
    interface: dict[str, Any] = {
        "NetworkInterfaceId": interface_id,
        "VpcId": vpc_id,
        "SubnetId": "subnet-2qhl25io",
        "State": "PENDING",
        "Attachment": None,
        "TagSet": [],
    }
    return _event(
        "CreateNetworkInterface",
        {"Region": REGION, "VpcId": vpc_id, "Version": "2017-03-12"},
        {"NetworkInterface": interface, "RequestId": "404428db-0000-4000-8000-0242ac110002"},
    )


def attached(interface_id: str, instance_id: str) -> dict[str, Any]:
    """AttachNetworkInterface, whose record does not."""
    parameters = {"Region": REGION, "NetworkInterfaceId": interface_id, "InstanceId": instance_id}
    return _event("AttachNetworkInterface", parameters, {"RequestId": "404428db-0000-4000-8000-0242ac110002"})


def _event(action: str, request: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
    record = {
        "userIdentity": {"principalId": "1000000000", "accountId": "1000000000", "type": "Root", "userName": "root"},
        "eventRegion": REGION,
        "eventVersion": 2,
        "errorCode": "0",
        "errorMessage": "permission verify",
        "requestID": "2e39313f-0000-4000-8000-0242ac110002",
        "eventType": "ApiCall",
        "actionType": "Write",
        "httpMethod": "POST",
        "apiErrorCode": "0",
        "apiErrorMessage": "",
        "eventTime": 1739981129,
        "resourceType": "vpc",
        "eventName": action,
        "eventSource": "vpc.tencentcloudapi.com",
        "resourceSet": [],
        "resourceName": "",
        "requestParameters": json.dumps(request),
        "responseElements": json.dumps(reply),
        "tags": [""],
    }
    return {
        "specversion": "1.0",
        "id": "13a3f42d-7258-4ada-da6d-023a333b4662",
        "source": "vpc.cloud.tencent",
        "type": "vpc:CloudEvent:ApiCall",
        "subject": "eni-78ysaex1",
        "time": 1615430559146,
        "region": "ap-guangzhou",
        "resource": ["qcs::eb:ap-guangzhou:uid1250000000:eventbusid/eventruleid"],
        "datacontenttype": "application/json;charset=utf-8",
        "tags": {},
        "data": record,
    }
