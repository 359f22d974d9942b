"""What a server may do to a connection: drip, never end, send too much, send us elsewhere."""

from __future__ import annotations

import gzip
import json
import shutil
import ssl
import subprocess
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from handler.budget import Budget
from handler.cloud.api import VPC, Api
from handler.cloud.connection import MAX_REPLY_BYTES, Connection, NoReply
from handler.cloud.queue import Queue
from handler.errors import QueueError, Transient
from handler.settings import Credentials
from tests.support.server import Server, head, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

KEYS = Credentials("AKIDexample", "secret", "a-session-token")
CALL_S = 0.4
MEGABYTE = 1024 * 1024


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def connection() -> Connection:
    return Connection(Budget(60.0), CALL_S)


def drip(
    server: Server, first: bytes, every: bytes, pause_s: float = CALL_S / 10
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send the first bytes, then a few more again and again, each well within a time-out for one read."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(first)
        while not server.over.wait(pause_s):
            request.wfile.write(every)

    return answer


@pytest.mark.parametrize(
    ("first", "every"),
    [
        (head(10_000), b" "),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n"),
        (b"HTTP/1.1 200", b"0"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (head(100) + b'{"Response":', b""),
    ],
    ids=["body", "headers", "status line", "chunks", "two pieces"],
)
def test_a_reply_that_drips_ends_at_the_call_s_time_out(
    server: Server, connection: Connection, first: bytes, every: bytes
) -> None:
    """However it is cut: a time-out of each read would never come."""
    server.answer = drip(server, first, every)
    with pytest.raises(NoReply, match=r"127\.0\.0\.1: no whole reply within 0\.4 s"):
        connection.request("POST", server.url, "{}")


def test_a_reply_that_never_makes_us_wait_ends_too(server: Server, connection: Connection) -> None:
    """There is always something to read, and never an end: no read ever takes long."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.answer = drip(server, chunked, b"1\r\n \r\n" * 1_000, pause_s=0)
    with pytest.raises(NoReply, match=r"no whole reply within 0\.4 s"):
        connection.request("POST", server.url, "{}")


def test_a_call_takes_no_more_than_the_invocation_has_left(server: Server) -> None:
    """A call's own ten seconds are not there any more."""
    server.answer = drip(server, head(10_000), b" ")
    with pytest.raises(NoReply, match=r"no whole reply within 0\.[1-3] s"):
        Connection(Budget(0.3), 10.0).request("POST", server.url, "{}")


@pytest.mark.parametrize("first", [head(100 * MEGABYTE), b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
def test_a_reply_of_any_length_is_refused_with_memory_flat(server: Server, first: bytes) -> None:
    """A hundred megabytes, announced or not: no more is read than a reply may have."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(first)
        for _ in range(100):
            request.wfile.write(b" " * MEGABYTE)

    server.answer = answer
    tracemalloc.start()
    with pytest.raises(NoReply, match=f"a reply of more than {MAX_REPLY_BYTES} bytes"):
        Connection(Budget(60.0), 60.0).request("POST", server.url, "{}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * MAX_REPLY_BYTES


def test_messages_that_are_too_long_together_are_received_one_by_one(server: Server) -> None:
    """Else a queue of long messages, of whoever they are, would never be read."""
    long = json.dumps({"code": 0, "msgInfoList": [{"msgBody": "x" * MEGABYTE}] * 16}).encode()
    one = json.dumps({"code": 0, "msgInfoList": [{"msgBody": "x", "receiptHandle": "h", "msgId": "1"}]}).encode()
    replies = iter((long, one))

    def answer(request: BaseHTTPRequestHandler) -> None:
        reply = next(replies)
        request.wfile.write(head(len(reply)) + reply)

    server.answer = answer
    (message,) = Queue(server.url, "queue", lambda: KEYS, Budget(60.0)).receive()
    assert (message.body, message.handle, message.message_id) == ("x", "h", "1")


def test_a_gzip_bomb_is_not_unpacked(server: Server, connection: Connection) -> None:
    """Nothing asks for an encoding, so that nothing has to be unpacked."""
    bomb = gzip.compress(b" " * 50 * MEGABYTE)

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(head(len(bomb), more="Content-Encoding: gzip\r\n") + bomb)

    server.answer = answer
    with pytest.raises(NoReply, match="an encoding that was not asked for"):
        connection.request("POST", server.url, "{}")
    assert server.heard[0][1]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_no_redirect_is_followed(server: Server, status: str) -> None:
    """It would take the session token to whatever host it names."""
    with serving() as elsewhere:

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(head(0, status, f"Location: {elsewhere.url}/\r\n"))

        server.answer = answer
        api = Api(server.url, lambda: KEYS, Budget(60.0))
        with pytest.raises(Transient, match=r"answered with a redirect \(30\d\), which is not followed"):
            api.call_unless_lost(VPC, "CreateFlowLog", "ap-shanghai", {})
        queue = Queue(server.url, "queue", lambda: KEYS, Budget(60.0))
        with pytest.raises(QueueError, match="answered with a redirect"):
            queue.send_many(["a", "b"])
    assert len(server.heard) == 2
    assert elsewhere.heard == []


def test_a_kept_connection_has_its_whole_time_again(server: Server, connection: Connection) -> None:
    """What one call took of its time is not missing in the next over the same connection."""
    slow = iter([True, False, True])

    def answer(request: BaseHTTPRequestHandler) -> None:
        if next(slow):
            server.over.wait(CALL_S * 0.7)
        request.wfile.write(head(2) + b"{}")

    server.answer = answer
    answers = [connection.request("POST", server.url, "{}") for _ in range(3)]
    assert [(each.status_code, each.content) for each in answers] == [(200, b"{}")] * 3


def test_the_environment_s_proxy_is_used(
    server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its name and password, and not for a host of NO_PROXY."""
    server.answer = lambda request: request.wfile.write(head(2) + b"{}")
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("://", "://user:pass%20word@"))
    monkeypatch.setenv("NO_PROXY", "nowhere.example")
    assert connection.request("POST", "http://vpc.example/", "{}").content == b"{}"
    (path, headers, _), *_ = server.heard
    assert path == "http://vpc.example/"
    assert headers["proxy-authorization"] == "Basic dXNlcjpwYXNzIHdvcmQ="
    with pytest.raises(NoReply):
        connection.request("POST", "http://nowhere.example/", "{}")
    assert len(server.heard) == 1


def test_a_header_that_cannot_be_sent_is_not_shown(server: Server, connection: Connection) -> None:
    """It may be the token: a line's end in it is told by the kind of error only."""
    with pytest.raises(NoReply, match=r"the connection broke \(ValueError\)") as raised:
        connection.request("POST", server.url, "{}", {"X-TC-Token": "planted\nsecret"})
    assert "planted" not in str(raised.value)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost that vouches for itself, with its key."""
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("there is no openssl to make a certificate with")
    made = tmp_path / "localhost.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "/dev/stdout", "-out", "/dev/stdout"]
    made.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return made


def test_over_tls(server: Server, connection: Connection, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same deadline; who is to be trusted is told by the environment, and whoever is not is told in TLS's words."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.server_port}/"
    with pytest.raises(NoReply, match=r"localhost: .*certificate verify failed"):
        connection.request("POST", url, "{}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server.answer = lambda request: request.wfile.write(head(2) + b"{}")
    assert [connection.request("POST", url, "{}").content for _ in range(2)] == [b"{}"] * 2
    server.answer = drip(server, head(10_000), b" ")
    with pytest.raises(NoReply, match=r"localhost: no whole reply within 0\.4 s"):
        connection.request("POST", url, "{}")
