"""Faults that tests switch on: small callables around a call, which can be chained.

A fault gets the call and `proceed`, which does the rest (the next fault, then the action itself) and returns its reply.
It may raise, wait, or change the reply::

    cloud.faults.add("CreateFlowLog", throttle(), times=3)
    cloud.faults.add("CreateFlowLog", chain(delay(0.2), drop_after_effect()), times=1)

They work over real sockets: a dropped connection is one that the server closes.
"""

from __future__ import annotations

import functools
import json
import random
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from localcloud.core.errors import ApiError, CmqError, DroppedConnection
from localcloud.core.limits import request_limit_exceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CMQ = "cmq"
ANY = "*"


@dataclass(frozen=True)
class Reply:
    """What goes over the wire.

    Attributes:
        cut: How many bytes of the body are really sent; None for all of them.
        drip_s: Seconds before each byte of the body; 0 sends it at once.
        location: Of a redirect.
    """

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    cut: int | None = None
    drip_s: float = 0.0
    location: str = ""

    def sent(self) -> Iterator[bytes]:
        """Yield what is really sent of the body, in one piece or byte by byte."""
        body = self.body[: self.cut]
        if not self.drip_s:
            yield body
            return
        for byte in body:
            time.sleep(self.drip_s)
            yield bytes([byte])


def as_json(body: Mapping[str, Any]) -> bytes:
    """Return a reply's body. What is no text in it, half of a surrogate pair, becomes "?": any reply can be sent."""
    return json.dumps(body, ensure_ascii=False).encode(errors="replace")


@dataclass(frozen=True)
class Incoming:
    """The call a fault sees: its service ("cmq" for the message API), action, region and parameters."""

    service: str
    action: str
    region: str
    params: dict[str, Any] = field(default_factory=dict)


if TYPE_CHECKING:
    Proceed = Callable[[], Reply]
    Fault = Callable[[Incoming, Proceed], Reply]


def throttle() -> Fault:
    """Refuse the call as over the limit."""

    def strike(call: Incoming) -> None:
        if call.service == CMQ:
            raise CmqError(4420, "qps throttling")
        raise request_limit_exceeded(21, 20)

    return _before(strike)


def error(code: str | int, message: str = "A fault switched on by the test.") -> Fault:
    """Refuse the call with this code: text for the v3 API, a number for CMQ."""
    return _before(lambda _: _refuse(code, message))


def error_after_effect(code: str | int, message: str = "A fault switched on by the test.") -> Fault:
    """Do the action, then answer with this error all the same."""
    return _after(lambda _: _refuse(code, message))


def delay(seconds: float) -> Fault:
    """Wait before the action is done."""
    return _before(lambda _: time.sleep(seconds))


def delay_after_effect(seconds: float) -> Fault:
    """Do the action, then wait before the answer."""

    def strike(reply: Reply) -> Reply:
        time.sleep(seconds)
        return reply

    return _after(strike)


def drop_before_effect() -> Fault:
    """Close the connection; the action is not done."""
    return _before(lambda _: _drop())


def drop_after_effect() -> Fault:
    """Do the action and close the connection without an answer."""
    return _after(lambda _: _drop())


def truncated_body() -> Fault:
    """Do the action, announce the whole answer, send half of it and close the connection."""
    return _after(lambda reply: replace(reply, cut=len(reply.body) // 2))


def garbled_body(body: bytes = b"<html>not the answer</html>") -> Fault:
    """Do the action and answer with bytes that are not JSON, under the right Content-Type."""
    return _after(lambda reply: replace(reply, body=body))


def content_type(value: str = "application/json; charset=utf-8") -> Fault:
    """Answer under another Content-Type, which makes the SDK skip its error check."""
    return _after(lambda reply: replace(reply, content_type=value))


def http_status(status: int = 500, body: bytes = b"Internal Server Error") -> Fault:
    """Answer with an HTTP error, as a gateway in trouble would; the action is not done."""
    return lambda _call, _proceed: Reply(body, status, "text/html")


def drip(seconds: float) -> Fault:
    """The action is done, and its reply comes byte by byte, with so many seconds before each."""
    return _after(lambda reply: replace(reply, drip_s=seconds))


def redirect(location: str) -> Fault:
    """Nothing is done: the reply sends the client elsewhere."""
    return lambda _call, _proceed: Reply(b"", 307, "text/html", location=location)


def _before(strike: Callable[[Incoming], None]) -> Fault:
    def fault(call: Incoming, proceed: Proceed) -> Reply:
        strike(call)
        return proceed()

    return fault


def _after(strike: Callable[[Reply], Reply]) -> Fault:
    return lambda _call, proceed: strike(proceed())


def _refuse(code: str | int, message: str) -> NoReturn:
    raise CmqError(code, message) if isinstance(code, int) else ApiError(code, message)


def _drop() -> NoReturn:
    raise DroppedConnection


def chain(*faults: Fault) -> Fault:
    """Put faults around each other, the first outermost."""

    def fault(call: Incoming, proceed: Proceed) -> Reply:
        for inner in reversed(faults):
            proceed = functools.partial(inner, call, proceed)
        return proceed()

    return fault


@dataclass
class Switch:
    """A fault that is on. `hits` counts how often it struck."""

    action: str
    fault: Fault
    region: str | None = None
    times: int | None = None
    skip: int = 0
    probability: float = 1.0
    hits: int = field(default=0, compare=False)

    def off(self) -> None:
        """Switch it off."""
        self.times = self.hits


class Faults:
    """The faults that are on, and the dice for those that strike by chance. Thread-safe."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311  chance for tests, which must be repeatable
        self._lock = threading.Lock()
        self._switches: list[Switch] = []

    def add(  # noqa: PLR0913  each names one of the few ways to bound a fault
        self,
        action: str,
        fault: Fault,
        *,
        region: str | None = None,
        times: int | None = None,
        skip: int = 0,
        probability: float = 1.0,
    ) -> Switch:
        """Switch a fault on.

        Args:
            action: The action it strikes, or "*" for every one.
            fault: What happens.
            region: Only in this region.
            times: How often at most.
            skip: How many calls it lets pass first.
            probability: The chance to strike, from 0 to 1.

        Returns:
            The switch, to count hits and to switch it off.
        """
        switch = Switch(action, fault, region, times, skip, probability)
        with self._lock:
            self._switches.append(switch)
        return switch

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._switches.clear()

    def around(self, call: Incoming, proceed: Proceed) -> Reply:
        """Do the call with the faults that strike it around it."""
        with self._lock:
            striking = [switch.fault for switch in self._switches if self._strikes(switch, call)]
        return chain(*striking)(call, proceed)

    def _strikes(self, switch: Switch, call: Incoming) -> bool:
        if switch.action not in (ANY, call.action) or switch.region not in (None, call.region):
            return False
        if switch.times is not None and switch.hits >= switch.times:
            return False
        if switch.skip > 0:
            switch.skip -= 1
            return False
        if self._random.random() >= switch.probability:
            return False
        switch.hits += 1
        return True
