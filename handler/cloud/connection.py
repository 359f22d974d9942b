"""One way to send an HTTP call: a deadline for the whole of it, a bound on its reply, and no redirects.

The SDK's own connection has a time-out for each read, so that a reply which drips byte by byte never ends; it reads a
reply of any length, and follows a redirect with the session token. `client.request.conn`, where a `Connection` stands
instead, is a public attribute of the SDK's clients, with the one method `request`.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import certifi
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.util import make_headers, parse_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.budget import Budget

MAX_REPLY_BYTES = 8 * 1024 * 1024
"""A page of a hundred interfaces has some hundred kilobytes, sixteen messages of a queue have six megabytes at most."""
CONNECTIONS = 512
"""How many connections to one host are kept: more than the workers of all regions together."""
HOSTS = 64
CONNECT_TIMEOUT_S = 3.0
"""For each address of a host, of which there may be several."""
SHORTEST_TIMEOUT_S = 0.2
_HEADERS = {"User-Agent": "eni-flowlog", "Accept": "application/json", "Accept-Encoding": "identity"}


class NoReply(Exception):
    """No whole reply came, in words. Whether the call has taken effect is not known."""


class TooLong(NoReply):
    """The reply is longer than is read of one."""


@dataclass(frozen=True)
class Reply:
    """A whole reply, by the names that the SDK reads.

    Attributes:
        headers: none. Where it knows no content type, the SDK leaves reading the body to us.
    """

    status_code: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Connection:
    """Sends calls within an invocation's time; thread-safe. Its sockets are kept as long as the process lives."""

    request_length = 0  # the SDK asks for it after each call

    def __init__(self, budget: Budget, longest_s: float) -> None:
        """Take the time that is left, and how many seconds one call may take of it."""
        self._budget = budget
        self._longest_s = longest_s

    def request(
        self, method: str, url: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send a call and wait for its whole reply, whatever its status, but a redirect's.

        Raises:
            NoReply: it could not be sent, or no whole reply came in time, or one too long, or a redirect.
        """
        seconds = max(SHORTEST_TIMEOUT_S, min(self._longest_s, self._budget.left()))
        place = parse_url(url)
        try:
            reply = _pools_for(url).urlopen(
                method,
                url,
                body=body.encode() if body else None,
                headers={**_HEADERS, **(headers or {})},
                timeout=Timeout(connect=CONNECT_TIMEOUT_S, total=seconds),
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            with reply:  # read to its end, it is back in the pool already; what is left unread is not waited for
                content = reply.read(MAX_REPLY_BYTES + 1)
        except (HTTPError, OSError, ValueError) as error:
            raise NoReply(f"{place.host}: {_words(error, seconds)}") from None
        _check(reply.status, reply.headers, content, str(place.host))
        return Reply(reply.status, content)


def _words(error: Exception, seconds: float) -> str:
    """What was wrong, without what an error's text may hold of a header or of the reply."""
    if isinstance(error, SSLError):
        return str(error)
    if reason := getattr(error.__cause__, "strerror", None):  # the system's, such as "Connection refused"
        return str(reason)
    if isinstance(error, TimedOut):
        return f"no whole reply within {seconds:.1f} s"
    return f"the connection broke ({type(error).__name__})"


def _check(status: int, headers: Mapping[str, str], content: bytes, host: str) -> None:
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise NoReply(f"{host}: answered with a redirect ({status}), which is not followed")
    if len(content) > MAX_REPLY_BYTES:
        raise TooLong(f"{host}: a reply of more than {MAX_REPLY_BYTES} bytes")
    if headers.get("Content-Encoding", "identity") != "identity":
        raise NoReply(f"{host}: a reply in an encoding that was not asked for")


def _pools_for(url: str) -> PoolManager:
    """The connections for an address, as the environment's proxies and certificate authorities have it."""
    authorities = os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()
    proxy = select_proxy(url, get_environ_proxies(url)) or ""
    with _making:
        return _pools(proxy, authorities if url.startswith("https:") else "")


_making = threading.Lock()  # reading the authorities takes 15 ms: many threads may begin at once, and one does it


@cache
def _pools(proxy: str, authorities: str) -> PoolManager:
    """The connections of this process: over a proxy or directly, and over TLS where authorities are named."""
    options: dict[str, Any] = {"num_pools": HOSTS, "maxsize": CONNECTIONS, "retries": False}
    if authorities:
        options["ssl_context"] = ssl.create_default_context(cafile=authorities)
        options["ssl_context"].sslsocket_class = _TlsSocket
    if proxy:
        address = proxy if "://" in proxy else f"http://{proxy}"
        auth = parse_url(address).auth
        names = make_headers(proxy_basic_auth=unquote(auth)) if auth else None
        pools: PoolManager = ProxyManager(address, proxy_headers=names, **options)
    else:
        pools = PoolManager(**options)
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pools


class _Socket(socket.socket):
    """A socket whose reads all end at one moment. A socket's own time-out begins anew with each read."""

    deadline = float("inf")

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is over")
        self.settimeout(left)
        return super().recv_into(*args, **kwargs)


class _TlsSocket(_Socket, ssl.SSLSocket):
    """The same over TLS."""


class _Connection(HTTPConnection):
    """Gives each reply its deadline, and each request the time to be sent in."""

    def connect(self) -> None:
        super().connect()
        if type(self.sock) is socket.socket:  # over TLS, it is the context's kind of socket already
            self.sock = _Socket(fileno=self.sock.detach())
            self.sock.settimeout(self.timeout)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock:
            self.sock.settimeout(self.timeout)
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        sock: Any = self.sock
        sock.deadline = time.monotonic() + float(self.timeout or 0)
        return super().getresponse()


class _TlsConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
