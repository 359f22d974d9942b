"""SCF's runtime for one version of one function: instances that are processes, their limits, and what comes of a run.

Each instance runs `bootstrap.py` in the function's own Python, with SCF's environment and no other (doc 583/30228), on
read-only code, one event at a time. An idle instance is used again; if all are busy another is started, up to a limit.

Outcomes and their words (statuses: doc 583/35311; wordings marked * are inferred, the others seen in real replies):

    400  the event is not JSON *
    406  the event is over 6 MB *
    407  the answer is over 6 MB
    430  the function raised, or returned what is not JSON *
    432  all instances are busy and there may be no more
    433  the time limit was reached; the instance is killed
    434  the memory limit was reached; the instance is killed
    437  the entry file is not there *
    439  the process ended by itself; the instance is replaced
    443  the entry file cannot be imported, or has no such function
    450  the function was not loaded within the initialisation limit *; the instance is killed

Memory is the peak of the process's resident set (VmHWM), looked at all along and once more at the end; without /proc it
is 0 and no limit holds. Loading the function counts as initialisation, not against its time limit.
"""

import itertools
import json
import math
import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
import weakref
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from localcloud.bootstrap import CREDENTIALS

MAX_PAYLOAD_BYTES: Final = 6 * 1024 * 1024
MAX_UNZIPPED_BYTES: Final = 500 * 1024 * 1024
MAX_LOG_BYTES: Final = 6 * 1024 * 1024
_BOOTSTRAP: Final = Path(__file__).with_name("bootstrap.py")
_LOOK_S: Final = 0.02  # how often a running instance's memory is looked at
_CLOSE_S: Final = 5.0

Credentials = tuple[str, str, str]


class PackageError(ValueError):
    """The code cannot be unpacked: it is not a zip, or larger than SCF takes."""


@dataclass(frozen=True)
class FunctionConfig:
    """A function version's configuration, in the terms of CreateFunction.

    Attributes:
        memory_mb: MemorySize.
        timeout_s: Timeout; a fraction of a second is taken, for tests.
        init_timeout_s: InitTimeout.
        environment: the user's variables.
        max_instances: how many instances may run at a time.
    """

    function_name: str
    handler: str = "index.main_handler"
    memory_mb: int = 128
    timeout_s: float = 3
    init_timeout_s: float = 65
    environment: Mapping[str, str] = field(default_factory=dict)
    namespace: str = "default"
    version: str = "$LATEST"
    runtime: str = "Python3.10"
    region: str = "ap-guangzhou"
    appid: str = "1250000000"
    uin: str = "100000000001"
    max_instances: int = 20


@dataclass(frozen=True)
class InvokeResult:
    """What came of one invocation.

    Attributes:
        result_json: what the function returned, as JSON; None if it failed.
        error: errorCode, errorMessage, requestId, statusCode and, if it raised, stackTrace; None if all went well.
        duration_ms: how long it ran, without the initialisation.
        billed_ms: the duration in whole milliseconds, rounded up.
        init_ms: how long a new instance took to start and load the function; 0 on a warm one.
        max_memory_mb: the peak of its memory.
        log: what the function wrote to standard output and standard error.
        cold: whether an instance was started for it.
        instance_id: which one ran it; "" if none did.
    """

    request_id: str
    result_json: str | None = None
    error: dict[str, Any] | None = None
    duration_ms: float = 0.0
    billed_ms: int = 0
    init_ms: float = 0.0
    max_memory_mb: float = 0.0
    log: str = ""
    cold: bool = False
    instance_id: str = ""

    @property
    def status_code(self) -> int:
        """200, or the error's statusCode."""
        return int(self.error["statusCode"]) if self.error else 200

    @property
    def throttled(self) -> bool:
        """True if it was never run for want of an instance: to be tried again, and not the function's fault."""
        return self.status_code == _THROTTLED


_BAD_EVENT: Final = 400
_EVENT_TOO_LARGE: Final = 406
_RESULT_TOO_LARGE: Final = 407
_RAISED: Final = 430
_THROTTLED: Final = 432
_TIMED_OUT: Final = 433
_OUT_OF_MEMORY: Final = 434
_EXITED: Final = 439
_NOT_LOADED: Final = 443
_INIT_TIMED_OUT: Final = 450


