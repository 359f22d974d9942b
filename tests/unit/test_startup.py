"""The cold start's compiled patterns: used where they fit, and never in the way."""

from __future__ import annotations

import gc
import marshal
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from handler import startup

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MODULE = r"""
import re
from handler import startup
WORD = re.compile(r"(?P<first>[a-z]+)-(\d+)", re.IGNORECASE)
BYTES = re.compile(rb"a|b")
COMPILED = re.compile(WORD)
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Whatever a test starts, `re` and the garbage collector are as they were."""
    compiler = startup._compiler()
    original = compiler.compile
    yield
    compiler.compile = original
    gc.unfreeze()
    gc.enable()
    re.purge()


@pytest.fixture
def patterns(tmp_path: Path) -> Path:
    """The patterns of a module, noted as the packager does, by this Python."""
    (tmp_path / "module_of_test.py").write_text(MODULE, encoding="utf-8")
    file = tmp_path / "patterns.bin"
    command = [sys.executable, str(ROOT / "ops" / "packaging" / "patterns.py"), "module_of_test", str(file)]
    subprocess.run(command, env={"PYTHONPATH": f"{tmp_path}:{ROOT}"}, check=True)
    return file


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The patterns that are compiled from here on."""
    seen: list[Any] = []
    original = startup._compiler().compile

    def note(pattern: Any, flags: int = 0) -> Any:
        seen.append(pattern)
        return original(pattern, flags)

    monkeypatch.setattr(startup._compiler(), "compile", note)
    re.purge()
    return seen


def test_a_noted_pattern_is_not_compiled_again(patterns: Path, compiled: list[Any]) -> None:
    startup.begin(str(patterns))
    word = re.compile(r"(?P<first>[a-z]+)-(\d+)", re.IGNORECASE)
    found = word.fullmatch("ENI-42")
    assert found is not None
    assert (found["first"], found[2], word.groups, word.flags) == ("ENI", "42", 2, re.IGNORECASE | re.UNICODE)
    assert re.compile(rb"a|b").match(b"b")
    assert compiled == []


def test_others_are_compiled_as_usual(patterns: Path, compiled: list[Any]) -> None:
    """Another text, other flags, and a pattern that is compiled already."""
    startup.begin(str(patterns))
    assert re.compile(r"x+y").match("xxy")
    assert not re.compile(r"(?P<first>[a-z]+)-(\d+)").match("ENI-42")
    assert re.compile(re.compile("z")).match("z")
    assert compiled == [r"x+y", r"(?P<first>[a-z]+)-(\d+)", "z"]


@pytest.mark.parametrize("content", [b"", b"\xff", b"i\x00", marshal.dumps(1), marshal.dumps(((0, 0), {}))])
def test_a_file_that_does_not_fit_is_not_used(tmp_path: Path, content: bytes) -> None:
    """Empty, broken, of another shape, or made by another Python."""
    file = tmp_path / "patterns.bin"
    file.write_bytes(content)
    before = startup._compiler().compile
    startup.begin(str(file))
    assert startup._compiler().compile is before


def test_without_the_file_all_works_as_usual(tmp_path: Path) -> None:
    before = startup._compiler().compile
    startup.begin(str(tmp_path / "none"))
    assert startup._compiler().compile is before


def test_no_garbage_is_collected_while_importing(tmp_path: Path) -> None:
    """And afterwards it is, but for what was imported."""
    startup.begin(str(tmp_path / "none"))
    assert not gc.isenabled()
    startup.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
