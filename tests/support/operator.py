"""An operator at a shell: `eni-flowlog` in this process, in one of its own, and at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from ops.cli import app
from tests.support.function import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

    from localcloud import LocalCloud

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0
OWN = ("TENCENTCLOUD_", "FLOWLOG_", "TCCLI_", "XDG_")
"""How the variables begin that a test's operator must not inherit from whoever runs the tests."""


@dataclass
class Operator:
    """Somebody with a shell, a home folder without profiles, and a folder without serverless.yml."""

    cloud: LocalCloud
    folder: Path
    variables: dict[str, str]

    def __call__(self, *arguments: str, stdin: str | None = None, **changes: str) -> Result:
        """Run a command in this process. A change to "" takes a variable away."""
        inherited = {name: None for name in os.environ if name.startswith(OWN)}
        wanted = {name: value or None for name, value in {**self.variables, **changes}.items()}
        return CliRunner(env={**inherited, **wanted}).invoke(app, arguments, input=stdin)

    def json(self, *arguments: str, **changes: str) -> Any:
        """Run a command with --json, and read what it prints: nothing but JSON."""
        result = self(*arguments, "--json", **changes)
        assert result.stdout, result.stderr
        return json.loads(result.stdout)

    def put(self, *bodies: Any) -> None:
        """Put messages on the dead-letter queue."""
        self.cloud.seed_messages(QUEUE, *(body if isinstance(body, str) else json.dumps(body) for body in bodies))

    def environment(self, **changes: str) -> dict[str, str]:
        """The whole environment of a process."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        return {**inherited, **self.variables, "PYTHONPATH": str(ROOT), **changes}

    def process(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own, as a shell does."""
        return subprocess.run(
            _command(arguments), capture_output=True, text=True, timeout=DEADLINE_S, check=False,
            env=self.environment(**changes), cwd=self.folder, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    @contextmanager
    def terminal(self, *arguments: str, **changes: str) -> Iterator[Terminal]:
        """Run a command in a process of its own at a terminal."""
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs behind it, and we our own
            signal.signal(signal.SIGINT, signal.default_int_handler)
        ours, theirs = pty.openpty()
        environment = self.environment(**{"COLUMNS": "100", "LINES": "40", "TERM": "xterm", **changes})
        process = subprocess.Popen(
            _command(arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=self.folder,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        try:
            yield Terminal(ours, process)
        finally:
            process.kill()
            process.wait()
            os.close(ours)


@dataclass
class Terminal:
    """A running command's terminal."""

    descriptor: int
    process: subprocess.Popen[bytes]
    shown: str = field(default="")

    def read_until(self, text: str) -> str:
        """Read what is shown until some text comes."""
        until = time.monotonic() + DEADLINE_S
        while text not in self.shown:
            assert time.monotonic() < until, f"{text!r} did not come: {self.shown}"
            if not self._read():
                break
        assert text in self.shown, self.shown
        return self.shown

    def type(self, text: str) -> None:
        """Type some text and Enter."""
        os.write(self.descriptor, f"{text}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def interrupt_at_a_question(self) -> None:
        """Press Ctrl-C, again after a second without an answer.

        A signal that comes just before a process begins to read its terminal is seen only after that; no person is as
        quick as that, but a test is.
        """
        for _ in range(int(DEADLINE_S)):
            self.interrupt()
            # What was shown just before the signal may still be to be read: that is no answer.
            while "Interrupted" not in self.shown:
                if not select.select([self.descriptor], [], [], 1.0)[0]:
                    break
                if not self._read():
                    return
            else:
                return

    def end(self) -> int:
        """Read all that is shown, and return the exit code."""
        while self._read():
            pass
        return self.process.wait(DEADLINE_S)

    def _read(self) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], DEADLINE_S)
        try:
            content = os.read(self.descriptor, 65_536) if ready else b""
        except OSError:  # the other end is closed
            return False
        self.shown += content.decode("utf-8", "replace")
        return bool(content)


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "ops.cli", *arguments]


def words(text: str) -> str:
    """What is shown, as one line with single spaces, wherever it was broken for the screen."""
    return " ".join(text.split())
