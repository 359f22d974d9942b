"""One instance of a function: a process that runs `bootstrap.py` with SCF's environment, one event at a time.

An event that ends without a result ends in an `InvocationError`: SCF's status and its words (doc 583/35311; wordings
marked * are inferred, the others seen in real replies):

    407  the answer is over 6 MB
    430  the function raised, or returned what is not JSON *
    432  all instances are busy and there may be no more
    433  the time limit was reached; the instance is killed
    434  the memory limit was reached; the instance is killed
    437  the entry file is not there *
    439  the process ended by itself, or wrote into its runtime's pipe *; the instance is replaced
    443  the entry file cannot be imported, or has no such function
    450  the function was not loaded within the initialisation limit *; the instance is killed
    500  it could not be run at all, such as for want of its role *

That an event is JSON, and not too large, is seen to before it comes here.

Memory is the peak of the process's resident set (VmHWM), looked at all along and once more at the end; without /proc it
is 0 and no limit holds. Loading the function counts as initialisation, not against its time limit.
"""

import json
import os
import select
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from localcloud.scf.process.configuration import Credentials, FunctionConfig, environment

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

    def __init__(self, python: Path, config: FunctionConfig, folder: Path, keys: Credentials | None) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.run_ms = self.init_ms = self.peak_mb = 0.0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._ready = self._killed = self._disposed = False
        self._log_path = folder / f"{self.id}.log"
        # Appended to by the process, so that it can be emptied between two runs.
        self._log = self._log_path.open("a+b", buffering=0)
        request_end, self._requests = os.pipe()
        self._replies, reply_end = os.pipe()
        try:
            self._process = self._spawn(python, config, folder / "code", keys, (request_end, reply_end))
        except OSError:
            os.close(self._requests)
            os.close(self._replies)
            self._log.close()
            raise
        finally:
            os.close(request_end)
            os.close(reply_end)
        self._poller = select.poll()
        self._poller.register(self._replies, select.POLLIN)

    def _spawn(
        self, python: Path, config: FunctionConfig, code: Path, keys: Credentials | None, ends: tuple[int, int]
    ) -> "subprocess.Popen[bytes]":
        # -S: nothing but the package and the standard library, as on SCF since Python 3.7; -s: no user's packages;
        # -u: what was printed before a kill is in the log; -X utf8: SCF's locale, whether or not this machine has it.
        options = ["-S", "-s", "-u", "-X", "utf8"]
        return subprocess.Popen(  # noqa: S603 - running a user's function is what this is for
            [str(python), *options, str(_BOOTSTRAP), str(ends[0]), str(ends[1]), config.handler, str(code)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            cwd=code,
            env=environment(config, code, keys),
            pass_fds=ends,
            start_new_session=True,
        )

    def load(self, config: FunctionConfig) -> None:
        """Wait until the function is loaded."""
        late = InvocationError(_INIT_TIMED_OUT, f"Initialization timed out after {config.init_timeout_s:g} seconds")
        answer = self._answer(self._started + config.init_timeout_s, late, config)
        self.init_ms = (time.monotonic() - self._started) * 1000
        if "ready" not in answer:
            raise InvocationError(answer["status"], answer["message"], code=1)

    def run(self, request: Mapping[str, Any], config: FunctionConfig) -> str:
        """Run one event and return the result as JSON."""
        self._ready = False
        self.peak_mb = 0.0
        _reset_peak(self._process.pid)
        late = InvocationError(_TIMED_OUT, f"Invoking task timed out after {config.timeout_s:g} seconds")
        start = time.monotonic()
        try:
            self._send(request)
            answer = self._answer(start + config.timeout_s, late, config)
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
            if not self._disposed:
                os.killpg(self._process.pid, signal.SIGKILL)

    def dispose(self) -> None:
        """Kill the process, wait for its end and free what it held."""
        self.kill()
        with self._lock:
            self._disposed = True
            self._process.wait()
        os.close(self._requests)
        os.close(self._replies)
        self._log.close()
        self._log_path.unlink(missing_ok=True)

    def _has_exited(self) -> bool:
        # It is not reaped before `dispose`, so that until then its id, and its group's, belong to nobody else.
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _send(self, request: Mapping[str, Any]) -> None:
        data = memoryview(json.dumps(request).encode() + b"\n")
        try:
            while data:
                data = data[os.write(self._requests, data) :]
        except BrokenPipeError as error:
            raise _exited() from error

    def _answer(self, deadline: float, late: InvocationError, config: FunctionConfig) -> dict[str, Any]:
        received = bytearray()
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                self.kill()
                raise late
            self._receive(received, min(left, _LOOK_S))
            self._look_at_memory(config.memory_mb)
        return _understood(received)

    def _receive(self, received: bytearray, timeout_s: float) -> None:
        if self._poller.poll(timeout_s * 1000):
            chunk = os.read(self._replies, 1 << 16)
            if not chunk:
                raise _exited()
            received += chunk
        elif self._has_exited():  # its end of the pipe may be held by a child that it left behind
            raise _exited()

    def _look_at_memory(self, limit_mb: int) -> None:
        self.peak_mb = max(self.peak_mb, _peak_mb(self._process.pid))
        if self.peak_mb > limit_mb:
            self.kill()
            raise InvocationError(_OUT_OF_MEMORY, f"Task memory exceeded {limit_mb} MB")


def _understood(received: bytearray) -> dict[str, Any]:
    """Return the answer. What `bootstrap.py` did not write, the function wrote into its runtime's own pipe."""
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
