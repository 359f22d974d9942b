"""A local cloud whose waits are short, and its runtime of functions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.core.account import Account, Behaviour
from localcloud.scf.process.interpreter import find_python
from tests.support.error_codes import undocumented
from tests.support.runtime import Runtime, function_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud.scf.process.configuration import Credentials
    from tests.support.runtime import Start


@pytest.fixture(scope="session")
def python() -> Path:
    """SCF's Python, or the one at hand where that is missing."""
    return find_python("3.10") or Path(sys.executable)


@pytest.fixture
def start(python: Path) -> Iterator[Start]:
    """Makes a runtime of a function's source; closes them all at the end."""
    started: list[Runtime] = []

    def make(
        source: str, *, most: int = 20, credentials: Callable[[], Credentials | None] = lambda: None, **settings: Any
    ) -> Runtime:
        pool = Runtime(function_of(source, **settings), Account(Behaviour()), python, most, credentials)
        started.append(pool)
        return started[-1]

    yield make
    for one in started:
        one.close()


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(enforce_limits=False, time_scale=0.001) as running:
        yield running
    assert undocumented(running) == []
