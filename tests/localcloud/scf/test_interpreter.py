"""Which Python runs a function."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localcloud.scf.process.interpreter import find_python

Script = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing on it but what a test writes below its folder."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", f"{tmp_path}/pyenv")


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Writes an executable shell script."""

    def write(path: str, body: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)
        return file

    return write


VERSION = "{}.{}".format(*sys.version_info)


def test_find_python_on_the_path(script: Script) -> None:
    """A shim that works is seen through to the interpreter behind it."""
    script(f"bin/python{VERSION}", f'exec {sys.executable} "$@"')
    assert find_python(VERSION) == Path(sys.executable)


def test_find_python_passes_a_failing_shim_over(script: Script) -> None:
    """The shims of pyenv exist, and fail, for versions that are not chosen; its own versions are then looked at."""
    script(f"bin/python{VERSION}", "echo 'command not found' >&2; exit 127")
    script(f"pyenv/versions/{VERSION}.9/bin/python", "exit 1")
    script(f"pyenv/versions/{VERSION}.13/bin/python", f'exec {sys.executable} "$@"')
    assert find_python(VERSION) == Path(sys.executable)


def test_find_python_takes_the_newest_of_pyenv(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """3.99.13 is newer than 3.99.9, which sorts behind it as text; pyenv is at home unless it says otherwise."""
    monkeypatch.delenv("PYENV_ROOT")
    for patch in (2, 9, 13, 10):
        script(f".pyenv/versions/3.99.{patch}/bin/python", f"echo cpython 3.99; echo /there/3.99.{patch}")
    assert find_python("3.99") == Path("/there/3.99.13")


def test_find_python_passes_another_make_or_version_over(script: Script) -> None:
    """Bytecode of PyPy, or of a Python that only bears the name, is of no use to SCF."""
    script("bin/python3.99", "echo pypy 3.99; echo /there/pypy")
    script("pyenv/versions/3.99.1/bin/python", "echo cpython 3.98; echo /there/python")
    assert find_python("3.99") is None


def test_find_python_asks_uv(script: Script) -> None:
    """What uv installed is on no PATH."""
    script("bin/uv", f'[ "$1 $2 $4" = "python find {VERSION}" ] && echo {sys.executable}')
    assert find_python(VERSION) == Path(sys.executable)


def test_find_python_finds_none(script: Script) -> None:
    """An empty machine; another version under the right name, and a broken uv: none."""
    assert find_python("3.5") is None
    script("bin/python3.5", f'exec {sys.executable} "$@"')
    script("bin/uv", "exit 1")
    assert find_python("3.5") is None
