"""What the tests of several folders share."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from ops.packaging import pythons
from ops.packaging.package import Package, build
from tests.support.function import QUEUE, Function, environment, functions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def untraced() -> Iterator[None]:
    """Without coverage, which doubles the time: for long tests that reach no line that others do not.

    pytest-cov's own `no_cover` does nothing in a worker of xdist.
    """
    here, in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    threading.settrace(in_threads)
    sys.settrace(here)


@pytest.fixture(scope="session")
def python310() -> Path:
    """The Python that the function runs on; where there is none, the test is skipped and says so."""
    found = pythons.find((3, 10))
    if found is None:
        pytest.skip(f"needs a Python 3.10, what the function runs on: {pythons.how_to_get((3, 10))}")
    return found


@pytest.fixture(scope="session")
def package(python310: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package as deployed, built once a session and test worker; not to be changed (copy it)."""
    assert python310
    return build(out=tmp_path_factory.mktemp("package"))


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A fresh local cloud with the dead-letter queue; its limits are off, its waits a twentieth of the platform's."""
    with LocalCloud(enforce_limits=False, time_scale=0.05) as running:
        running.seed_queue(QUEUE)
        yield running


@pytest.fixture
def function(cloud: LocalCloud) -> Iterator[Function]:
    """The function in this process, set up for the local cloud; call it with an event."""
    yield from functions(cloud, environment(cloud))