class _InvocationError(Exception):
    """An invocation ended without a result."""

    def __init__(self, status: int, message: str, trace: str | None = None, *, code: int = -1) -> None:
        super().__init__(message)
        self.error: dict[str, Any] = {"errorCode": code, "errorMessage": message, "statusCode": status}
        if trace is not None:
            self.error["stackTrace"] = trace


class FunctionRuntime:
    """Runs one function version. Safe to use from many threads; close it when done."""

    def __init__(
        self,
        config: FunctionConfig,
        code: bytes | Path,
        python: Path,
        credentials: Callable[[], Credentials | None] = lambda: None,
    ) -> None:
        """Unpacks the code; no instance is started yet.

        Args:
            config: the function version.
            code: the zip, or a folder, which is copied.
            python: the Python to run it in.
            credentials: asked at each invocation for the execution role's temporary keys: id, key, token; None if the
                function has no role.

        Raises:
            PackageError: the code cannot be unpacked.
        """
        self.config = config
        self._python = python
        self._credentials = credentials
        self._folder = Path(tempfile.mkdtemp(prefix="scf-"))
        self._remove_folder = weakref.finalize(self, _remove, self._folder)
        self._changed = threading.Condition()
        self._idle: list[_Instance] = []
        self._all: set[_Instance] = set()
        self._slots = 0
        self._closed = False
        try:
            _unpack(code, self._folder / "code")
        except PackageError:
            self._remove_folder()
            raise

    @property
    def instance_count(self) -> int:
        """How many instances there are: idle, busy or starting."""
        return self._slots

    def invoke(self, event_json: str, request_id: str | None = None) -> InvokeResult:
        """Runs the function once and waits for its end.

        Args:
            event_json: the event, as JSON text.
            request_id: the invocation's id; a new one if None.

        Returns:
            The outcome, a failure being one as well.

        Raises:
            RuntimeError: the runtime is closed.
        """
        request_id = request_id or str(uuid.uuid4())
        try:
            _check_event(event_json)
            keys = self._credentials()
            instance, cold = self._take(keys)
        except _InvocationError as failure:
            return InvokeResult(request_id, error=_with_request_id(failure.error, request_id))
        try:
            return self._run(instance, event_json, request_id, keys, cold=cold)
        finally:
            self._give_back(instance)

    def kill_all(self) -> int:
        """Kills every instance at once, as a crash of the machine would. Runs under way end with status 439.

        Returns:
            How many were killed.
        """
        with self._changed:
            victims, idle = list(self._all), self._idle[:]
            self._idle.clear()
        for instance in victims:
            instance.kill()
        for instance in idle:
            self._give_back(instance)
        return len(victims)

    def close(self) -> None:
        """Kills the instances and removes the unpacked code. Closing twice is fine."""
        with self._changed:
            self._closed = True
        self.kill_all()
        with self._changed:
            self._changed.wait_for(lambda: not self._slots, _CLOSE_S)
        self._remove_folder()

    def _take(self, keys: Credentials | None) -> tuple["_Instance", bool]:
        with self._changed:
            if self._closed:
                raise RuntimeError(f"the runtime of function {self.config.function_name} is closed")
            while self._idle:
                instance = self._idle.pop()  # the one used last: the others may go cold
                if instance.is_usable():
                    return instance, False
                self._forget(instance)
            if self._slots >= self.config.max_instances:
                raise self._throttle()
            self._slots += 1
        return self._start(keys), True

    def _start(self, keys: Credentials | None) -> "_Instance":
        try:
            instance = _Instance(self._python, self.config, self._folder, keys)
        except BaseException:
            with self._changed:
                self._slots -= 1
            raise
        with self._changed:
            self._all.add(instance)
            if self._closed:
                instance.kill()
        return instance

    def _throttle(self) -> _InvocationError:
        quota = self.config.max_instances * self.config.memory_mb
        message = f"Function [ {self.config.function_name} ] concurrency exceeded reserved quota {quota} MB"
        return _InvocationError(_THROTTLED, message, code=1)

    def _run(
        self, instance: "_Instance", event_json: str, request_id: str, keys: Credentials | None, *, cold: bool
    ) -> InvokeResult:
        result_json, error = None, None
        try:
            if cold:
                instance.load(self.config)
            request = {"event": event_json, "context": _context(self.config, request_id), "credentials": keys}
            result_json = instance.run(request, self.config)
        except _InvocationError as failure:
            error = _with_request_id(failure.error, request_id)
        return InvokeResult(
            request_id=request_id,
            result_json=result_json,
            error=error,
            duration_ms=instance.run_ms,
            billed_ms=math.ceil(instance.run_ms),
            init_ms=instance.init_ms if cold else 0.0,
            max_memory_mb=instance.peak_mb,
            log=instance.take_log(),
            cold=cold,
            instance_id=instance.id,
        )

    def _give_back(self, instance: "_Instance") -> None:
        with self._changed:
            if instance.is_usable() and not self._closed:
                self._idle.append(instance)
            else:
                self._forget(instance)
            self._changed.notify_all()

    def _forget(self, instance: "_Instance") -> None:
        instance.dispose()
        self._all.discard(instance)
        self._slots -= 1


