"""Interfaces, their events and a function without a pace, for the tests over HTTP."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import records
from tests.support.place import Place
from tests.support.records import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud import LocalCloud
    from localcloud.core.faults import Fault, Incoming, Proceed, Reply
    from tests.support.function import Function


@pytest.fixture
def unpaced(function: Function) -> Function:
    """The function with a pace that no test waits for."""
    function.set(FLOWLOG_CREATE_RATE="100000")
    return function


@pytest.fixture
def place(cloud: LocalCloud) -> Place:
    instance_id = cloud.seed_instance(REGION)
    return Place(cloud, instance_id, cloud.network_of(REGION)[0])


@pytest.fixture
def interface(cloud: LocalCloud) -> str:
    """An interface that is attached to a running instance."""
    return cloud.seed_interface(REGION, instance_id=cloud.seed_instance(REGION))


@pytest.fixture
def event(cloud: LocalCloud, interface: str) -> dict[str, Any]:
    """The event of its creation."""
    return records.cloud_event(records.created(interface, cloud.network_of(REGION)[0]))


@pytest.fixture
def hang() -> Iterator[Fault]:
    """A fault that gives no answer until the test is over."""
    over = threading.Event()

    def fault(_call: Incoming, proceed: Proceed) -> Reply:
        over.wait(60)
        return proceed()

    yield fault
    over.set()
