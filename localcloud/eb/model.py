"""What a region's EventBridge holds: the service bus, its rules, their targets, and the events that it has kept."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Service
from localcloud.core.errors import ApiError
from localcloud.core.regions import REGIONS
from localcloud.scf.model import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.core.account import Account
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

API = Service("eb", "2021-04-16")
MOST_STORED = 20_000
_FUNCTION = re.compile(
    r"qcs::scf:(?P<region>[a-z0-9-]+):(?:appid/\d+/)?uin/(?P<uin>\d+):"
    r"namespace/(?P<namespace>[\w-]+)/function/(?P<name>[\w-]+)/(?P<qualifier>\$?\w+)"
)


@dataclass(frozen=True)
class Target:
    """Where a rule's events go."""

    target_id: str
    rule_id: str
    resource: str
    function: Ref


@dataclass(frozen=True)
class Rule:
    """A rule of the bus: `settings` are what CreateRule takes, by its names, and `parsed` is the pattern among them."""

    rule_id: str
    created: float
    modified: float
    settings: Mapping[str, Any]
    parsed: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class StoredEvent:
    """An event that a bus has kept, and when it came (epoch seconds)."""

    time: float
    event: dict[str, Any]


@dataclass(frozen=True)
class Bus:
    """The service bus; `cloudaudit` says whether it receives CloudAudit's events, which no API can switch on.

    `keeps` says whether it keeps its events for SearchLog.
    """

    bus_id: str
    created: float
    name: str = "default"
    description: str = "events of Tencent Cloud services"
    cloudaudit: bool = False
    keeps: bool = False


class Bridge:
    """One region's service bus, if it has one, with its rules and targets by id."""

    def __init__(self) -> None:
        self.bus: Bus | None = None
        self.rules: dict[str, Rule] = {}
        self.targets: dict[str, Target] = {}
        self.stored: deque[StoredEvent] = deque(maxlen=MOST_STORED)

    def targets_of(self, rule_id: str) -> list[Target]:
        """Return a rule's targets, oldest first."""
        return [target for target in self.targets.values() if target.rule_id == rule_id]


def bus_of(ctx: Context, params: Params) -> Bus:
    """Return the bus that a call names.

    Raises:
        ApiError: ResourceNotFound.EventBus.
    """
    bus, bus_id = ctx.region.state(Bridge).bus, params["EventBusId"]
    if bus is None or bus.bus_id != bus_id:
        raise ApiError("ResourceNotFound.EventBus", f"The event bus `{bus_id}` does not exist.")
    return bus


def home_bridge(account: Account) -> Bridge:
    """Return what has the service bus: it stands in Guangzhou and gets the events of all regions (doc 1108/46246)."""
    return account.region(account.home).state(Bridge)


def keep_service_bus(account: Account, *, cloudaudit: bool) -> None:
    """Make the service bus if there is none, and say whether it receives CloudAudit's events."""
    bridge = home_bridge(account)
    bus = bridge.bus or Bus(f"eb-{account.ids.letters(8)}", account.now())
    bridge.bus = replace(bus, cloudaudit=cloudaudit)


def function_of(resource: str, uin: str) -> Ref | None:
    """Return the function of this account, in a region that there is, that a six-segment resource names, if it does."""
    match = _FUNCTION.fullmatch(resource)
    if match is None or match["uin"] != uin or match["region"] not in REGIONS:
        return None
    return Ref(match["region"], match["namespace"], match["name"])
