"""The HTTP server: werkzeug's, with connections kept alive and replies that can break off.

Werkzeug's own request handler closes each connection after one reply and waits 10 ms for it, which no client of the
real cloud sees; its parsing is kept, its writing replaced, and no WSGI application stands between.
"""

from __future__ import annotations

import io
import logging
import re
import socket
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from localcloud.core.errors import DroppedConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from localcloud.core.faults import Reply

_LENGTH = re.compile(r"[0-9]{1,12}")
_LOG = logging.getLogger("localcloud")


class Handler(WSGIRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave in one packet
    server: Server

    def setup(self) -> None:
        """Note the connection, so that stopping the server closes it."""
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        """Forget the connection."""
        self.server.closed(self.connection)
        with suppress(OSError):  # the client has left without its reply
            super().finish()

    def run_wsgi(self) -> None:
        """Read one request whole, let the application answer it, and write the reply."""
        environ = self.make_environ()
        try:
            environ["wsgi.input"] = io.BytesIO(self._body(environ))
        except ValueError as error:
            # It closes the connection, too: where the next request begins is unknown.
            self.send_error(HTTPStatus.BAD_REQUEST, explain=str(error))
            return
        try:
            self._write(self.server.answer(Request(environ)))
        except DroppedConnection:
            self._drop()

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send its body, at once: until then no reply goes out."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def _body(self, environ: WSGIEnvironment) -> bytes:
        """Read the request's body, by its length or in chunks.

        Raises:
            ValueError: Its length or a chunk's cannot be read.
            ClientDisconnected: The client left before it had sent all of it.
        """
        if environ.get("wsgi.input_terminated"):  # werkzeug has put its reader of chunks there
            try:
                return bytes(environ["wsgi.input"].read())
            except OSError as error:
                raise ValueError(str(error)) from error
        length = self.headers.get("Content-Length") or "0"
        if not _LENGTH.fullmatch(length):
            raise ValueError("Invalid Content-Length")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ClientDisconnected
        return body

    def _write(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        if reply.location:
            self.send_header("Location", reply.location)
        self.end_headers()
        for piece in (b"",) if self.command == "HEAD" else reply.sent():
            self.wfile.write(piece)
            self.wfile.flush()
        if reply.cut is not None:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        _shut(self.connection)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  the parameter is werkzeug's
        """Keep no access log."""


class Server(ThreadedWSGIServer):
    """A thread for each connection, as many as come. `connections` counts all there ever were."""

    request_queue_size = 1024

    def __init__(self, port: int, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.connections = 0
        super().__init__("127.0.0.1", port, Response(), Handler)  # it must have an application: none asks this one

    def opened(self, connection: socket.socket) -> None:
        """Note an open connection."""
        with self._lock:
            self._open.add(connection)
            self.connections += 1

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(connection)

    def close_connections(self) -> None:
        """Close what clients have kept open."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _shut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a handler raised; a client that went away is nothing to speak of."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ClientDisconnected)):
            _LOG.exception("a request of %s failed: %s", client_address, request)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the client was gone already
        connection.shutdown(socket.SHUT_RDWR)
