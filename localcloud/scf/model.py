"""Functions and triggers as configured: frozen rows of one region."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.core.actions import Context, Service
from localcloud.core.errors import ApiError, existing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.core.parameters import Params

API = Service("scf", "2018-04-16")
LATEST = "$LATEST"


DEFAULTS: dict[str, Any] = {
    "Handler": "index.main_handler",
    "Runtime": "Python2.7",
    "Description": "",
    "MemorySize": 128,
    "Timeout": 3,
    "InitTimeout": 65,
    "Role": "",
    "Type": "Event",
    **dict.fromkeys(("AsyncRunEnable", "TraceEnable", "InstallDependency", "DnsCache"), "FALSE"),
    **dict.fromkeys(("ClsLogsetId", "ClsTopicId"), ""),
    "Environment": {"Variables": []},
    "VpcConfig": {"VpcId": "", "SubnetId": ""},
    "DeadLetterConfig": {"Type": "", "Name": "", "FilterType": ""},
    "PublicNetConfig": {"PublicNetStatus": "ENABLE", "EipConfig": {"EipStatus": "DISABLE", "EipAddress": []}},
    "Tags": [],
}
"""A function's settings by CreateFunction's names, as they are where a call does not give them."""


@dataclass(frozen=True)
class Ref:
    """Which function."""

    region: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Function:
    """A function's only version, $LATEST. It is Creating or Updating until `settled` (epoch seconds).

    Attributes:
        settings: What CreateFunction takes, by its names and whole: see `DEFAULTS`.
        revision: Counts the changes, the creation being the first.
    """

    ref: Ref
    function_id: str
    code: bytes = field(repr=False)
    settings: Mapping[str, Any]
    created: float
    modified: float = 0.0
    settled: float = 0.0
    revision: int = 0

    @property
    def variables(self) -> dict[str, str]:
        """Return the user's variables of its environment."""
        return {one["Key"]: one["Value"] for one in self.settings["Environment"]["Variables"]}

    def status(self, now: float) -> str:
        """Return Creating, Updating or Active."""
        if now >= self.settled:
            return "Active"
        return "Updating" if self.revision > 1 else "Creating"


@dataclass(frozen=True)
class Trigger:
    """A timer of a function."""

    ref: Ref
    name: str
    created: float
    modified: float = 0.0
    cron: str = ""
    enabled: bool = True
    message: str = ""
    qualifier: str = LATEST
    description: str = ""


@dataclass
class Event:
    """An event on its way to a function.

    Attributes:
        text: The event as JSON.
        kind: The InvocationType that a dead letter names; a trigger's is RequestResponse (documented example).
        taken: When it came in, epoch seconds.
        failures: How often the function has failed on it.
    """

    ref: Ref
    text: str
    source: str
    kind: str
    request_id: str
    taken: float
    failures: int = 0


class Functions:
    """One region's functions, and each one's triggers by name."""

    def __init__(self) -> None:
        self.rows: dict[Ref, Function] = {}
        self.triggers: defaultdict[Ref, dict[str, Trigger]] = defaultdict(dict)


def ref_of(ctx: Context, params: Params) -> Ref:
    """Return which function a call means."""
    return Ref(ctx.region.name, params.get("Namespace") or "default", params["FunctionName"])


def find(ctx: Context, params: Params) -> Function:
    """Return the function a call means.

    Raises:
        ApiError: ResourceNotFound.Function.
    """
    ref = ref_of(ctx, params)
    function = ctx.region.state(Functions).rows.get(ref)
    return existing(function, "ResourceNotFound.Function", f"function `{ref.name}`")


def check_qualifier(params: Params) -> None:
    """Refuse a call that asks for another version than $LATEST.

    Raises:
        ApiError: ResourceNotFound.Qualifier.
    """
    if params.get("Qualifier", LATEST) not in (LATEST, "$DEFAULT"):
        raise ApiError("ResourceNotFound.Qualifier", f"The version `{params['Qualifier']}` does not exist.")
