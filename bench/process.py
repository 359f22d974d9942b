"""One measured process: Python 3.10 in SCF's environment, its work and what it says in files."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contenders import SCHEMA
from bench.programs.common import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.contenders import Contender
    from localcloud import LocalCloud

TIMEOUT_S = 300.0
# Not real: the endpoint of the cold start and the warm event looks at no signature.
KEYS = {"TENCENTCLOUD_SECRETID": "AKIDbench", "TENCENTCLOUD_SECRETKEY": "bench"}  # pragma: allowlist secret


@dataclass(frozen=True)
class Started:
    """A process that runs. `started` is when it was, on `time.perf_counter`."""

    process: subprocess.Popen[bytes]
    result: Path
    started: float

    def finish(self) -> dict[str, Any]:
        """Wait for it, and return what it says.

        Raises:
            RuntimeError: it failed.
        """
        _, errors = self.process.communicate(timeout=TIMEOUT_S)
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.process.args!r} failed:\n{errors.decode('utf-8', 'replace')[-2000:]}")
        said: dict[str, Any] = json.loads(self.result.read_text(encoding="utf-8"))
        return said


def cloud_settings(cloud: LocalCloud) -> dict[str, str]:
    """The function's settings for a local cloud."""
    return {
        "TENCENTCLOUD_SECRETID": cloud.secret_id,
        "TENCENTCLOUD_SECRETKEY": cloud.secret_key,
        "FLOWLOG_TOPIC_ID": cloud.topic_id,
        "FLOWLOG_TOPIC_REGION": cloud.region,
        "FLOWLOG_API_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_ENDPOINT": cloud.endpoint,
    }


@contextmanager
def start(
    python: Path,
    contender: Contender,
    work: Mapping[str, Any],
    settings: Mapping[str, str],
    enter: Sequence[str] = (),
) -> Iterator[Started]:
    """Start a contender.

    Args:
        python: the interpreter.
        contender: what to run.
        work: for `bench.programs.common.work`.
        settings: of the function: the endpoint, and more where the work needs it.
        enter: what the command begins with, to run in a cgroup.
    """
    with tempfile.TemporaryDirectory(prefix="eni-flowlog-bench-") as scratch:
        work_file, result = Path(scratch, "work.json"), Path(scratch, "result.json")
        work_file.write_text(json.dumps(work), encoding="utf-8")
        environment = _environment(contender, settings, work_file, result)
        command = [*enter, str(python), "-s", "-S", "-c", f"import bench.programs.{contender.program}"]
        started = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 - an interpreter's own path, no shell
            command, env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            try:
                yield Started(process, result, started)
            finally:
                if process.poll() is None:
                    process.kill()


def run(
    python: Path,
    contender: Contender,
    work: Mapping[str, Any],
    settings: Mapping[str, str],
    enter: Sequence[str] = (),
) -> dict[str, Any]:
    """Start a contender, wait for it, and return what it says."""
    with start(python, contender, work, settings, enter) as started:
        return started.finish()


def _environment(contender: Contender, settings: Mapping[str, str], work: Path, result: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ":".join(map(str, contender.path)),
        "PYTHONDONTWRITEBYTECODE": "x",  # as SCF sets it (platform.md section 5)
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_REGION": REGION,
        "FLOWLOG_TOPIC_ID": "dfb8f1a2-8522-47c1-8571-67905167ab3f",
        "FLOWLOG_TOPIC_REGION": REGION,
        "BENCH_PROGRAM": contender.program,
        "BENCH_WORK": str(work),
        "BENCH_RESULT": str(result),
        "BENCH_SCHEMA": str(SCHEMA),
        **KEYS,
        **settings,
    }
