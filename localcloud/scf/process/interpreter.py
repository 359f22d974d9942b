"""Finding the Python that functions of a runtime run on."""

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def find_python(minor: tuple[int, int], variables: Mapping[str, str] | None = None) -> Path | None:
    """Look for a CPython of a minor version that really runs.

    Tried in order: `pythonX.Y` on the PATH, pyenv's versions from the newest on, what uv knows. A pyenv shim that
    fails is passed over.

    Args:
        minor: Such as (3, 10).
        variables: The environment to look in; this process's if None.

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
    return [str(path) for path in sorted(found, key=_version, reverse=True)]


def _version(path: Path) -> list[int]:
    """Return the version in the name of a folder of pyenv, so that 3.10.13 comes behind 3.10.9."""
    return [int(part) for part in re.findall(r"\d+", path.parts[-3])]


def _known_to_uv(minor: tuple[int, int], variables: Mapping[str, str]) -> list[str]:
    uv = shutil.which("uv", path=variables.get("PATH", ""))
    wanted = f"{minor[0]}.{minor[1]}"
    return _lines([uv, "python", "find", "--no-python-downloads", wanted], variables)[:1] if uv else []


_ASK = "import sys; print(sys.implementation.name, *sys.version_info[:2]); print(sys.executable)"


def _probe(candidate: str, minor: tuple[int, int], variables: Mapping[str, str]) -> Path | None:
    lines = _lines([candidate, "-I", "-c", _ASK], variables)
    return Path(lines[1]) if lines[:1] == [f"cpython {minor[0]} {minor[1]}"] and lines[1] else None


def _lines(command: list[str], variables: Mapping[str, str]) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603 - a Python, or uv, that the user put where these are looked for
            command, env=dict(variables), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
