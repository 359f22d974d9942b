"""What happens in an account by chance: interfaces made, attached, detached, moved and deleted, each call an event.

The calls are done inside of the local cloud, without HTTP, and its own CloudAudit records tell of them. Secrets are
planted where real records hold them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from localcloud.cloudaudit import record as cloudaudit
from localcloud.core.account import Credential
from localcloud.core.actions import Context
from localcloud.core.call_log import WriteCall
from localcloud.core.errors import ApiError
from localcloud.vpc.model import Network
from tests.support.records import MARKER

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from localcloud import LocalCloud
    from localcloud.core.account import Caller
    from localcloud.vpc.model import FlowLog, Interface

REGIONS = ("ap-guangzhou", "ap-shanghai", "ap-tokyo", "eu-frankfurt")
UNSUPPORTED_TYPE = "S2.MEDIUM4"
_ON_ONE_INSTANCE = 25
_LOST_TOPIC = "00000000-0000-4000-8000-000000000000"

Id = tuple[str, str]
"""A region, and the id of an interface or instance there."""


@dataclass(frozen=True)
class Event:
    """One event of the account: `names` are the interfaces or instances that it should bring to an outcome."""

    number: int
    payload: dict[str, Any]
    names: tuple[Id, ...] = ()
    junk: bool = False


class World:
    """An account in which things happen, in the order that `chance` has it.

    Attributes:
        made: how many events there have been.
        without_event: interfaces that were there already: only the sweep brings them their flow log.
        refused: the ids of interfaces that the cloud will never give a flow log.
        spoilt: interfaces whose flow log was switched off or has lost its topic since.
        theirs: somebody else's flow logs, which are off and stay so.
    """

    def __init__(self, cloud: LocalCloud, chance: random.Random, regions: tuple[str, ...] = REGIONS) -> None:
        self.cloud = cloud
        self.regions = regions
        self.made = 0
        self.without_event: set[Id] = {(cloud.region, cloud.primary_interface_of(cloud.region, cloud.instance_id))}
        self.refused: set[str] = set()
        self.spoilt: set[Id] = set()
        self.theirs: set[Id] = set()
        self._chance = chance
        self._caller = _user_with_secrets(cloud)
        self._loose: list[Id] = []
        self._attached: list[Id] = []
        self._instances = {region: self._seeded(region) for region in regions}
        self._unsupported = {region: self._seeded(region, UNSUPPORTED_TYPE) for region in regions}
        self._started: list[Id] = []
        self._places: dict[str, int] = {}
        self._steps: list[tuple[float, Callable[[], Event]]] = [
            (38, self.create_attached),
            (16, self.create_loose),
            (14, self.attach),
            (2, self.migrate),
            (6, self.detach),
            (5, self.delete),
            (4, self.run_instances),
            (1, self.terminate),
            (12, self.something_else),
            (1, self.failed_call),
            (1, self.switch_off),
            (0.5, self.lose_topic),
            (0.5, self.somebody_else),
            (1, self.junk),
        ]

    def happen(self) -> Event:
        """Let one thing happen, by chance."""
        weights = [weight for weight, _ in self._steps]
        (step,) = self._chance.choices([step for _, step in self._steps], weights)
        return step()

    def create_loose(self) -> Event:
        """An interface that is attached to nothing."""
        region = self._chance.choice(self.regions)
        reply, event = self._call(region, "CreateNetworkInterface", self._new(region))
        found = (region, str(reply["NetworkInterface"]["NetworkInterfaceId"]))
        self._loose.append(found)
        return self._event(event, found)

    def create_attached(self) -> Event:
        """An interface of an instance; a few are of a model that takes no flow logs."""
        region = self._chance.choice(self.regions)
        params = {**self._new(region), "InstanceId": self._instance(region)}
        reply, event = self._call(region, "CreateAndAttachNetworkInterface", params)
        found = (region, str(reply["NetworkInterface"]["NetworkInterfaceId"]))
        self._attached.append(found)
        if self._chance.random() < 0.02:
            self.refused.add(found[1])
        return self._event(event, found)

    def attach(self) -> Event:
        """A loose interface is attached, if there is one."""
        if not self._loose:
            return self.create_loose()
        region, interface_id = self._pop(self._loose)
        params = {"NetworkInterfaceId": interface_id, "InstanceId": self._instance(region)}
        self._attached.append((region, interface_id))
        return self._event(self._call(region, "AttachNetworkInterface", params)[1], (region, interface_id))

    def migrate(self) -> Event:
        """An interface moves to another instance."""
        if not self._attached:
            return self.create_attached()
        region, interface_id = found = self._chance.choice(self._attached)
        source, destination = self._interface(found).instance_id, self._instances[region]
        params = {
            "NetworkInterfaceId": interface_id,
            "SourceInstanceId": source,
            "DestinationInstanceId": destination,
        }
        return self._event(self._call(region, "MigrateNetworkInterface", params)[1], found)

    def detach(self) -> Event:
        """An interface is detached; it keeps its flow log, if it has one by then."""
        if not self._attached:
            return self.create_attached()
        region, interface_id = self._pop(self._attached)
        instance_id = self._interface((region, interface_id)).instance_id
        self._loose.append((region, interface_id))
        params = {"NetworkInterfaceId": interface_id, "InstanceId": instance_id}
        return self._event(self._call(region, "DetachNetworkInterface", params)[1])

    def delete(self) -> Event:
        """A loose interface is deleted."""
        if not self._loose:
            return self.create_loose()
        region, interface_id = self._pop(self._loose)
        return self._event(self._call(region, "DeleteNetworkInterface", {"NetworkInterfaceId": interface_id})[1])

    def run_instances(self) -> Event:
        """Instances, whose interfaces become visible once they have booted."""
        region = self._chance.choice(self.regions)
        vpc_id, subnet_id = self.cloud.network_of(region)
        params = {
            "InstanceCount": self._chance.randint(1, 3),
            "Placement": {"Zone": f"{region}-3"},
            "ImageId": "img-12345678",
            "VirtualPrivateCloud": {"VpcId": vpc_id, "SubnetId": subnet_id},
            "LoginSettings": {"Password": f"{MARKER}\"; it's {{one}}"},
            "UserData": f"{MARKER}IyEvYmluL3No",
        }
        reply, event = self._call(region, "RunInstances", params, "cvm")
        found = [(region, str(instance_id)) for instance_id in reply["InstanceIdSet"]]
        self._started += found
        return self._event(event, *found)

    def terminate(self) -> Event:
        """An instance goes, with its interface."""
        if not self._started:
            return self.run_instances()
        region, instance_id = self._pop(self._started)
        return self._event(self._call(region, "TerminateInstances", {"InstanceIds": [instance_id]}, "cvm")[1])

    def switch_off(self) -> Event:
        """A flow log of ours is switched off, if there is one."""
        region, log = self._one_of_ours()
        if log is None:
            return self.create_attached()
        self.spoilt.add((region, log.resource_id))
        return self._event(self._call(region, "DisableFlowLogs", {"FlowLogIds": [log.flow_log_id]})[1])

    def lose_topic(self) -> Event:
        """The topic of a flow log of ours is deleted, if there is one: no event tells of it."""
        region, log = self._one_of_ours()
        if log is not None:
            with self.cloud.account.lock:
                net = self.cloud.account.region(region).state(Network)
                net.flow_logs.put(replace(log, topic_id=_LOST_TOPIC))
            self.spoilt.add((region, log.resource_id))
        return self.something_else()

    def somebody_else(self) -> Event:
        """Somebody else has an interface with a flow log of their own, which is off: nothing of it is ours to touch."""
        region = self._chance.choice(self.regions)
        interface_id = self.cloud.seed_interface(region, instance_id=self._instances[region])
        theirs = self.cloud.seed_flow_log(
            region, interface_id, name=f"theirs-{interface_id}", description="theirs", enabled=False
        )
        self.theirs.add((region, theirs))
        return self.something_else()

    def something_else(self) -> Event:
        """A call that is none of ours."""
        region = self._chance.choice(self.regions)
        write = self._write(region, "vpc", "ModifyNetworkInterfaceAttribute", {"Password": MARKER}, {})
        return self._event(cloudaudit.cloud_event(write, self.cloud.account, "eb-00000000"))

    def failed_call(self) -> Event:
        """A call of ours that the cloud refused."""
        region = self._chance.choice(self.regions)
        refused = ApiError("LimitExceeded", f"a quota; Token={MARKER}")
        write = self._write(region, "vpc", "CreateNetworkInterface", self._new(region), None, refused)
        return self._event(cloudaudit.cloud_event(write, self.cloud.account, "eb-00000000"))

    def junk(self) -> Event:
        """A payload that no schema accepts, with secrets in it."""
        region = self._chance.choice(self.regions)
        write = self._write(region, "vpc", "CreateNetworkInterface", self._new(region), {"Token": MARKER})
        event = cloudaudit.cloud_event(write, self.cloud.account, "eb-00000000")
        event["data"]["eventTime"] = ["no time"]
        return Event(self._next(), event, junk=True)

    def eligible(self) -> Iterator[Id]:
        """Every interface that should have a flow log: attached, to an instance whose model takes it."""
        account = self.cloud.account
        with account.lock:
            for region in self.regions:
                net = account.region(region).state(Network)
                net.settle(account.now())
                for each in net.interfaces:
                    instance = net.instances.get(each.instance_id or "")
                    takes_one = instance and instance.family not in account.behaviour.unsupported_families
                    if takes_one and each.interface_id not in self.refused:
                        yield region, each.interface_id

    def silent(self) -> Iterator[str]:
        """Each flow log of ours that logs nothing though it should, and each of somebody else's that was touched."""
        eligible = set(self.eligible())
        for region in self.regions:
            logs = {log.flow_log_id: log for log in self._logs(region)}
            for log in logs.values():
                ours = (region, log.flow_log_id) not in self.theirs and (region, log.resource_id) in eligible
                if ours and (not log.enabled or log.topic_id == _LOST_TOPIC):
                    yield f"a flow log of ours logs nothing: {region}, {log.resource_id}"
            for place, flow_log_id in self.theirs:
                if place == region and (flow_log_id not in logs or logs[flow_log_id].enabled):
                    yield f"somebody else's flow log was touched: {region}, {flow_log_id}"

    def flow_logs(self) -> dict[Id, int]:
        """How many flow logs each interface has that has any."""
        counts: dict[Id, int] = {}
        with self.cloud.account.lock:
            for region in self.regions:
                for log in self.cloud.account.region(region).state(Network).flow_logs:
                    counts[region, log.resource_id] = counts.get((region, log.resource_id), 0) + 1
        return counts

    def exists(self, found: Id) -> bool:
        """Whether an interface or instance is still there."""
        net = self.cloud.account.region(found[0]).state(Network)
        return found[1] in net.interfaces or found[1] in net.instances

    def instance_of(self, found: Id) -> str:
        """The instance of an interface, empty if it has none or is gone."""
        interface = self.cloud.account.region(found[0]).state(Network).interfaces.get(found[1])
        return interface.instance_id or "" if interface else ""

    def _one_of_ours(self) -> tuple[str, FlowLog | None]:
        region = self._chance.choice(self.regions)
        ours = [log for log in self._logs(region) if (region, log.flow_log_id) not in self.theirs]
        return region, self._chance.choice(ours) if ours else None

    def _logs(self, region: str) -> list[FlowLog]:
        with self.cloud.account.lock:
            return list(self.cloud.account.region(region).state(Network).flow_logs)

    def _new(self, region: str) -> dict[str, Any]:
        vpc_id, subnet_id = self.cloud.network_of(region)
        return {"VpcId": vpc_id, "SubnetId": subnet_id, "NetworkInterfaceName": "by chance"}

    def _instance(self, region: str) -> str:
        if self._chance.random() < 0.03:
            return self._unsupported[region]
        self._places[region] = self._places.get(region, 0) + 1
        if self._places[region] % _ON_ONE_INSTANCE == 0:
            self._instances[region] = self._seeded(region)
        return self._instances[region]

    def _seeded(self, region: str, *instance_type: str) -> str:
        """An instance that was there before anybody listened."""
        instance_id = self.cloud.seed_instance(region, *instance_type)
        self.without_event.add((region, self.cloud.primary_interface_of(region, instance_id)))
        return instance_id

    def _interface(self, found: Id) -> Interface:
        interface = self.cloud.account.region(found[0]).state(Network).interfaces.get(found[1])
        assert interface is not None
        return interface

    def _pop(self, ids: list[Id]) -> Id:
        place = self._chance.randrange(len(ids))
        ids[place], ids[-1] = ids[-1], ids[place]
        return ids.pop()

    def _call(
        self, region: str, name: str, params: dict[str, Any], service: str = "vpc"
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Do a call, and return its reply with the event that tells of it."""
        account = self.cloud.account
        action = self.cloud.actions.find(service, "2017-03-12", name)
        with account.lock:
            reply = action.run(Context(account, account.region(region), self._caller, account.ids.uuid()), params)
        write = self._write(region, service, name, params, reply)
        style = self._chance.choice(cloudaudit.STYLES)
        return reply, cloudaudit.cloud_event(write, account, "eb-00000000", style)

    def _write(  # noqa: PLR0917  the fields of a record that differ
        self,
        region: str,
        service: str,
        name: str,
        params: dict[str, Any],
        reply: dict[str, Any] | None,
        refused: ApiError | None = None,
    ) -> WriteCall:
        return WriteCall(
            service=service,
            version="2017-03-12",
            action=name,
            region=region,
            params=params,
            reply=reply,
            error=refused,
            caller=self._caller,
            source_ip="111.111.111.111",
            request_id=self.cloud.account.ids.uuid(),
            http_method="POST",
            user_agent="SDK_PYTHON_3.0.1",
            time=self.cloud.account.now(),
        )

    def _event(self, payload: dict[str, Any], *names: Id) -> Event:
        return Event(self._next(), payload, names)

    def _next(self) -> int:
        self.made += 1
        return self.made


def _user_with_secrets(cloud: LocalCloud) -> Caller:
    """A user of the account, whose session's token and key id can be told from all else."""
    issued = cloud.issue_keys("local-role", 1e9)
    credential = Credential(f"AKID{MARKER}", "unused", issued.caller, token=f"{MARKER}+/==", expires_at=None)
    caller = type(issued.caller)(issued.caller.uin, issued.caller.principal_id, credential.secret_id)
    cloud.account.credentials[credential.secret_id] = credential
    return caller
