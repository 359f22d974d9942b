"""An instance of the function, seen from the platform: invoke it, kill it, start it again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soak.worker import ANSWER

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
SCALE = 0.02
"""The factor on the function's waits."""


@dataclass
class Run:
    """What became of one invocation: a report, or what it raised, or neither if it was killed.

    `output` is all that it wrote, `lines` the same read as JSON; `broken` are those lines that are none. It took
    `seconds`.
    """

    report: dict[str, Any] | None = None
    raised: str = ""
    output: str = ""
    lines: list[dict[str, Any]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def killed(self) -> bool:
        """Whether it ended without an answer."""
        return self.report is None and not self.raised

    @property
    def letters(self) -> list[dict[str, Any]]:
        """The dead letters that it logged."""
        return [line["dead_letter"] for line in self.lines if line.get("message") == "dead letter"]


class Instance:
    """One process, started when it is needed. One invocation at a time, as SCF does it."""

    def __init__(self, scale: float = SCALE) -> None:
        self._scale = scale
        self._process: subprocess.Popen[str] | None = None

    def invoke(self, event: Any, context: Mapping[str, Any], environment: Mapping[str, str]) -> Run:
        """Run one event. An instance that was killed before, even just now, is replaced first."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        run, started = Run(), time.monotonic()
        try:
            process.stdin.write(json.dumps({"event": event, "context": context, "environment": environment}) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return run
        written = []
        for line in process.stdout:
            if _take(run, line):
                break
            written.append(line)
        run.output, run.seconds = "".join(written), time.monotonic() - started
        if run.killed:
            process.wait()
            run.broken = run.broken[:-1]  # the line in which it was killed
        return run

    def kill(self) -> None:
        """Kill it with SIGKILL, wherever it is."""
        process = self._process
        if process is not None:
            process.kill()

    def peak_memory(self) -> int:
        """The most memory that it has held so far, in bytes (Linux tells it)."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def kill_after(self, seconds: float) -> threading.Timer:
        """Kill it in so many seconds, unless the timer is cancelled."""
        timer = threading.Timer(seconds, self.kill)
        timer.daemon = True
        timer.start()
        return timer

    def close(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "soak.worker", str(self._scale)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={"PYTHONPATH": str(ROOT)},
            )
        return self._process


def _take(run: Run, line: str) -> bool:
    """Put a line where it belongs, and say whether it was the answer."""
    try:
        read = json.loads(line)
    except ValueError:
        run.broken.append(line)
        return False
    if isinstance(read, dict) and ANSWER in read:
        run.report = read[ANSWER].get("report")
        run.raised = read[ANSWER].get("raised", "")
        return True
    if isinstance(read, dict):
        run.lines.append(read)
    else:
        run.broken.append(line)
    return False
