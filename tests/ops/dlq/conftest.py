"""A local cloud with a queue that hides what is received for as long as a deployed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from tests.support.function import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A local cloud with the function's queue."""
    with LocalCloud(enforce_limits=False, time_scale=0.05) as running:
        running.seed_queue(QUEUE, visibility_timeout=300)
        yield running
