"""The plain way of a backfill: list the interfaces, ask for each one's flow logs, create what is missing."""

from __future__ import annotations

import time
from typing import Any

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.vpc.v20170312 import models

from bench.programs import common, vendor

_PAGE = 100


def _interfaces(client: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    while True:
        request = models.DescribeNetworkInterfacesRequest()
        request.Limit, request.Offset = _PAGE, len(found)
        reply = client.DescribeNetworkInterfaces(request)
        found += [(each.NetworkInterfaceId, each.VpcId) for each in reply.NetworkInterfaceSet]
        if len(found) >= reply.TotalCount:
            return found


def _is_covered(client: Any, interface_id: str) -> bool:
    request = models.DescribeFlowLogsRequest()
    request.ResourceId = interface_id
    return bool(client.DescribeFlowLogs(request).TotalNum)


def _main() -> None:
    work = common.work()
    client = vendor.client()
    interfaces = _interfaces(client)
    start = time.perf_counter()
    for interface_id, vpc_id in interfaces:
        if work["asks"] and _is_covered(client, interface_id):
            continue
        try:
            client.CreateFlowLog(vendor.create_request(interface_id, vpc_id))
        except TencentCloudSDKException as error:
            vendor.logger.info("not created", extra={"code": error.code})
    common.say(wall_s=time.perf_counter() - start, interfaces=len(interfaces))


_main()
