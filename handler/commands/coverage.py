"""How the interfaces of a region stand: list interfaces and flow logs, and put each interface into one state."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handler.cloud import cvm
from handler.cloud.many import chunks, together
from handler.cloud.pace import Pacer
from handler.commands import listing
from handler.commands.inventory import IMPAIRED, Found, Inventory, Wider
from handler.cover import rules
from handler.cover.cure import MOST, RECREATE, Cure
from handler.cover.models import takes_none
from handler.cover.state import FROM_BEST, judge
from handler.errors import attempted
from handler.model import Failure, FlowLog, Interface, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handler.cloud.api import Api
    from handler.cloud.vpc import Vpc
    from handler.cover.cure import Wish
    from handler.cover.state import Judgement

INSTANCE_READS_PER_S = 35.0
"""DescribeInstances keeps under its documented limit of 40 a second (doc 213/15728)."""
PREDICTED = 2 * listing.READERS * cvm.INSTANCES
"""Of so many missing interfaces at a time the instances' models are asked for: there may be too many to keep them all.
An instance whose interfaces are listed further apart is asked for again."""
WIDER = ("VPC", "SUBNET")
"""What flow logs could once be made of beside interfaces; those that stand may still collect."""
NO_FLOW_LOGS = "is a model that takes no flow logs"
_SET_ASIDE = {Outcome.WAITING: State.WAITING, Outcome.SKIPPED: State.EXCLUDED}


@dataclass(frozen=True)
class Scope:
    """Which interfaces of a region are looked at, and who gets each.

    Attributes:
        vpc_ids: only the interfaces of these VPCs; none means all.
        after: only interfaces behind this id.
        tell: gets each interface as it is found, for whoever wants a line on each; called from several threads.
        models_from: with it, what is missing and can have no flow log by its instance's model is told apart; without
            it, a try will tell.
        wish: what may be repaired; without it, nothing is.
    """

    vpc_ids: Sequence[str] = ()
    after: str = ""
    tell: Callable[[Found], None] | None = None
    models_from: Api | None = None
    wish: Wish | None = None


def take(region: str, vpc: Vpc, scope: Scope) -> Inventory:
    """List a region and say how each interface stands.

    What it guarantees: nothing is missing that was not listed as an interface. A flow log that was made while it lists
    may be missed: whoever creates then is told that there is one.

    Raises:
        CloudError: a page could not be read.
    """
    taking = _Taking(region, vpc, scope)
    for log in listing.flow_logs(region, vpc):
        taking.add_flow_log(log)
    for interface in listing.interfaces(region, vpc, scope.vpc_ids):
        taking.add_interface(interface)
    taking.finish()
    taking.inventory.malformed = len(vpc.malformed)
    return taking.inventory


_Judged = tuple["Judgement", str, "FlowLog | None", str]
"""How a flow log was judged, its id, the flow log for whoever is told of each, and how it is made good."""


class _Taking:
    """The listing of one region. There may be 100,000 of each kind: it keeps no more of them than it needs."""

    def __init__(self, region: str, vpc: Vpc, scope: Scope) -> None:
        self.inventory = Inventory(region)
        self._settings = vpc.settings
        self._scope = scope
        # By interface, its flow log as judged; None once the interface has been seen.
        self._logs: dict[str, _Judged | None] = {}
        self._same: dict[Judgement, Judgement] = {}
        self._wider: dict[str, Wider] = {}
        self._missing: list[Found] = []
        self._instance_reads = Pacer(INSTANCE_READS_PER_S, vpc.budget.monotonic)

    def add_flow_log(self, log: FlowLog) -> None:
        """Judge a flow log; where an interface has two, that counts which makes the best of it."""
        if log.resource_type in WIDER:
            self._wider[log.interface_id] = Wider(
                self.inventory.region, log.flow_log_id, log.resource_type, log.interface_id
            )
        if log.resource_type != "NETWORKINTERFACE":
            return
        judgement = judge(log, self.inventory.region, self._settings)
        judgement = self._same.setdefault(judgement, judgement)
        known = self._logs.get(log.interface_id)
        if known is None or FROM_BEST.index(judgement.state) < FROM_BEST.index(known[0].state):
            wish, region = self._scope.wish, self.inventory.region
            how = wish.cure(log, judgement, region, self._settings) if wish else ""
            self._logs[log.interface_id] = judgement, log.flow_log_id, log if self._scope.tell else None, how

    def add_interface(self, interface: Interface) -> None:
        """Put an interface into its state, once: it may stand on two pages."""
        ident = interface.interface_id
        known = self._logs.get(ident)
        if ident <= self._scope.after or (known is None and ident in self._logs):
            return
        self._logs[ident] = None
        for place in (interface.vpc_id, interface.subnet_id):
            if place in self._wider:
                self._wider[place].interfaces += 1
        found = self._found(interface, known)
        if known and known[3] and found.state in IMPAIRED:
            self._keep_cure(found, known[3])
        if found.state is not State.MISSING:
            self._tell(found)
            return
        self._missing.append(found)
        if len(self._missing) >= PREDICTED:
            self._tell_missing()

    def finish(self) -> None:
        """Tell what is left to be told, and put all in order."""
        self._tell_missing()
        self._cut_cures()
        self.inventory.missing.sort()
        self.inventory.wider = [each for each in self._wider.values() if each.interfaces]

    def _found(self, interface: Interface, known: _Judged | None) -> Found:
        outcome, reason = rules.decide(interface, self._settings)
        if known and (outcome is not Outcome.SKIPPED or known[0].state is State.COVERED):
            return Found(interface, known[0].state, known[0].words, known[1], known[2])
        return Found(interface, _SET_ASIDE.get(outcome, State.MISSING), reason, *(known[1:3] if known else ()))

    def _keep_cure(self, found: Found, how: str) -> None:
        """Keep how an impaired interface's flow log is made good. Without an instance nothing could be made anew."""
        if how == RECREATE and not found.interface.attached:
            return
        ident, vpc_id = found.interface.interface_id, sys.intern(found.interface.vpc_id)
        self.inventory.cures.append(Cure(ident, vpc_id, found.flow_log_id, how, found.reason, found.state))
        if len(self.inventory.cures) >= 2 * MOST:  # all of 100,000 would take 7 MB more than the function has
            self._cut_cures()

    def _cut_cures(self) -> None:
        self.inventory.cures.sort()
        self.inventory.cures_cut += len(self.inventory.cures[MOST:])
        del self.inventory.cures[MOST:]

    def _tell_missing(self) -> None:
        """Tell each interface without a flow log: unsupported where its instance's model takes none, else missing."""
        models = self._models([each.interface.instance_id for each in self._missing])
        for found in self._missing:
            model = models.get(found.interface.instance_id, "")
            reason = f"{model} {NO_FLOW_LOGS}"
            self._tell(replace(found, state=State.UNSUPPORTED, reason=reason) if takes_none(model) else found)
        self._missing.clear()

    def _models(self, instance_ids: Sequence[str]) -> dict[str, str]:
        """The models of some instances, where they are asked for. Once they could not be, they are not again."""
        api = self._scope.models_from
        models: dict[str, str] = {}
        if api is None or self.inventory.unpredicted:
            return models
        ids = [ident for ident in dict.fromkeys(instance_ids) if ident]
        region, pacer = self.inventory.region, self._instance_reads

        def ask(some: Sequence[str]) -> dict[str, str] | Failure:
            return attempted(lambda: cvm.models(api, region, some, pacer))

        for answer in together(ask, list(chunks(ids, cvm.INSTANCES)), listing.READERS):
            if isinstance(answer, Failure):
                unpredicted = f"whether its model takes flow logs could not be asked for ({answer.code})"
                self.inventory.unpredicted = unpredicted
            else:
                models |= answer
        return models

    def _tell(self, found: Found) -> None:
        self.inventory.add(found)
        if self._scope.tell:
            self._scope.tell(found)
