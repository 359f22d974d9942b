"""Finding the Python that functions of a runtime run on."""

import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

_ASK = "import sys; print(sys.implementation.name, '{}.{}'.format(*sys.version_info)); print(sys.executable)"


def find_python(version: str) -> Path | None:
    """Look for a CPython of a minor version, such as 3.10, that really runs.

    Tried in order: `pythonX.Y` on the PATH, pyenv's versions from the newest on, what uv knows. A pyenv shim that
    fails is passed over.

    Returns:
        The interpreter itself, not a shim; None if there is none.
    """
    candidates = itertools.chain(_on_path(version), _in_pyenv(version), _known_to_uv(version))
    return next((found for candidate in candidates if (found := _probe(candidate, version))), None)


def _on_path(version: str) -> list[str]:
    found = shutil.which(f"python{version}")
    return [found] if found else []


def _in_pyenv(version: str) -> list[str]:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = root.glob(f"versions/{version}.*/bin/python")
    return [str(path) for path in sorted(found, key=_numbers, reverse=True)]


def _numbers(path: Path) -> list[int]:
    """Return the version in the name of a folder of pyenv, so that 3.10.13 comes behind 3.10.9."""
    return [int(part) for part in re.findall(r"\d+", path.parts[-3])]


def _known_to_uv(version: str) -> list[str]:
    uv = shutil.which("uv")
    return _lines([uv, "python", "find", "--no-python-downloads", version])[:1] if uv else []


def _probe(candidate: str, version: str) -> Path | None:
    lines = _lines([candidate, "-I", "-c", _ASK])
    return Path(lines[1]) if lines[:1] == [f"cpython {version}"] and lines[1] else None


def _lines(command: list[str]) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603 - a Python, or uv, that the user put where these are looked for
            command, capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
