"""A tiny API: one fixed answer for every call, and when each came. It costs next to nothing, so the client shows."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

_BODY = json.dumps(
    {"Response": {"FlowLog": [{"FlowLogId": "fl-f42uhpkj"}], "TotalNum": 0, "RequestId": "404428db-0000"}}
).encode()
_REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: Endpoint

    def handle(self) -> None:
        while self._answer():
            pass

    def _answer(self) -> bool:
        line = self.rfile.readline()
        if not line.strip():
            return False
        self.server.arrived()
        length, alive = 0, True
        while line.strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
            alive = alive and not (name.lower() == b"connection" and value.strip().lower() == b"close")
            line = self.rfile.readline()
        self.rfile.read(length)
        self.wfile.write(_REPLY)
        return alive


class Endpoint(socketserver.ThreadingTCPServer):
    """Listens on a free port while it is a context manager."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        """Nobody is watched yet."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self._watched: int | None = None
        self._arrivals: SimpleQueue[tuple[float, float]] = SimpleQueue()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

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

    def __enter__(self) -> Self:
        """Listen."""
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.shutdown()
        self.server_close()
