"""Finding a Python of a given version on this machine, for bytecode is only good for the version that made it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTION_VERSION = (3, 10)
"""What the function runs on: Python 3.10, the newest runtime that SCF documents (doc 583/40323)."""

_ASK = (
    "import json, sys; "
    "print(json.dumps({'version': sys.version_info[:2], 'name': sys.implementation.name, 'path': sys.executable}))"
)


@dataclass(frozen=True)
class Python:
    """An interpreter that was started and answered."""

    path: Path
    version: tuple[int, int]

    @property
    def name(self) -> str:
        """The version as people write it, such as "3.10"."""
        return "{}.{}".format(*self.version)


def ask(path: str | Path) -> Python | None:
    """Start an interpreter and ask for its version.

    Args:
        path: a file, or a command to be found on PATH.

    Returns:
        The interpreter, or None if it does not start (a pyenv shim of a version that is not active is such a
        file), does not answer within 20 seconds, or is not CPython.
    """
    command = [str(path), "-I", "-c", _ASK]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603 - an interpreter's own path, no shell
        answer = json.loads(run.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if answer["name"] != "cpython":
        return None
    major, minor = answer["version"]
    return Python(Path(answer["path"]), (major, minor))


def this() -> Python:
    """The interpreter that runs this code."""
    return Python(Path(sys.executable), sys.version_info[:2])


def find(version: tuple[int, int] = FUNCTION_VERSION) -> Python | None:
    """Look for a CPython of this version: this one, on PATH, in pyenv, in uv's store.

    Args:
        version: major and minor version.

    Returns:
        The first that really runs, or None.
    """
    if this().version == version:
        return this()
    answers = (ask(candidate) for candidate in _candidates("{}.{}".format(*version)))
    return next((python for python in answers if python is not None and python.version == version), None)


def how_to_get(version: tuple[int, int] = FUNCTION_VERSION) -> str:
    """What to type to get a Python of this version, for the messages that miss it."""
    name = "{}.{}".format(*version)
    return (
        f"`uv python install {name}`, `pyenv install {name}`, `brew install python@{name}`, "
        f"or your system's package python{name} (on Ubuntu from the deadsnakes archive)"
    )


def _candidates(name: str) -> Iterator[str | Path]:
    found = shutil.which(f"python{name}")
    if found:
        yield found
    yield from _pyenv(name)
    yield from _uv(name)


def _pyenv(name: str) -> Iterator[Path]:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob(f"versions/{name}*/bin/python"), reverse=True)


def _uv(name: str) -> Iterator[str]:
    uv = shutil.which("uv")
    if not uv:
        return
    command = [uv, "python", "find", "--no-python-downloads", name]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603 - uv as found on PATH, no shell
    except (OSError, subprocess.SubprocessError):
        return
    yield run.stdout.strip()
