"""A region's instances."""

from __future__ import annotations

from dataclasses import dataclass

from localcloud.core.tables import Table


@dataclass(frozen=True)
class Instance:
    """A cloud virtual machine. It is PENDING until `running` (epoch seconds)."""

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
    tags: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """Return the model's family, such as `S5` of `S5.MEDIUM4`."""
        return self.instance_type.split(".", 1)[0]


class Fleet:
    """One region's instances."""

    def __init__(self) -> None:
        self.instances: Table[Instance] = Table(
            lambda row: row.instance_id, {"vpc": lambda row: row.vpc_id, "subnet": lambda row: row.subnet_id}
        )
