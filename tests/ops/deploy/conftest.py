"""A local cloud in which nothing is deployed, and a small package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from tests.support.deployment import small_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A fresh local cloud in which nothing is deployed."""
    with LocalCloud(enforce_limits=False, time_scale=0.02) as running:
        yield running


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return small_package(tmp_path)
