"""Clients that this project did not write: the SDK's typed modules, and tccli as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localcloud import LocalCloud


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
