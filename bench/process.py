"""One measured process: Python 3.10 in SCF's environment, its work and what it says in files."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contenders import SCHEMA
from bench.programs.common import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.contenders import Contender
    from localcloud import LocalCloud

TIMEOUT_S = 300.0
# Not real: the endpoint of the cold start and the warm event looks at no signature.
KEYS = {"TENCENTCLOUD_SECRETID": "AKIDbench", "TENCENTCLOUD_SECRETKEY": "bench"}  # pragma: allowlist secret


def run(
    contender: Contender,
    work: Mapping[str, Any],
    settings: Mapping[str, str],
    enter: Sequence[str] = (),
    watch: Callable[[int], None] = lambda _pid: None,
) -> dict[str, Any]:
    """Run a contender to its end.

    Args:
        contender: what to run.
        work: for `bench.programs.common.work`.
        settings: of the function: the endpoint, and more where the work needs it.
        enter: what the command begins with, to run in a cgroup.
        watch: is told the process's id as soon as it runs.

    Returns:
        What the program says, and `started_s`: when it was started, on `time.perf_counter`.

    Raises:
        RuntimeError: it failed.
    """
    with tempfile.TemporaryDirectory(prefix="eni-flowlog-bench-") as scratch:
        work_file, result = Path(scratch, "work.json"), Path(scratch, "result.json")
        work_file.write_text(json.dumps(work), encoding="utf-8")
        environment = {**_environment(contender, work_file, result), **settings}
        command = [*enter, str(contender.python), "-s", "-S", "-c", f"import bench.programs.{contender.program}"]
        started_s = time.perf_counter()
        with subprocess.Popen(  # noqa: S603 - an interpreter's own path, no shell
            command, env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            try:
                watch(process.pid)
                _, errors = process.communicate(timeout=TIMEOUT_S)
            finally:
                process.kill()
        if process.returncode != 0:
            raise RuntimeError(f"{command!r} failed:\n{errors.decode('utf-8', 'replace')[-2000:]}")
        return {**json.loads(result.read_text(encoding="utf-8")), "started_s": started_s}


def in_cloud(
    cloud: LocalCloud, contender: Contender, work: Mapping[str, Any], enter: Sequence[str] = (), **settings: str
) -> dict[str, Any]:
    """Run a contender with a local cloud's keys, topic and address, and return what it says."""
    of_cloud = {
        "TENCENTCLOUD_SECRETID": cloud.secret_id,
        "TENCENTCLOUD_SECRETKEY": cloud.secret_key,
        "FLOWLOG_TOPIC_ID": cloud.topic_id,
        "FLOWLOG_TOPIC_REGION": cloud.region,
        "FLOWLOG_API_ENDPOINT": cloud.endpoint,
        "FLOWLOG_DLQ_ENDPOINT": cloud.endpoint,
    }
    return run(contender, work, {**of_cloud, **settings}, enter)


def _environment(contender: Contender, work: Path, result: Path) -> dict[str, str]:
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
    }
