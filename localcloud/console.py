"""The console: what an account's owner does once, by hand, before any event comes (doc 248/87543).

The two service roles can be made by CAM's API as well; for the service bus and its switch there is none. Steps are
done by `Console.do`, or over HTTP: `GET /console` tells which are done, `POST /console/STEP` does one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from localcloud.cam.model import CLOUDAUDIT_ROLE, FLOW_LOG_ROLE, Access, add_service_role
from localcloud.core.faults import Reply
from localcloud.eb.model import home_bridge, keep_service_bus

if TYPE_CHECKING:
    from localcloud.core.account import Account

PATH = "/console"


class Console:
    """The steps, in the order in which a person takes them."""

    FLOW_LOGS = "authorize-flow-logs"
    CLOUDAUDIT = "open-cloudaudit"
    SERVICE_BUS = "open-eventbridge"
    EVENTS = "receive-cloudaudit-events"

    def __init__(self, account: Account) -> None:
        self._account = account
        self._steps = {
            self.FLOW_LOGS: lambda: add_service_role(account, FLOW_LOG_ROLE),
            self.CLOUDAUDIT: lambda: add_service_role(account, CLOUDAUDIT_ROLE),
            self.SERVICE_BUS: lambda: keep_service_bus(account, cloudaudit=False),
            self.EVENTS: lambda: keep_service_bus(account, cloudaudit=True),
        }

    def done(self) -> dict[str, bool]:
        """Return of each step whether it is done."""
        bus, roles = home_bridge(self._account).bus, self._account.state(Access).roles
        states = (FLOW_LOG_ROLE in roles, CLOUDAUDIT_ROLE in roles, bus is not None, bus is not None and bus.cloudaudit)
        return dict(zip(self._steps, states, strict=True))

    def do(self, *steps: str) -> None:
        """Do steps that are not done yet; all of them if none is named.

        Raises:
            ValueError: There is no such step, or one before it is missing: a bus that is not there has no switch, and
                CloudAudit's role must be there before the switch can be thrown.
        """
        with self._account.lock:
            for step in steps or self._steps:
                done = self.done()
                if step not in done:
                    raise ValueError(f"the console has no step {step}, only {', '.join(done)}")
                missing = [one for one in (self.CLOUDAUDIT, self.SERVICE_BUS) if step == self.EVENTS and not done[one]]
                if missing:
                    raise ValueError(f"{step} comes after {missing[0]}")
                if not done[step]:
                    self._steps[step]()

    def answer(self, path: str, method: str) -> Reply:
        """Answer a request to the console."""
        try:
            if method == "POST":
                self.do(path.removeprefix(PATH).strip("/"))
        except ValueError as error:
            return Reply(json.dumps({"error": str(error)}).encode(), 400)
        return Reply(json.dumps(self.done()).encode())
