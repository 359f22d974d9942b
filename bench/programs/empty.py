"""(d) An empty handler: what starting Python costs, and one request over a bare socket."""

from __future__ import annotations

import os
import socket
from typing import Any

from bench.programs import common

_REQUEST = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def main_handler(_event: dict[str, Any], _context: dict[str, Any]) -> None:
    """Send a request."""
    host, _, port = os.environ["FLOWLOG_API_ENDPOINT"].removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(_REQUEST)
        while connection.recv(4096):
            pass


common.run(main_handler)
