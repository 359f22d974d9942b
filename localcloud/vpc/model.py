"""What a region's network holds: frozen rows in tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from itertools import count
from typing import TYPE_CHECKING

from localcloud.core.actions import Service
from localcloud.core.tables import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.parameters import Tags

API = Service("vpc", "2017-03-12")


@dataclass(frozen=True)
class Vpc:
    """A virtual private cloud."""

    vpc_id: str
    name: str
    cidr: str
    created: float
    default: bool = False
    tags: Tags = ()


@dataclass(frozen=True)
class Subnet:
    """A subnet of a VPC, in one zone."""

    subnet_id: str
    vpc_id: str
    name: str
    cidr: str
    zone: str
    created: float
    default: bool = False
    tags: Tags = ()


@dataclass(frozen=True)
class Instance:
    """A cloud virtual machine, which interfaces are attached to. It is PENDING until `running` (epoch seconds)."""

    instance_id: str
    name: str
    instance_type: str
    vpc_id: str
    subnet_id: str
    zone: str
    image_id: str
    created: float
    running: float
    ip: str = ""
    stopped: bool = False
    tags: Tags = ()
    groups: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """Return the model's family, such as `S5` of `S5.MEDIUM4`."""
        return self.instance_type.split(".", 1)[0]


@dataclass(frozen=True)
class Attachment:
    """Where an interface is attached."""

    instance_id: str
    device_index: int
    since: float


@dataclass(frozen=True)
class Interface:
    """An elastic network interface. It is PENDING until `available` and unseen until `visible` (epoch seconds)."""

    interface_id: str
    vpc_id: str
    subnet_id: str
    zone: str
    name: str
    description: str
    ip: str
    mac: str
    created: float
    available: float
    visible: float
    primary: bool = False
    attachment: Attachment | None = None
    tags: Tags = ()
    groups: tuple[str, ...] = ()
    qos: str = "DEFAULT"
    termination_protection: bool = False
    traffic_protection: bool = False
    goes_with_instance: bool = True

    @property
    def instance_id(self) -> str | None:
        """Return the instance it is attached to, if any."""
        return self.attachment.instance_id if self.attachment else None


@dataclass(frozen=True)
class FlowLog:
    """A flow log of one resource; `switched` is when it was last enabled or disabled (0: never)."""

    flow_log_id: str
    name: str
    vpc_id: str
    resource_type: str
    resource_id: str
    traffic_type: str
    description: str
    topic_id: str
    topic_region: str
    created: float
    storage_type: str = "cls"
    storage: tuple[tuple[str, str], ...] = ()
    tags: Tags = ()
    enabled: bool = True
    switched: float = 0.0


class Network:
    """One region's VPCs and what is in them: subnets, instances, interfaces, flow logs."""

    def __init__(self) -> None:
        self.vpcs: Table[Vpc] = Table(lambda row: row.vpc_id, {})
        self.subnets: Table[Subnet] = Table(lambda row: row.subnet_id, {"vpc-id": lambda row: row.vpc_id})
        self.instances: Table[Instance] = Table(
            lambda row: row.instance_id, {"vpc-id": lambda row: row.vpc_id, "subnet-id": lambda row: row.subnet_id}
        )
        self.interfaces: Table[Interface] = Table(
            lambda row: row.interface_id,
            {
                "vpc-id": lambda row: row.vpc_id,
                "subnet-id": lambda row: row.subnet_id,
                "attachment.instance-id": lambda row: row.instance_id,
            },
        )
        self.flow_logs: Table[FlowLog] = Table(
            lambda row: row.flow_log_id,
            {
                "ResourceId": lambda row: row.resource_id,
                "ResourceType": lambda row: row.resource_type,
                "VpcId": lambda row: row.vpc_id,
                "FlowLogName": lambda row: row.name,
                "CloudLogId": lambda row: row.topic_id,
            },
        )
        self._unseen: dict[str, Interface] = {}
        self._addresses: Counter[str] = Counter()

    def add_interface(self, interface: Interface, now: float) -> None:
        """Add an interface; it is listed once it is visible."""
        self._unseen[interface.interface_id] = interface
        self.settle(now)

    def settle(self, now: float) -> None:
        """Let the interfaces appear whose time has come."""
        for interface in list(self._unseen.values()):
            if interface.visible <= now:
                self.interfaces.put(self._unseen.pop(interface.interface_id))

    def attached_to(self, instance_id: str) -> list[Interface]:
        """Return all interfaces of an instance, the unseen ones too."""
        unseen = [interface for interface in self._unseen.values() if interface.instance_id == instance_id]
        return [*self.interfaces.where("attachment.instance-id", [instance_id]), *unseen]

    def free_indexes(self, instance_id: str) -> Iterator[int]:
        """Return the device indexes that no interface of an instance has, smallest first."""
        used = {
            interface.attachment.device_index for interface in self.attached_to(instance_id) if interface.attachment
        }
        return (index for index in count() if index not in used)

    def used_addresses(self, subnet_id: str) -> int:
        """Return how many interfaces a subnet has, the unseen ones too: each has its address from the start."""
        return self.interfaces.count("subnet-id", subnet_id) + sum(
            one.subnet_id == subnet_id for one in self._unseen.values()
        )

    def remove_interface(self, interface_id: str, *, keep: bool = False) -> None:
        """Take an interface away, and its flow logs with it (documented), or only detach it if it is to be kept."""
        kept = self.interfaces.get(interface_id) if keep else None
        if kept is not None:
            self.interfaces.put(replace(kept, attachment=None))
            return
        self.interfaces.remove(interface_id)
        self._unseen.pop(interface_id, None)
        for flow_log in list(self.flow_logs.where("ResourceId", [interface_id])):
            self.flow_logs.remove(flow_log.flow_log_id)

    def next_address(self, subnet: Subnet) -> tuple[str, str]:
        """Return the next interface's IP address in its subnet, and its MAC address."""
        self._addresses[subnet.subnet_id] += 1
        address = IPv4Address(_first_address(subnet.cidr) + self._addresses[subnet.subnet_id])
        self._addresses[""] += 1
        low, mid, high = (self._addresses[""] >> shift & 0xFF for shift in (0, 8, 16))
        return str(address), f"20:90:6F:{high:02X}:{mid:02X}:{low:02X}"


@lru_cache(maxsize=1024)
def _first_address(cidr: str) -> int:
    """Return a subnet's gateway address, the first that no interface has, as a number."""
    return int(IPv4Network(cidr).network_address) + 1
