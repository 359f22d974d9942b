"""The Python that makes the package's bytecode, which is only good for the version that made it."""

from __future__ import annotations

import sys
from pathlib import Path

from localcloud.scf.process.interpreter import find_python


def find(version: tuple[int, int]) -> Path | None:
    """Look for a CPython of this version: the one that runs this, then where the local cloud looks too.

    Args:
        version: major and minor version.

    Returns:
        One that really runs, or None.
    """
    if sys.version_info[:2] == version and sys.implementation.name == "cpython":
        return Path(sys.executable)
    return find_python("{}.{}".format(*version))


def how_to_get(version: tuple[int, int]) -> str:
    """What to type to get a Python of this version, for the messages that miss it."""
    name = "{}.{}".format(*version)
    return (
        f"`uv python install {name}`, `pyenv install {name}`, `brew install python@{name}`, "
        f"or your system's package python{name} (on Ubuntu from the deadsnakes archive)"
    )
