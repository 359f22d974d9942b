"""What the tests of several folders share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ops import pythons
from ops.package import Package, build

if TYPE_CHECKING:
    from ops.pythons import Python


@pytest.fixture(scope="session")
def python310() -> Python:
    """The Python that the function runs on; where there is none, the test is skipped and says so."""
    found = pythons.find()
    if found is None:
        pytest.skip(f"needs a Python 3.10, what the function runs on: {pythons.how_to_get()}")
    return found


@pytest.fixture(scope="session")
def package(python310: Python, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The package as deployed, built once a session and test worker; not to be changed (copy it)."""
    assert python310.version == pythons.FUNCTION_VERSION
    return build(out=tmp_path_factory.mktemp("package"))
