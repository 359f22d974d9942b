"""The cloud's management APIs, as a deployment needs them: signed calls with our retry (handler.cloud.api)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from handler.budget import Budget
from handler.cloud.api import CALL_TIMEOUT_S, SCF, VPC, Api, Service
from handler.errors import CloudError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from handler.settings import Credentials

__all__ = [
    "BEIJING", "CAM", "CLOUDAUDIT", "CLS", "CVM", "EB", "EB_REGION", "SCF", "STS", "TDMQ", "VPC", "Cloud", "absent",
    "moment_of",
]  # fmt: skip

CAM = Service("cam", "2019-01-16")
CLS = Service("cls", "2020-10-16")
CLOUDAUDIT = Service("cloudaudit", "2019-03-19")
CVM = Service("cvm", "2017-03-12")
EB = Service("eb", "2021-04-16")
STS = Service("sts", "2018-08-13")
TDMQ = Service("tdmq", "2020-02-17")

EB_REGION = "ap-guangzhou"
"""The bus that receives the events of all regions lives in Guangzhou (doc 1108/46246)."""

BEIJING = timezone(timedelta(hours=8))
"""The zone of a time in which an API names none, where that is not UTC (inferred)."""
CALL_LIMIT_S = 60.0
"""How long one call may be retried."""
_PAGE = 100
_AT_ONCE = 8

Value = TypeVar("Value")


def moment_of(text: str, zone: tzinfo = timezone.utc) -> datetime | None:
    """A time as the APIs write it, in UTC; None where it is none.

    Args:
        text: in the forms of ISO 8601, with a T or a space; some give nanoseconds.
        zone: what counts where it names no zone.
    """
    head, _, tail = text.partition(".")
    try:
        moment = datetime.fromisoformat((head + tail.lstrip("0123456789")).replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(timezone.utc)


class Cloud:
    """The management APIs of one account; a call that names no region goes to the function's."""

    def __init__(
        self,
        credentials: Callable[[], Credentials],
        region: str,
        endpoint: str = "",
        call_limit_s: float = CALL_LIMIT_S,
    ) -> None:
        """Keep what every call needs.

        Args:
            credentials: reads the operator's keys.
            region: of the function, its queue and its timer.
            endpoint: another API address than the cloud's own, or empty.
            call_limit_s: how long one call may be retried, in seconds.
        """
        self._credentials = credentials
        self._endpoint = endpoint
        self._call_limit_s = call_limit_s
        self.region = region

    def call(
        self, service: Service, action: str, params: Mapping[str, Any] | None = None, region: str = ""
    ) -> dict[str, Any]:
        """Call an action and return its `Response`.

        Raises:
            CloudError: the call failed for good.
        """
        # A budget a call: between two of them a person may think about the plan for as long as they like.
        api = Api(self._endpoint, self._credentials, Budget(self._call_limit_s))
        return api.call(service, action, region or self.region, params or {})

    def change(
        self,
        service: Service,
        action: str,
        params: Mapping[str, Any],
        region: str = "",
        answer_limit_s: float = CALL_TIMEOUT_S,
    ) -> dict[str, Any]:
        """Call an action that changes something: not again where the answer was lost, for only a look tells its effect.

        Args:
            service: the product.
            action: what to do.
            params: of the action.
            region: another one than the function's, or empty.
            answer_limit_s: how long the answer may take, in seconds.

        Raises:
            CloudError: the call failed for good, or its answer was lost; `Part.apply` looks, and tries again.
        """
        time = Budget(max(self._call_limit_s, answer_limit_s))
        api = Api(self._endpoint, self._credentials, time, answer_limit_s)
        return api.call_unless_lost(service, action, region or self.region, params)

    def within(self, call_limit_s: float) -> Cloud:
        """The same account, with another limit on how long one call may be retried, in seconds."""
        return Cloud(self._credentials, self.region, self._endpoint, call_limit_s)

    def find(self, service: Service, action: str, params: Mapping[str, Any], region: str = "") -> dict[str, Any] | None:
        """Call an action that describes one thing: None where there is no such thing."""
        try:
            return self.call(service, action, params, region)
        except CloudError as error:
            if absent(error):
                return None
            raise

    def delete(self, service: Service, action: str, params: Mapping[str, Any], region: str = "") -> None:
        """Call an action that deletes one thing; that it is gone already is no error."""
        self.find(service, action, params, region)

    def pages(
        self, service: Service, action: str, key: str, params: Mapping[str, Any] | None = None, region: str = ""
    ) -> Iterator[dict[str, Any]]:
        """All entries of a list that is paged by Offset and Limit."""
        offset = 0
        while True:
            reply = self.call(service, action, {**(params or {}), "Offset": offset, "Limit": _PAGE}, region)
            entries = reply.get(key) or []
            yield from entries
            offset += len(entries)
            if len(entries) < _PAGE:
                return

    def regions(self) -> list[str]:
        """The regions that are open to the account, the function's own first (doc 213/15708).

        Raises:
            CloudError: they could not be listed.
        """
        entries = self.call(CVM, "DescribeRegions").get("RegionSet") or []
        found = [str(entry["Region"]) for entry in entries if entry.get("RegionState", "AVAILABLE") == "AVAILABLE"]
        return [self.region, *(region for region in found if region != self.region)]

    def in_each(self, regions: Sequence[str], look: Callable[[str], Value]) -> dict[str, Value | CloudError]:
        """Look into several regions at once; the error of one that could not be looked into stands in its place."""

        def tried(region: str) -> Value | CloudError:
            try:
                return look(region)
            except CloudError as error:
                return error

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(regions, pool.map(tried, regions), strict=True))

    @cached_property
    def uin(self) -> str:
        """The account's id (doc 1312/48195)."""
        return str(self.call(STS, "GetCallerIdentity")["AccountId"])


def absent(error: CloudError) -> bool:
    """Whether an error says that the thing asked for is not there; CAM says so by InvalidParameter.RoleNotExist."""
    return isinstance(error, NotFound) or error.code.endswith(("NotExist", "NotFound"))
