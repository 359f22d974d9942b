"""What the function's unit tests share."""

from __future__ import annotations

import pytest

from tests.support.clock import Clock


@pytest.fixture
def clock() -> Clock:
    """A clock that moves only when somebody waits."""
    return Clock()
