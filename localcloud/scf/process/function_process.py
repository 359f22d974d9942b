"""One instance of a function: a process that runs `bootstrap.py` with SCF's environment, one event at a time.

An event that ends without a result ends in an `InvocationError`: SCF's status and its words (doc 583/35311; wordings
marked * are inferred, the others seen in real replies):

    407  the answer is over 6 MB
    430  the function raised, or returned what is not JSON *
    432  all instances are busy and there may be no more
    433  the time limit was reached; the instance is killed
    434  the memory limit was reached; the instance is killed
    437  the entry file is not there *
    439  the process ended by itself, or wrote into its runtime's channel *; the instance is replaced
    443  the entry file cannot be imported, or has no such function
    450  the function was not loaded within the initialisation limit *; the instance is killed
    500  it could not be run at all, such as for want of its role *

That an event is JSON, and not too large, is seen to before it comes here.

Memory is the peak of the process's resident set (VmHWM), looked at all along and once more at the end; without /proc it
is 0 and no limit holds. Loading the function counts as initialisation, not against its time limit.
"""

import json
import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

MAX_PAYLOAD_BYTES: Final = 6 * 1024 * 1024
MAX_LOG_BYTES: Final = 6 * 1024 * 1024
_BOOTSTRAP: Final = Path(__file__).with_name("bootstrap.py")
_LOOK_S: Final = 0.02  # how often a running instance's memory is looked at

_ANSWERS: Final = frozenset({"ready", "status", "result", "trace"})

_RESULT_TOO_LARGE: Final = 407
_RAISED: Final = 430
THROTTLED: Final = 432
_TIMED_OUT: Final = 433
_OUT_OF_MEMORY: Final = 434
_EXITED: Final = 439
_INIT_TIMED_OUT: Final = 450
SYSTEM_ERROR: Final = 500


class InvocationError(Exception):
    """An invocation ended without a result."""

    def __init__(self, status: int, message: str, trace: str | None = None, *, code: int = -1) -> None:
        super().__init__(message)
        self._error = {"errorCode": code, "errorMessage": message, "statusCode": status}
        if trace is not None:
            self._error["stackTrace"] = trace

    def told(self, request_id: str) -> dict[str, Any]:
        """Return what SCF says of it: the error of the invocation of this id."""
        return dict(sorted({**self._error, "requestId": request_id}.items()))


