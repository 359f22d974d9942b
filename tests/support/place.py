"""A VPC of the local cloud with a running instance, and the events of its interfaces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support import records
from tests.support.function import FUNCTION_REGION as HOME
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


def break_all(cloud: LocalCloud, description: str = "managed-by=eni-flowlog") -> dict[str, str]:
    """Seed an interface with a flow log for each thing that can be wrong, and return the interfaces by that."""
    lost, other = cloud.add_topic(), cloud.add_topic()
    changes: dict[str, dict[str, Any]] = {
        "disabled": {"enabled": False},
        "topic deleted": {"topic_id": lost},
        "another topic": {"topic_id": other},
        "another traffic type": {"traffic_type": "REJECT"},
    }
    ids = dict(zip(changes, cloud.seed_interfaces(HOME, len(changes)), strict=True))
    for name, change in changes.items():
        given = {"topic_id": cloud.topic_id, "traffic_type": "ALL", "description": description, **change}
        cloud.seed_flow_log(HOME, ids[name], **given)
    cloud.delete_topic(lost)
    return ids
