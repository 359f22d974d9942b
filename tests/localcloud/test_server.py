"""The server as a whole: connections, several clouds in one process, and `python -m localcloud`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from localcloud import LocalCloud
from tests.localcloud.conftest import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
KEYS = ["endpoint", "secret_id", "secret_key", "region", "uin", "topic_id", "vpc_id", "subnet_id", "instance_id"]


def test_a_connection_is_kept_for_the_next_call(cloud: LocalCloud, call: Client) -> None:
    for _ in range(3):
        call("vpc", "DescribeVpcs")
    assert cloud.connections == 1


def test_many_clouds_live_side_by_side() -> None:
    """None knows the others' keys, nor their state."""
    with LocalCloud() as one, LocalCloud() as two:
        Client(one)("vpc", "CreateVpc", VpcName="only here")
        assert Client(one)("vpc", "DescribeVpcs")["TotalCount"] == 2
        assert Client(two)("vpc", "DescribeVpcs")["TotalCount"] == 1
        stranger = Client(two, Client(one).credential)
        stranger.credential = None
        two.secret_id = one.secret_id
        assert stranger.refused("vpc", "DescribeVpcs")[0] == "AuthFailure.SecretIdNotFound"


def test_a_stopped_cloud_closes_its_connections() -> None:
    with LocalCloud() as cloud:
        client = Client(cloud)
        client("vpc", "DescribeVpcs")
    with pytest.raises(TencentCloudSDKException) as caught:
        client("vpc", "DescribeVpcs")
    assert caught.value.code == "ClientNetworkError"


def test_many_clients_at_once_change_state_safely(cloud: LocalCloud) -> None:
    def create(number: int) -> str:
        reply = Client(cloud)("vpc", "CreateVpc", VpcName=f"v{number}")
        return str(reply["Vpc"]["VpcId"])

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(40)))
    assert len(made) == 40
    assert Client(cloud)("vpc", "DescribeVpcs")["TotalCount"] == 41


def test_another_path_is_not_found(cloud: LocalCloud) -> None:
    assert requests.get(f"{cloud.endpoint}/elsewhere", timeout=5).status_code == 404


def test_the_same_seed_gives_the_same_ids() -> None:
    with LocalCloud(seed_value=7) as one, LocalCloud(seed_value=7) as two:
        names = KEYS[1:]
        assert {name: getattr(one, name) for name in names} == {name: getattr(two, name) for name in names}


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "localcloud", "--time-scale", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_one_line_and_serves_until_told_to_stop(process: Any, how: signal.Signals) -> None:
    said = json.loads(process.stdout.readline())
    assert list(said) == KEYS
    client = Client(LocalCloudAt(said))  # type: ignore[arg-type]
    interfaces = client("vpc", "DescribeNetworkInterfaces")["NetworkInterfaceSet"]
    assert [one["Attachment"]["InstanceId"] for one in interfaces] == [said["instance_id"]]
    assert client("tdmq", "DescribeCmqQueues")["TotalCount"] == 0
    process.send_signal(how)
    assert process.wait(timeout=10) == 0
    assert process.stdout.read() == ""


class LocalCloudAt:
    """A cloud in another process, known by the line it printed."""

    def __init__(self, said: dict[str, str]) -> None:
        self.__dict__.update(said)