class _Instance:
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
        """Waits until the function is loaded."""
        late = _InvocationError(_INIT_TIMED_OUT, f"Initialization timed out after {config.init_timeout_s:g} seconds")
        answer = self._answer(self._started + config.init_timeout_s, late, config)
        self.init_ms = (time.monotonic() - self._started) * 1000
        if "ready" not in answer:
            raise _InvocationError(answer["status"], answer["message"], code=1)

    def run(self, request: Mapping[str, Any], config: FunctionConfig) -> str:
        """Runs one event and returns the result as JSON."""
        self._ready = False
        self.peak_mb = 0.0
        _reset_peak(self._process.pid)
        late = _InvocationError(_TIMED_OUT, f"Invoking task timed out after {config.timeout_s:g} seconds")
        start = time.monotonic()
        try:
            self._send(request)
            answer = self._answer(start + config.timeout_s, late, config)
        finally:
            self.run_ms = (time.monotonic() - start) * 1000
        self._ready = True
        return _result(answer)

    def take_log(self) -> str:
        """Returns what was written since the last call, and empties the log."""
        self._log.seek(0)
        text = self._log.read(MAX_LOG_BYTES)
        self._log.truncate(0)
        return (text or b"").decode(errors="replace")

    def is_usable(self) -> bool:
        """True if it ran its last event to the end and waits for another."""
        with self._lock:
            return self._ready and not self._killed and not self._has_exited()

    def kill(self) -> None:
        """Kills the process and all that it started."""
        with self._lock:
            self._killed = True
            if not self._disposed:
                os.killpg(self._process.pid, signal.SIGKILL)

    def dispose(self) -> None:
        """Kills the process, waits for its end and frees what it held."""
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

    def _answer(self, deadline: float, late: _InvocationError, config: FunctionConfig) -> dict[str, Any]:
        received = bytearray()
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0:
                self.kill()
                raise late
            self._receive(received, min(left, _LOOK_S))
            self._look_at_memory(config.memory_mb)
        answer: dict[str, Any] = json.loads(received)
        return answer

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
            raise _InvocationError(_OUT_OF_MEMORY, f"Task memory exceeded {limit_mb} MB")


def environment(config: FunctionConfig, code: Path, keys: Credentials | None) -> dict[str, str]:
    """The whole environment of an instance (doc 583/30228): nothing of this machine's gets in.

    The code's real folder stands where SCF has /var/user; LD_LIBRARY_PATH and HOSTNAME are left out. A user may set
    what has no reserved prefix, the time zone for one.

    Args:
        config: the function version.
        code: the folder of its code.
        keys: the execution role's temporary keys, if it has a role.

    Returns:
        The variables.
    """
    return {
        "HOME": "/home/qcloud",
        "LANG": "en_US.UTF8",
        "LC_ALL": "en_US.UTF8",
        "LOGNAME": "qcloud",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SHELL": "/bin/bash",
        "TZ": "UTC",
        "USER": "qcloud",
        **config.environment,
        **dict(zip(CREDENTIALS, keys or (), strict=False)),
        "PWD": str(code),
        "PYTHONDONTWRITEBYTECODE": "x",
        "PYTHONPATH": f"{code}:/opt",
        "SCF_FUNCTIONNAME": config.function_name,
        "SCF_FUNCTIONVERSION": config.version,
        "SCF_RUNTIME": config.runtime,
        "TENCENTCLOUD_APPID": config.appid,
        "TENCENTCLOUD_REGION": config.region,
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_TZ": "UTC",
        "TENCENTCLOUD_UIN": config.uin,
        "USER_CODE_ROOT": f"{code}/",
    }


