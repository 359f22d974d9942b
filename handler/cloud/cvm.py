"""The thin adapter on the CVM API: the account's regions, and the models of its instances in any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.cloud.api import Service
from handler.jsontext import objects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.cloud.api import Api
    from handler.cloud.pace import Pacer

CVM = Service("cvm", "2017-03-12")
INSTANCES = 100
"""The most ids that DescribeInstances takes (doc 213/15728)."""


def regions(api: Api, asked_in: str) -> list[str]:
    """The regions that the account can use (DescribeRegions, doc 213/15708); `asked_in` is any one of them.

    Raises:
        CloudError: they could not be asked for.
    """
    listed = api.call(CVM, "DescribeRegions", asked_in, {}).get("RegionSet")
    usable = [each for each in objects(listed) if each.get("RegionState", "AVAILABLE") == "AVAILABLE"]
    return [str(each["Region"]) for each in usable if each.get("Region")]


def models(api: Api, region: str, instance_ids: Sequence[str], pacer: Pacer) -> dict[str, str]:
    """The model, such as S5.SMALL2, of each of at most 100 instances that there is (doc 213/15728).

    Raises:
        CloudError: they could not be asked for.
    """
    params = {"InstanceIds": list(instance_ids), "Limit": INSTANCES}
    listed = objects(api.call(CVM, "DescribeInstances", region, params, pacer).get("InstanceSet"))
    return {str(each.get("InstanceId")): str(each.get("InstanceType") or "") for each in listed}
