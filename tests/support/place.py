"""A VPC of the local cloud with a running instance, and the events of its interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support import records
from tests.support.records import REGION

if TYPE_CHECKING:
    from localcloud import LocalCloud


@dataclass(frozen=True)
class Place:
    """A VPC with a running instance in another region than the function's."""

    cloud: LocalCloud
    instance_id: str
    vpc_id: str

    def attached(self, **fields: Any) -> str:
        return self.cloud.seed_interface(REGION, instance_id=self.instance_id, **fields)

    def loose(self) -> str:
        return self.cloud.seed_interface(REGION)

    def created(self, interface_id: str, **fields: Any) -> dict[str, Any]:
        return records.created(interface_id, self.vpc_id, **{"subnet_id": "", **fields})


def only(report: dict[str, Any]) -> dict[str, Any]:
    """The report's only item."""
    (item,) = report["items"]
    assert isinstance(item, dict)
    return item
