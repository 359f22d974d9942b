"""Somebody who is called at an address: what an alarm says there."""

from __future__ import annotations

import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Calls = queue.Queue[tuple[str, dict[str, Any]]]
"""The path and the JSON of each call."""


def listening() -> Iterator[tuple[str, Calls]]:
    """Listen while a test runs (the body of a fixture): the address, and what is said to it."""
    heard: Calls = queue.Queue()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            heard.put((self.path, json.loads(said)))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
        server.shutdown()
