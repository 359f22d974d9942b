"""The local cloud: one account of Tencent Cloud at an address of this machine."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from localcloud.cam import authority
from localcloud.cam.model import LOCAL_ROLE, add_role, issue_keys
from localcloud.cloudaudit.trail import Trail
from localcloud.cls.model import Sources
from localcloud.cls.watch import Watch
from localcloud.console import PATH as CONSOLE_PATH
from localcloud.console import Console
from localcloud.core.account import Account, Behaviour
from localcloud.core.background import Background
from localcloud.core.call_log import CallLog
from localcloud.core.door import ApiExchange
from localcloud.core.faults import Faults, Reply
from localcloud.core.limits import Limits
from localcloud.core.server import Server
from localcloud.eb.delivery import EventBridge
from localcloud.scf.invoker import Invoker
from localcloud.scf.logs import lines_of
from localcloud.seed import Seed
from localcloud.services import all_actions
from localcloud.tdmq.door import CmqExchange
from localcloud.vpc.records import Records

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self
    from werkzeug.wrappers import Request

    from localcloud.core.account import Caller
    from localcloud.core.call_log import WriteCall
    from localcloud.core.errors import ApiError

CMQ_PATH = "/v2/index.php"


class LocalCloud:
    """A Tencent Cloud for one machine. Use it as a context manager, or `start()` and `stop()` it.

    State is set up and looked at without calls by the methods of `Seed`, which it shows as its own.

    Args:
        port: Where to listen on 127.0.0.1; 0 picks a free port.
        time_scale: Factor on the platform's own waits.
        enforce_limits: Whether documented call limits are enforced.
        latency_s: How long each call takes at least.
        seed_value: Makes ids and keys repeatable.
        fresh: Whether nothing has been activated in the account yet: see `console`.

    Attributes:
        behaviour: What is inferred or in conflict.
        account: Its state.
        calls: The log of calls.
        faults: The faults that are on.
        limits: The call limits.
        subscribers: Called with each `WriteCall` after it ended, before its answer is sent.
        authorize: Says of a caller, service, action and resource whether it is refused: by policies, at first.
        scf: What runs functions: its invocations, and who is told of them.
        eventbridge: What brings write calls to functions, with its switches.
        background: What is under way; `wait_until_idle` waits for its end.
        alarms: What watches topics: `alarms.fired`.
        console: What an owner does by hand before any event comes.
    """

    def __init__(  # noqa: PLR0913  the few switches a test sets most
        self,
        port: int = 0,
        *,
        time_scale: float = 1.0,
        enforce_limits: bool = True,
        latency_s: float = 0.0,
        seed_value: int | None = None,
        fresh: bool = False,
    ) -> None:
        self.behaviour = Behaviour(time_scale)
        self.latency_s = latency_s
        self.account = Account(self.behaviour, seed_value)
        self.clock = self.account.clock
        self.calls = CallLog()
        self.faults = Faults()
        self.limits = Limits(enforced=enforce_limits)
        self.actions = all_actions()
        self.background = Background(self.clock)
        self.scf = self.account.keep(Invoker(self.account, self.background))
        self.eventbridge = EventBridge(self.account, self.background, self.scf)
        self.alarms = self.account.keep(Watch(self.account, self.background))
        self.subscribers: list[Callable[[WriteCall], None]] = [self.account.state(Trail).add, self.eventbridge.publish]
        self.authorize: Callable[[Caller, str, str, str], ApiError | None] = partial(authority.refuse, self.account)
        self._port = port
        self._server: Server | None = None
        self.region = self.account.home
        self.uin = self.account.uin
        self.secret_id = self.account.owner.secret_id
        self.secret_key = self.account.owner.secret_key
        self._show_seed(Seed(self.account))
        self.add_role(LOCAL_ROLE)
        self.console = Console(self.account)
        self.account.state(Sources).known.extend((Records(self.account).of_topic, partial(lines_of, self.account)))
        if not fresh:
            self.console.do()
        self.topic_id = self.add_topic()
        self.vpc_id, self.subnet_id = self.network_of(self.region)
        self.instance_id = self.seed_instance(self.region)

    def _show_seed(self, seed: Seed) -> None:
        self.add_topic, self.delete_topic = seed.add_topic, seed.delete_topic
        self.add_role, self.issue_keys = partial(add_role, self.account), partial(issue_keys, self.account)
        self.network_of, self.seed_vpc, self.seed_instance = seed.network_of, seed.seed_vpc, seed.seed_instance
        self.seed_interface, self.seed_interfaces = seed.seed_interface, seed.seed_interfaces
        self.primary_interface_of, self.terminate_instance = seed.primary_interface_of, seed.terminate_instance
        self.seed_flow_log, self.flow_logs_of = seed.seed_flow_log, seed.flow_logs_of
        self.send_traffic = seed.send_traffic
        self.seed_queue, self.seed_messages, self.messages = seed.seed_queue, seed.seed_messages, seed.messages

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        assert self._server is not None, "start it first"
        return int(self._server.server_address[1])

    @property
    def endpoint(self) -> str:
        """Return its address, such as `http://127.0.0.1:12345`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """Return how many connections clients have made so far."""
        assert self._server is not None, "start it first"
        return self._server.connections

    def close_connections(self) -> None:
        """Close what clients have kept open, as any server does after a while."""
        assert self._server is not None, "start it first"
        self._server.close_connections()

    def description(self) -> dict[str, str]:
        """Return what a client needs to use it: the line `python -m localcloud` prints."""
        names = (
            "endpoint",
            "secret_id",
            "secret_key",
            "region",
            "uin",
            "topic_id",
            "vpc_id",
            "subnet_id",
            "instance_id",
        )
        return {name: getattr(self, name) for name in names}

    def start(self) -> Self:
        """Listen, and serve from a thread of its own."""
        self._server = Server(self._port, self._answer)
        self.background.start()
        threading.Thread(target=self._server.serve_forever, args=(0.02,), name="localcloud", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop serving and close every connection."""
        if self._server is not None:
            self._server.shutdown()
            self.background.stop()
            self.scf.pools.close()
            self._server.close_connections()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def linger(self) -> None:
        """Take the time one call takes."""
        time.sleep(self.latency_s)

    def _answer(self, request: Request) -> Reply:
        if request.path == "/":
            return ApiExchange.serve(self, request)
        if request.path == CMQ_PATH:
            return CmqExchange.serve(self, request)
        if request.path.startswith(CONSOLE_PATH):
            return self.console.answer(request.path, request.method)
        return Reply(b"no such path", 404, "text/plain")
