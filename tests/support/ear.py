"""Somebody who is called at an address: what an alarm says there."""

from __future__ import annotations

import json
import queue
from typing import TYPE_CHECKING, Any

from tests.support.server import head, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

Calls = queue.Queue[tuple[str, dict[str, Any]]]
"""The path and the JSON of each call."""


def listening() -> Iterator[tuple[str, Calls]]:
    """Listen while a test runs (the body of a fixture): the address, and what is said to it."""
    heard: Calls = queue.Queue()
    with serving() as server:

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(head(0))
            path, _, body = server.heard[-1]
            heard.put((path, json.loads(body)))

        server.answer = answer
        yield f"{server.url}/hook", heard
