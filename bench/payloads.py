"""The events that are measured, in the shape that EventBridge delivers: the first example of their schema."""

from __future__ import annotations

import json
from typing import Any

from bench.contenders import SCHEMA
from bench.programs.common import REGION

_EXAMPLE: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["examples"][0]


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
    said = {"requestParameters": json.dumps(request), "responseElements": json.dumps(reply)}
    return {**_EXAMPLE, "data": {**_EXAMPLE["data"], "eventName": action, "eventRegion": REGION, **said}}
