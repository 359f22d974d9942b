"""What a first sweep will cover of the interfaces that were there before: how many, where, and into which topic."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from handler import settings
from handler.errors import CloudError
from ops import console
from ops.deployment.cloud import VPC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.settings import Settings
    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment

_ONE = {"Limit": 1, "Offset": 0}
_MAINLAND = ("beijing", "chengdu", "chongqing", "guangzhou", "nanjing", "qingyuan", "shanghai", "shenzhen", "tianjin")


@dataclass(frozen=True)
class Region:
    """A region that holds interfaces.

    Attributes:
        name: of the region.
        interfaces: how many it holds.
        flow_logs: how many of interfaces there are already, of whoever made them.
        topic: where the new ones go; empty where no topic is set for it.
        topic_region: where that is; empty where it is not known.
    """

    name: str
    interfaces: int
    flow_logs: int
    topic: str
    topic_region: str

    @property
    def to_come(self) -> int:
        """How many flow logs the sweep may make, rules and models without flow logs not counted off."""
        return max(0, self.interfaces - self.flow_logs)

    @property
    def remark(self) -> str:
        """What is special about the delivery."""
        if not self.topic:
            return "no topic is set for it"
        if self.topic_region in ("", self.name):
            return ""
        border = _country(self.name) != _country(self.topic_region)
        return f"to another region{', across a border' if border else ''}"


@dataclass(frozen=True)
class Backlog:
    """The regions that hold interfaces, and why some could not be looked into."""

    regions: Sequence[Region]
    unseen: Sequence[str]

    @property
    def to_come(self) -> int:
        """How many flow logs the sweep may make in all."""
        return sum(region.to_come for region in self.regions)


def count(deployment: Deployment, cloud: Cloud) -> Backlog:
    """Count what is there, by two calls a region at the most.

    Args:
        deployment: says which regions are swept, and which topic each one's flow logs go to.
        cloud: the account.
    """
    wanted = settings.load(deployment.environment)
    try:
        names = wanted.regions or cloud.regions()
    except CloudError as error:
        return Backlog([], [f"the regions could not be listed ({error.code})"])
    seen = cloud.in_each(names, lambda name: _look(name, wanted, cloud))
    regions = [each for each in seen.values() if isinstance(each, Region) and each.interfaces]
    unseen = [
        f"{name} could not be looked into ({error.code})"
        for name, error in seen.items()
        if isinstance(error, CloudError) and not error.code.startswith("UnsupportedRegion")
    ]
    return Backlog(regions, unseen)


def as_json(backlog: Backlog) -> list[dict[str, object]]:
    """The regions for `--json`."""
    return [{**asdict(region), "to_come": region.to_come, "remark": region.remark} for region in backlog.regions]


def show(backlog: Backlog, *, table: bool) -> None:
    """Say it before the person is asked; as a table too, where that is wanted."""
    rows = console.table(
        "What the first sweep will cover of what was there before",
        ("Region", "Interfaces", "Flow logs", "To come", "Topic", ""),
        numbers=("Interfaces", "Flow logs", "To come"),
        fold=("Topic", ""),
    )
    for region in backlog.regions:
        where = f"{region.topic} in {region.topic_region}" if region.topic_region else region.topic
        numbers = (f"{number:,}" for number in (region.interfaces, region.flow_logs, region.to_come))
        rows.add_row(region.name, *numbers, console.plain(where), Text(region.remark, "yellow"))
    if table and backlog.regions:
        console.out().print(rows)
    for reason in backlog.unseen:
        console.say(f"{reason}: the interfaces there are not counted.", "yellow")
    console.say(
        f"Within the hour, the first sweep makes up to {console.counted(backlog.to_come, 'flow log')}; CLS bills their "
        "traffic. Narrow that by FLOWLOG_REGIONS or FLOWLOG_RULES, or begin with --without-timer: then only "
        "new interfaces get one, until `eni-flowlog backfill` or a deploy without that option.",
        "bold",
    )


def _look(name: str, wanted: Settings, cloud: Cloud) -> Region:
    number, flow_logs = int(cloud.call(VPC, "DescribeNetworkInterfaces", _ONE, name).get("TotalCount") or 0), 0
    if number:
        listed = cloud.call(VPC, "DescribeFlowLogs", {**_ONE, "ResourceType": "NETWORKINTERFACE"}, name)
        flow_logs = int(listed.get("TotalNum") or 0)
    if wanted.storage != "cls":
        return Region(name, number, flow_logs, wanted.storage, "")
    own = name in wanted.topics
    return Region(name, number, flow_logs, wanted.topic_for(name), name if own else wanted.topic_region)


def _country(region: str) -> str:
    """A region's country, as far as its name tells: the mainland of China as one, else the region itself."""
    place = region.split("-")[1] if "-" in region else region
    return "mainland" if place in _MAINLAND else "us" if place in ("ashburn", "siliconvalley") else place
