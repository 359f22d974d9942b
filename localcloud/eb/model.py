"""What a region's EventBridge holds: buses, rules, targets."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Service
from localcloud.core.errors import existing
from localcloud.core.regions import REGIONS
from localcloud.scf.model import Ref

if TYPE_CHECKING:
    from localcloud.core.account import Account
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

API = Service("eb", "2021-04-16")
CLOUD = "Cloud"
"""The type of the service bus, which receives what happens on the account."""
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
    bus_id: str
    resource: str
    function: Ref


@dataclass(frozen=True)
class Rule:
    """A rule of a bus; `parsed` is its pattern as an object."""

    rule_id: str
    bus_id: str
    created: float
    modified: float = 0.0
    name: str = ""
    pattern: str = "{}"
    parsed: dict[str, Any] = field(default_factory=dict, repr=False)
    enabled: bool = True
    description: str = ""


@dataclass(frozen=True)
class StoredEvent:
    """An event that a bus has kept, and when it came (epoch seconds)."""

    time: float
    event: dict[str, Any]


@dataclass(frozen=True)
class Bus:
    """An event bus; `cloudaudit` says whether it receives CloudAudit's events, which no API can switch on.

    `keeps` says whether it keeps its events for SearchLog.
    """

    bus_id: str
    name: str
    kind: str
    description: str
    created: float
    cloudaudit: bool = False
    keeps: bool = False


class Buses:
    """One region's buses, rules and targets, by id."""

    def __init__(self) -> None:
        self.buses: dict[str, Bus] = {}
        self.rules: dict[str, Rule] = {}
        self.targets: dict[str, Target] = {}
        self.stored: deque[StoredEvent] = deque(maxlen=MOST_STORED)

    def rules_of(self, bus_id: str) -> list[Rule]:
        """Return a bus's rules, oldest first."""
        return [rule for rule in self.rules.values() if rule.bus_id == bus_id]

    def targets_of(self, rule_id: str) -> list[Target]:
        """Return a rule's targets, oldest first."""
        return [target for target in self.targets.values() if target.rule_id == rule_id]


def bus_of(ctx: Context, params: Params) -> Bus:
    """Return the bus that a call names.

    Raises:
        ApiError: ResourceNotFound.EventBus.
    """
    bus_id = params["EventBusId"]
    return existing(ctx.region.state(Buses).buses.get(bus_id), "ResourceNotFound.EventBus", f"event bus `{bus_id}`")


def service_bus(account: Account) -> Bus | None:
    """Return the service bus, which stands in Guangzhou and gets the events of all regions (doc 1108/46246)."""
    buses = account.region(account.home).state(Buses).buses.values()
    return next((bus for bus in buses if bus.kind == CLOUD), None)


def keep_service_bus(account: Account, *, cloudaudit: bool) -> None:
    """Make the service bus if there is none, and say whether it receives CloudAudit's events."""
    bus = service_bus(account) or Bus(
        f"eb-{account.ids.letters(8)}", "default", CLOUD, "events of Tencent Cloud services", account.now()
    )
    account.region(account.home).state(Buses).buses[bus.bus_id] = replace(bus, cloudaudit=cloudaudit)


def function_of(resource: str, uin: str) -> Ref | None:
    """Return the function of this account, in a region that there is, that a six-segment resource names, if it does."""
    match = _FUNCTION.fullmatch(resource)
    if match is None or match["uin"] != uin or match["region"] not in REGIONS:
        return None
    return Ref(match["region"], match["namespace"], match["name"])