class FunctionProcess:
    """One process of the function. Used by one thread at a time, save `kill`, which any thread may call."""

    def __init__(self, python: Path, settings: Mapping[str, Any], code: Path, variables: Mapping[str, str]) -> None:
        """Start it; `load` waits until it is ready.

        Args:
            python: The Python to run it in.
            settings: The function's, by CreateFunction's names.
            code: The folder of its code.
            variables: Its whole environment.
        """
        self.id = uuid.uuid4().hex[:12]
        self.run_ms = self.init_ms = self.peak_mb = 0.0
        self._settings = settings
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._ready = self._killed = False
        # Appended to by the process, so that it can be emptied between two runs; nobody needs its name.
        log = code.with_name(f"{self.id}.log")
        self._log = log.open("a+b", buffering=0)
        log.unlink()
        self._channel, theirs = socket.socketpair()
        try:
            self._process = self._spawn(python, code, variables, theirs.fileno())
        except OSError:
            self._channel.close()
            self._log.close()
            raise
        finally:
            theirs.close()

    def _spawn(self, python: Path, code: Path, variables: Mapping[str, str], channel: int) -> "subprocess.Popen[bytes]":
        # -S: nothing but the package and the standard library, as on SCF since Python 3.7; -s: no user's packages;
        # -u: what was printed before a kill is in the log; -X utf8: SCF's locale, whether or not this machine has it.
        options = ["-S", "-s", "-u", "-X", "utf8"]
        return subprocess.Popen(  # noqa: S603 - running a user's function is what this is for
            [str(python), *options, str(_BOOTSTRAP), str(channel), self._settings["Handler"], str(code)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            cwd=code,
            env=variables,
            pass_fds=(channel,),
            start_new_session=True,
        )

    def load(self) -> None:
        """Wait until the function is loaded."""
        limit_s = self._settings["InitTimeout"]
        late = InvocationError(_INIT_TIMED_OUT, f"Initialization timed out after {limit_s:g} seconds")
        answer = self._answer(self._started + limit_s, late)
        self.init_ms = (time.monotonic() - self._started) * 1000
        if "ready" not in answer:
            raise InvocationError(answer["status"], answer["message"], code=1)

    def run(self, request: Mapping[str, Any]) -> str:
        """Run one event and return the result as JSON."""
        self._ready = False
        self.peak_mb = 0.0
        _reset_peak(self._process.pid)
        limit_s = self._settings["Timeout"]
        late = InvocationError(_TIMED_OUT, f"Invoking task timed out after {limit_s:g} seconds")
        start = time.monotonic()
        try:
            self._send(request)
            answer = self._answer(start + limit_s, late)
        finally:
            self.run_ms = (time.monotonic() - start) * 1000
        self._ready = True
        return _result(answer)

    def take_log(self) -> str:
        """Return what was written since the last call, and empty the log."""
        self._log.seek(0)
        text = self._log.read(MAX_LOG_BYTES)
        self._log.truncate(0)
        return (text or b"").decode(errors="replace")

    def is_usable(self) -> bool:
        """Tell whether it ran its last event to the end and waits for another."""
        with self._lock:
            return self._ready and not self._killed and not self._has_exited()

    def kill(self) -> None:
        """Kill the process and all that it started."""
        with self._lock:
            self._killed = True
            if self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def dispose(self) -> None:
        """Kill the process, wait for its end and free what it held."""
        self.kill()
        with self._lock:
            self._process.wait()
        self._channel.close()
        self._log.close()

    def _has_exited(self) -> bool:
        # It is not reaped before `dispose`, so that until then its id, and its group's, belong to nobody else.
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _send(self, request: Mapping[str, Any]) -> None:
        self._channel.settimeout(None)
        try:
            self._channel.sendall(json.dumps(request).encode() + b"\n")
        except ConnectionError as error:
            raise _exited() from error

    def _answer(self, deadline: float, late: InvocationError) -> dict[str, Any]:
        received = bytearray()
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                self.kill()
                raise late
            self._receive(received, min(left, _LOOK_S))
            self._look_at_memory(self._settings["MemorySize"])
        return _understood(received)

    def _receive(self, received: bytearray, timeout_s: float) -> None:
        self._channel.settimeout(timeout_s)
        try:
            chunk = self._channel.recv(1 << 16)
        except TimeoutError:
            if self._has_exited():  # its end of the channel may be held by a child that it left behind
                raise _exited() from None
            return
        except ConnectionError as error:
            raise _exited() from error
        if not chunk:
            raise _exited()
        received += chunk

    def _look_at_memory(self, limit_mb: int) -> None:
        self.peak_mb = max(self.peak_mb, _peak_mb(self._process.pid))
        if self.peak_mb > limit_mb:
            self.kill()
            raise InvocationError(_OUT_OF_MEMORY, f"Task memory exceeded {limit_mb} MB")


def _understood(received: bytearray) -> dict[str, Any]:
    """Return the answer. What `bootstrap.py` did not write, the function wrote into its runtime's own channel."""
    try:
        answer = json.loads(received)
    except ValueError:
        raise _exited() from None
    if not isinstance(answer, dict) or _ANSWERS.isdisjoint(answer):
        raise _exited()
    return answer


def _result(answer: Mapping[str, Any]) -> str:
    if "trace" in answer:
        raise InvocationError(_RAISED, "user code exception caught", answer["trace"])
    result: str = answer["result"]
    if len(result.encode()) > MAX_PAYLOAD_BYTES:
        raise InvocationError(_RESULT_TOO_LARGE, "The size of response exceeds the upper limit (6MB)")
    return result


def _exited() -> InvocationError:
    return InvocationError(_EXITED, "User process exit when running")


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0.0
    _, found, rest = status.partition(b"VmHWM:")
    return int(rest.split(None, 1)[0]) / 1024 if found else 0.0


def _reset_peak(pid: int) -> None:
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): resets VmHWM to the memory now in use
    except OSError:
        return  # the peak is then that of the instance's whole life
