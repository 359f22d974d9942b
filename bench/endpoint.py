"""A tiny API: one fixed answer for every call, and when each came. It costs next to nothing, so the client shows."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BODY = json.dumps(
    {"Response": {"FlowLog": [{"FlowLogId": "fl-f42uhpkj"}], "TotalNum": 0, "RequestId": "404428db-0000"}}
).encode()
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Endpoint

    def do_POST(self) -> None:
        self.server.arrived()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(_REPLY)


class Endpoint(ThreadingHTTPServer):
    """Listens on a free port; its threads end with the process."""

    def __init__(self) -> None:
        """Nobody is watched yet."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self._watched: int | None = None
        self._arrivals: SimpleQueue[tuple[float, float]] = SimpleQueue()
        self.settings = {"FLOWLOG_API_ENDPOINT": f"http://127.0.0.1:{self.server_port}"}

    def watch(self, pid: int) -> None:
        """Note the next call, which this process will send."""
        self._watched = pid

    def arrived(self) -> None:
        """Note when a watched process's first call came, and how much CPU time it has used until then."""
        pid, self._watched = self._watched, None
        if pid is not None:
            now = time.perf_counter()
            used_ns = int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])
            self._arrivals.put((now, used_ns / 1e9))

    def arrival(self) -> tuple[float, float]:
        """Wait for the watched call: when it came, on `time.perf_counter`, and the CPU seconds used."""
        return self._arrivals.get(timeout=60)


@contextmanager
def listening() -> Iterator[Endpoint]:
    """An endpoint that answers while the context lasts."""
    with Endpoint() as endpoint:
        threading.Thread(target=endpoint.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield endpoint
        finally:
            endpoint.shutdown()
