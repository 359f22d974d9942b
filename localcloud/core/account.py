"""One account: its keys, its clock, and its state in every region."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TypeVar

from localcloud.core.clock import Clock
from localcloud.core.ids import Ids
from localcloud.core.regions import HOME, REGIONS

State = TypeVar("State")


@dataclass(frozen=True)
class Caller:
    """Who signed a call: the account itself, or a session of one of its roles.

    `session_policy` is a policy document that narrows what the role may do; none if empty.
    """

    uin: str
    principal_id: str
    secret_id: str
    role: str = ""
    role_id: str = ""
    session_name: str = ""
    session_policy: str = field(default="", repr=False)

    @property
    def limit_key(self) -> str:
        """Limits are per sub-account (doc 1278/109059); a role is counted as one of its own (inferred)."""
        return self.role_id or self.principal_id

    @property
    def arn(self) -> str:
        """Return the caller's resource name as GetCallerIdentity gives it (its documented examples)."""
        if self.role_id:
            return f"qcs::sts:{self.uin}:assumed-role/{self.role_id}"
        return f"qcs::cam::uin/{self.uin}:uin/{self.principal_id}"


@dataclass(frozen=True)
class Credential:
    """A key pair; temporary ones have a token and an end (epoch seconds of the cloud's clock)."""

    secret_id: str
    secret_key: str = field(repr=False)
    caller: Caller
    token: str | None = field(default=None, repr=False)
    expires_at: float | None = None


@dataclass
class Behaviour:
    """What is inferred or in conflict, so that tests can have it either way; durations are in seconds.

    Attributes:
        time_scale: Factor on the platform's own waits (0.1: ten times faster).
        boot_delay_s: From RunInstances until the instance runs and its primary interface is visible.
        pending_s: How long a new interface is PENDING.
        visible_delay_s: From CreateNetworkInterface until the interface is visible to any other call.
        unique_flow_log_names: A second flow log of the same name is refused (sources conflict).
        flow_logs_per_interface: How many an interface may have: one (doc 682/18934), or two (the v2 API's).
        flow_log_lag_s: From CreateFlowLog until DescribeFlowLogs lists the flow log.
        capture_s: How long a flow log gathers before it writes a line (doc 682/18933: about 5 minutes).
        publish_s: From the end of that until the line is in its topic (about 5 minutes).
        secondary_delay_s: From an instance's boot until its secondary interfaces are visible.
        closed_regions: Regions that the account has not opened.
        unknown_ids: What DescribeNetworkInterfaces answers about ids that do not exist: "empty" or "error".
        unsupported_families: Models that take no flow log: no longer since 2022-07-25 (doc 682/18934).
        largest_message: The most bytes a queue's MaxMsgSize may have, and its default: CreateCmqQueue's page says
            1,048,576, the page of the structure (1110/44169) 65,536.
        queue_service: How policies name the message API: `tdmq:SendMessage` on `qcs::tdmq:REGION:uin/UIN:queue/NAME`
            (1496/61031), or "cmqqueue" with a resource of its own (the older page 598/11082).
        runtimes: What SCF takes as a Runtime for Python: those on CreateFunction's page. Newer ones may work.
        function_ready_s: From CreateFunction, or a change of a function, until it is Active (inferred).
    """

    time_scale: float = 1.0
    boot_delay_s: float = 3.0
    pending_s: float = 1.0
    visible_delay_s: float = 0.0
    unique_flow_log_names: bool = True
    flow_logs_per_interface: int = 1
    flow_log_lag_s: float = 0.0
    capture_s: float = 300.0
    publish_s: float = 300.0
    secondary_delay_s: float = 0.0
    closed_regions: frozenset[str] = frozenset({"me-saudi-arabia"})
    unknown_ids: str = "empty"
    largest_message: int = 1_048_576
    queue_service: str = "tdmq"
    runtimes: frozenset[str] = frozenset({"Python2.7", "Python3.6", "Python3.7", "Python3.9", "Python3.10"})
    function_ready_s: float = 1.0
    unsupported_families: frozenset[str] = frozenset(
        {"S3", "SA1", "S2", "S1", "M3", "M2", "M1", "C4", "CN3", "C3", "C2", "BC1", "BS1", "HCCIC5", "HCCG5v"}
    )

    def wait(self, seconds: float) -> float:
        """Return one of the platform's waits as this cloud runs it."""
        return seconds * self.time_scale


class Stateful:
    """A holder of services' state: each service keeps one object of its own class here."""

    def __init__(self) -> None:
        self._states: dict[type, object] = {}

    def state(self, kind: type[State]) -> State:
        """Return this holder's only object of the class `kind`, made at first use."""
        found = self._states.get(kind)
        if found is None:
            found = self._states.setdefault(kind, kind())
        assert isinstance(found, kind)
        return found

    def keep(self, state: State) -> State:
        """Keep an object that `state` cannot make, for `state` to return, and return it."""
        self._states[type(state)] = state
        return state


class Region(Stateful):
    """What the account has in one region."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Account(Stateful):
    """The account behind a local cloud. All changes of state happen under `lock`."""

    def __init__(self, behaviour: Behaviour, seed: int | None = None) -> None:
        super().__init__()
        self.behaviour = behaviour
        self.clock = Clock()
        self.ids = Ids(seed)
        self.lock = threading.RLock()
        self.uin = "100000000001"
        self.app_id = 1250000001
        self.home = HOME
        self.credentials: dict[str, Credential] = {}
        self._regions: dict[str, Region] = {}
        self.owner = self._issue(Caller(self.uin, self.uin, "AKID" + self.ids.letters(32)))

    def now(self) -> float:
        """Return the cloud's time in epoch seconds."""
        return self.clock.now()

    def region(self, name: str) -> Region:
        """Return the account's state in a region; the name must be one of `REGIONS`."""
        if name not in REGIONS:
            raise KeyError(name)
        return self._regions.setdefault(name, Region(name))

    @property
    def regions(self) -> list[Region]:
        """Return the regions in use, the home region first."""
        return sorted(self._regions.values(), key=lambda region: (region.name != self.home, region.name))

    @property
    def principal(self) -> str:
        """Return how policies name the account itself."""
        return f"qcs::cam::uin/{self.uin}:root"

    def new_session(self, role: str, role_id: str, name: str, policy: str, seconds: float) -> Credential:
        """Return temporary keys of a session of a role, good for `seconds` of the cloud's clock."""
        caller = Caller(self.uin, self.uin, "AKID" + self.ids.letters(36), role, role_id, name, policy)
        return self._issue(caller, self.ids.letters(96), self.now() + seconds)

    def _issue(self, caller: Caller, token: str | None = None, expires_at: float | None = None) -> Credential:
        credential = Credential(caller.secret_id, self.ids.letters(32), caller, token, expires_at)
        self.credentials[credential.secret_id] = credential
        return credential
