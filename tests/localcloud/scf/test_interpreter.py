"""Which Python runs a function."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.scf.process.interpreter import find_python


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes an executable shell script."""

    def write(path: str, body: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
        return file

    return write


MINOR = sys.version_info[:2]
NAME = f"python{MINOR[0]}.{MINOR[1]}"


def test_find_python_on_the_path(tmp_path: Path, script: Callable[[str, str], Path]) -> None:
    """A shim that works is seen through to the interpreter behind it."""
    script(f"bin/{NAME}", f'exec {sys.executable} "$@"')
    assert find_python(MINOR, {"PATH": f"{tmp_path}/bin"}) == Path(sys.executable)


def test_find_python_passes_a_failing_shim_over(tmp_path: Path, script: Callable[[str, str], Path]) -> None:
    """The shims of pyenv exist, and fail, for versions that are not chosen; its own versions are then looked at."""
    script(f"bin/{NAME}", "echo 'command not found' >&2; exit 127")
    script(f"pyenv/versions/{MINOR[0]}.{MINOR[1]}.9/bin/python", "exit 1")
    script(f"pyenv/versions/{MINOR[0]}.{MINOR[1]}.13/bin/python", f'exec {sys.executable} "$@"')
    variables = {"PATH": f"{tmp_path}/bin", "PYENV_ROOT": f"{tmp_path}/pyenv"}
    assert find_python(MINOR, variables) == Path(sys.executable)


def test_find_python_takes_the_newest_of_pyenv(tmp_path: Path, script: Callable[[str, str], Path]) -> None:
    """3.99.13 is newer than 3.99.9, which sorts behind it as text."""
    for patch in (2, 9, 13, 10):
        script(f"pyenv/versions/3.99.{patch}/bin/python", f"echo cpython 3 99; echo /there/3.99.{patch}")
    assert find_python((3, 99), {"PYENV_ROOT": f"{tmp_path}/pyenv"}) == Path("/there/3.99.13")


def test_find_python_passes_another_make_or_version_over(tmp_path: Path, script: Callable[[str, str], Path]) -> None:
    """Bytecode of PyPy, or of a Python that only bears the name, is of no use to SCF."""
    script("bin/python3.99", "echo pypy 3 99; echo /there/pypy")
    script("pyenv/versions/3.99.1/bin/python", "echo cpython 3 98; echo /there/python")
    assert find_python((3, 99), {"PATH": f"{tmp_path}/bin", "PYENV_ROOT": f"{tmp_path}/pyenv"}) is None


def test_find_python_asks_uv(tmp_path: Path, script: Callable[[str, str], Path]) -> None:
    """What uv installed is on no PATH."""
    script("bin/uv", f'[ "$1 $2 $4" = "python find {MINOR[0]}.{MINOR[1]}" ] && echo {sys.executable}')
    assert find_python(MINOR, {"PATH": f"{tmp_path}/bin", "HOME": str(tmp_path)}) == Path(sys.executable)


def test_find_python_finds_none(tmp_path: Path, script: Callable[[str, str], Path]) -> None:
    """Another version under the right name, a broken uv, an empty machine: none."""
    script("bin/python3.5", f'exec {sys.executable} "$@"')
    script("bin/uv", "exit 1")
    assert find_python((3, 5), {"PATH": f"{tmp_path}/bin", "HOME": str(tmp_path)}) is None
    assert find_python((3, 5), {}) is None