def _context(config: FunctionConfig, request_id: str) -> dict[str, Any]:
    """The handler's second argument, with its documented keys (doc 583/9210)."""
    variables = {"SCF_NAMESPACE": config.namespace, **config.environment}
    return {
        "memory_limit_in_mb": config.memory_mb,
        "time_limit_in_ms": int(config.timeout_s * 1000),
        "request_id": request_id,
        "environment": json.dumps(variables, separators=(",", ":")),
        "environ": ";".join(f"{name}={value}" for name, value in variables.items()),
        "function_version": config.version,
        "function_name": config.function_name,
        "namespace": config.namespace,
        "tencentcloud_region": config.region,
        "tencentcloud_appid": config.appid,
        "tencentcloud_uin": config.uin,
    }


def _check_event(event_json: str) -> None:
    if len(event_json.encode(errors="surrogatepass")) > MAX_PAYLOAD_BYTES:
        raise _InvocationError(_EVENT_TOO_LARGE, "The size of request exceeds the upper limit (6MB)")
    try:
        json.loads(event_json)
    except (ValueError, RecursionError) as error:
        raise _InvocationError(_BAD_EVENT, f"The request event is not JSON: {error}") from error


def _result(answer: Mapping[str, Any]) -> str:
    if "trace" in answer:
        raise _InvocationError(_RAISED, "user code exception caught", answer["trace"])
    result: str = answer["result"]
    if len(result.encode()) > MAX_PAYLOAD_BYTES:
        raise _InvocationError(_RESULT_TOO_LARGE, "The size of response exceeds the upper limit (6MB)")
    return result


def _exited() -> _InvocationError:
    return _InvocationError(_EXITED, "User process exit when running")


def _with_request_id(error: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    return dict(sorted({**error, "requestId": request_id}.items()))


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


def _unpack(code: bytes | Path, target: Path) -> None:
    try:
        if isinstance(code, Path):
            shutil.copytree(code, target)
        else:
            _unzip(code, target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise PackageError(f"the code cannot be unpacked: {error}") from error
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


def _unzip(code: bytes, target: Path) -> None:
    with zipfile.ZipFile(BytesIO(code)) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_UNZIPPED_BYTES:
            raise PackageError("the code is over 500 MB when unzipped")
        archive.extractall(target)


def _remove(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def find_python(minor: tuple[int, int], variables: Mapping[str, str] | None = None) -> Path | None:
    """Looks for a Python of a minor version that really runs.

    Tried in order: `pythonX.Y` on the PATH, pyenv's versions, what uv knows. A pyenv shim that fails is passed over.

    Args:
        minor: such as (3, 10).
        variables: the environment to look in; this process's if None.

    Returns:
        The interpreter itself, not a shim; None if there is none.
    """
    variables = os.environ if variables is None else variables
    candidates = itertools.chain(
        _on_path(minor, variables), _in_pyenv(minor, variables), _known_to_uv(minor, variables)
    )
    return next((found for candidate in candidates if (found := _probe(candidate, minor, variables))), None)


def _on_path(minor: tuple[int, int], variables: Mapping[str, str]) -> list[str]:
    found = shutil.which(f"python{minor[0]}.{minor[1]}", path=variables.get("PATH", ""))
    return [found] if found else []


def _in_pyenv(minor: tuple[int, int], variables: Mapping[str, str]) -> list[str]:
    root = Path(variables.get("PYENV_ROOT") or Path(variables.get("HOME", "/"), ".pyenv"))
    found = root.glob(f"versions/{minor[0]}.{minor[1]}.*/bin/python")
    return sorted((str(path) for path in found), key=lambda path: (len(path), path), reverse=True)


def _known_to_uv(minor: tuple[int, int], variables: Mapping[str, str]) -> list[str]:
    uv = shutil.which("uv", path=variables.get("PATH", ""))
    return _lines([uv, "python", "find", f"{minor[0]}.{minor[1]}"], variables)[:1] if uv else []


def _probe(candidate: str, minor: tuple[int, int], variables: Mapping[str, str]) -> Path | None:
    lines = _lines([candidate, "-c", "import sys; print(*sys.version_info[:2]); print(sys.executable)"], variables)
    return Path(lines[1]) if lines[:1] == [f"{minor[0]} {minor[1]}"] and lines[1] else None


def _lines(command: list[str], variables: Mapping[str, str]) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603 - a Python, or uv, that the user put where these are looked for
            command, env=dict(variables), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
