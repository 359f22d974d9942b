"""(a), (b): the vendor's documented way: the typed VPC client, `jsonschema.validate`, Powertools' Logger.

A client and a validator are made for each event, as the documents' examples do; connections are not kept alive, which
is the SDK's default.
"""

from __future__ import annotations

import json
import os
from typing import Any

from aws_lambda_powertools import Logger
from jsonschema import validate
from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vpc.v20170312 import models, vpc_client

from bench.programs import common

logger = Logger(service="vendor")

with open(os.environ["BENCH_SCHEMA"], encoding="utf-8") as _file:  # noqa: PTH123 - as in the vendor's examples
    SCHEMA = json.load(_file)


def main_handler(event: dict[str, Any], _context: dict[str, Any]) -> dict[str, Any]:
    """Make a flow log for the interface of one event."""
    validate(event, SCHEMA)
    record = event["data"]
    interface = json.loads(record["responseElements"])["NetworkInterface"]
    region = json.loads(record["requestParameters"])["Region"]
    reply = client(region).CreateFlowLog(create_request(interface["NetworkInterfaceId"], interface["VpcId"]))
    logger.info("created", extra={"interface_id": interface["NetworkInterfaceId"]})
    content: dict[str, Any] = json.loads(reply.to_json_string())
    return content


def client(region: str = common.REGION) -> vpc_client.VpcClient:
    """A client with the keys of the environment."""
    keys = credential.Credential(os.environ["TENCENTCLOUD_SECRETID"], os.environ["TENCENTCLOUD_SECRETKEY"])
    http = HttpProfile(protocol="http", endpoint=os.environ["FLOWLOG_API_ENDPOINT"].removeprefix("http://"))
    return vpc_client.VpcClient(keys, region, ClientProfile(httpProfile=http, language="en-US"))


def create_request(interface_id: str, vpc_id: str) -> models.CreateFlowLogRequest:
    """What CreateFlowLog is asked."""
    request = models.CreateFlowLogRequest()
    request.from_json_string(
        json.dumps(
            {
                "FlowLogName": f"auto-{interface_id}",
                "ResourceType": "NETWORKINTERFACE",
                "ResourceId": interface_id,
                "TrafficType": "ALL",
                "VpcId": vpc_id,
                "CloudLogId": os.environ["FLOWLOG_TOPIC_ID"],
                "CloudLogRegion": os.environ["FLOWLOG_TOPIC_REGION"],
            }
        )
    )
    return request


if os.environ["BENCH_PROGRAM"] == "vendor":
    common.run(main_handler)
