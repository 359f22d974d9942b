"""The server as a whole: connections, several clouds in one process, and `python -m localcloud`."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from localcloud import LocalCloud
from tests.support.client import Client

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
    assert requests.get(f"{cloud.endpoint}/elsewhere", timeout=30).status_code == 404


def connect(cloud: LocalCloud) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cloud.port), timeout=30)


def test_the_reply_to_a_head_request_has_no_body(cloud: LocalCloud) -> None:
    """What follows its headers is the reply to the next request."""
    with connect(cloud) as client:
        client.sendall(b"HEAD /elsewhere HTTP/1.1\r\nHost: x\r\n\r\nGET /console HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += client.recv(4096)
    _, _, second = answer.partition(b"\r\n\r\n")
    assert second.startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_asks_first_is_told_to_go_on(cloud: LocalCloud) -> None:
    """Before it has sent its body, for which it may wait with it."""
    with connect(cloud) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        assert client.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_body_in_chunks_is_read_whole(cloud: LocalCloud) -> None:
    """And the connection is good for the next request."""
    form = b"Action=SendMessage&SecretId=nobody&Timestamp=" + str(int(time.time())).encode()
    with requests.Session() as session:
        for _ in range(2):
            reply = session.post(
                f"{cloud.endpoint}/v2/index.php",
                data=iter([form[:9], form[9:]]),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                timeout=30,
            ).json()
            assert "SecretId is not found" in reply["message"]
    assert cloud.connections == 1


def test_a_client_that_leaves_within_its_body_is_not_answered(
    cloud: LocalCloud, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is it a fault of the cloud's own, to be logged."""
    with connect(cloud) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nabc")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert not caplog.records


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: two",
        b"Content-Length: -1",
        b"Content-Length: \xb2",
        b"Transfer-Encoding: chunked\r\n\r\nxyz",
        b"Transfer-Encoding: chunked\r\n\r\n-5",
    ],
)
def test_a_body_without_a_readable_length_is_a_bad_request(cloud: LocalCloud, head: bytes) -> None:
    """What follows on the connection could be anything, so it is closed."""
    with connect(cloud) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        answer = b""
        while received := client.recv(4096):
            answer += received
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")


def test_the_same_seed_gives_the_same_ids() -> None:
    with LocalCloud(seed_value=7) as one, LocalCloud(seed_value=7) as two:
        names = KEYS[1:]
        assert {name: getattr(one, name) for name in names} == {name: getattr(two, name) for name in names}


@pytest.fixture
def process(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "localcloud", "--time-scale", "0", *request.param]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


@pytest.mark.parametrize(
    ("process", "how", "ready"), [([], signal.SIGTERM, True), (["--fresh"], signal.SIGINT, False)], indirect=["process"]
)
def test_the_command_prints_one_line_and_serves_until_told_to_stop(
    process: Any, how: signal.Signals, *, ready: bool
) -> None:
    """With --fresh nothing is activated yet, as its console says."""
    said = json.loads(process.stdout.readline())
    assert list(said) == KEYS
    client = Client(LocalCloudAt(said))  # type: ignore[arg-type]
    interfaces = client("vpc", "DescribeNetworkInterfaces")["NetworkInterfaceSet"]
    assert [one["Attachment"]["InstanceId"] for one in interfaces] == [said["instance_id"]]
    assert client("tdmq", "DescribeCmqQueues")["TotalCount"] == 0
    assert set(requests.get(f"{said['endpoint']}/console", timeout=5).json().values()) == {ready}
    process.send_signal(how)
    assert process.wait(timeout=60) == 0
    assert process.stdout.read() == ""


class LocalCloudAt:
    """A cloud in another process, known by the line it printed."""

    def __init__(self, said: dict[str, str]) -> None:
        self.__dict__.update(said)
