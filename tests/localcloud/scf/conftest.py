"""A local cloud whose waits are short, and its runtime of functions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.scf.process.configuration import Credentials, FunctionConfig
from localcloud.scf.process.interpreter import find_python
from localcloud.scf.process.process_pool import ProcessPool
from tests.support.error_codes import undocumented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.runtime import Start


@pytest.fixture(scope="session")
def python() -> Path:
    """SCF's Python, or the one at hand where that is missing."""
    return find_python((3, 10)) or Path(sys.executable)


@pytest.fixture
def start(python: Path, tmp_path: Path) -> Iterator[Start]:
    """Makes a runtime of a function's source; closes them all at the end."""
    started: list[ProcessPool] = []

    def make(
        source: str, *, credentials: Callable[[], Credentials | None] = lambda: None, **settings: Any
    ) -> ProcessPool:
        folder = tmp_path / f"function-{len(started)}"
        folder.mkdir()
        (folder / "index.py").write_text(source)
        config = FunctionConfig(function_name="flowlog", **settings)
        started.append(ProcessPool(config, folder, python, credentials))
        return started[-1]

    yield make
    for one in started:
        one.close()


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(enforce_limits=False, time_scale=0.001) as running:
        yield running
    assert undocumented(running) == []
