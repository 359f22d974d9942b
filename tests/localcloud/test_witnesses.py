"""Clients that this project did not write: the SDK's typed modules, and tccli as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client
from tencentcloud.cvm.v20170312 import models as cvm_models
from tencentcloud.vpc.v20170312 import models as vpc_models
from tencentcloud.vpc.v20170312 import vpc_client

if TYPE_CHECKING:
    from localcloud import LocalCloud


def typed(cloud: LocalCloud, client: Any) -> Any:
    profile = ClientProfile(
        httpProfile=HttpProfile(protocol="http", endpoint=cloud.endpoint.removeprefix("http://")), language="en-US"
    )
    return client(Credential(cloud.secret_id, cloud.secret_key), cloud.region, profile)


def request(kind: Any, **params: Any) -> Any:
    made = kind()
    made.from_json_string(json.dumps(params))
    return made


def test_the_typed_clients_understand_every_reply(cloud: LocalCloud) -> None:
    """From a new instance to its flow log, by the SDK's own models."""
    cvm, vpc = typed(cloud, cvm_client.CvmClient), typed(cloud, vpc_client.VpcClient)
    run = request(cvm_models.RunInstancesRequest, Placement={"Zone": "ap-guangzhou-3"}, ImageId="img-1")
    (instance,) = cvm.RunInstances(run).InstanceIdSet
    cloud.clock.advance(3)
    shown = cvm.DescribeInstances(request(cvm_models.DescribeInstancesRequest, InstanceIds=[instance]))
    assert shown.InstanceSet[0].InstanceState == "RUNNING"
    filters = [{"Name": "attachment.instance-id", "Values": [instance]}]
    found = vpc.DescribeNetworkInterfaces(request(vpc_models.DescribeNetworkInterfacesRequest, Filters=filters))
    (interface,) = found.NetworkInterfaceSet
    assert (found.TotalCount, interface.Attachment.InstanceId) == (1, instance)
    made = vpc.CreateFlowLog(
        request(
            vpc_models.CreateFlowLogRequest,
            FlowLogName="typed",
            ResourceType="NETWORKINTERFACE",
            ResourceId=interface.NetworkInterfaceId,
            VpcId=interface.VpcId,
            TrafficType="ALL",
            CloudLogId=cloud.topic_id,
        )
    )
    listed = vpc.DescribeFlowLogs(request(vpc_models.DescribeFlowLogsRequest))
    assert [one.FlowLogId for one in listed.FlowLog] == [made.FlowLog[0].FlowLogId]
    assert listed.TotalNum == 1


@pytest.fixture
def tccli(cloud: LocalCloud, tmp_path: Path) -> Any:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("tccli")), *words]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TENCENTCLOUD_")},
            "HOME": str(tmp_path),
            "TENCENTCLOUD_SECRET_ID": cloud.secret_id,
            "TENCENTCLOUD_SECRET_KEY": cloud.secret_key,
            "TENCENTCLOUD_REGION": cloud.region,
        }
        return subprocess.run(
            [*command, "--endpoint", cloud.endpoint],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_tccli_makes_an_interface_and_its_flow_log(cloud: LocalCloud, tccli: Any) -> None:
    """It sends its Host with the scheme, and signs that."""
    made = tccli(
        "vpc",
        "CreateAndAttachNetworkInterface",
        *("--VpcId", cloud.vpc_id, "--SubnetId", cloud.subnet_id),
        *("--NetworkInterfaceName", "by-tccli", "--InstanceId", cloud.instance_id),
    )
    assert made.returncode == 0, made.stdout + made.stderr
    interface = json.loads(made.stdout)["NetworkInterface"]["NetworkInterfaceId"]
    logged = tccli(
        "vpc",
        "CreateFlowLog",
        *("--FlowLogName", "by-tccli", "--ResourceType", "NETWORKINTERFACE", "--ResourceId", interface),
        *("--VpcId", cloud.vpc_id, "--TrafficType", "ALL", "--CloudLogId", cloud.topic_id),
    )
    assert logged.returncode == 0, logged.stdout + logged.stderr
    assert [one.name for one in cloud.flow_logs_of(cloud.region, interface)] == ["by-tccli"]


def test_tccli_shows_a_refusal(tccli: Any) -> None:
    refused = tccli("vpc", "DeleteVpc", "--VpcId", "vpc-00000000")
    assert refused.returncode != 0
    assert "ResourceNotFound" in refused.stdout + refused.stderr
