"""State made without calls: what a fresh cloud holds, and what tests set up in bulk."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from localcloud.cls.model import DEFAULTS as TOPIC_DEFAULTS
from localcloud.cls.model import Index, Logs, Topic
from localcloud.core.actions import Context
from localcloud.cvm.instances import start_instance, terminate_instances
from localcloud.tdmq.queues import Queue, Queues
from localcloud.vpc.interfaces import new_interface
from localcloud.vpc.model import Attachment, FlowLog, Network, Subnet, Vpc
from localcloud.vpc.networks import find_subnet
from localcloud.vpc.records import INDEX_RULE, Records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.core.account import Account

INSTANCE_TYPE = "S5.MEDIUM4"
VPC_CIDR, SUBNET_CIDR = "10.0.0.0/12", "10.0.0.0/13"


SEEDED = "seeded"
"""The name of the topics that are seeded."""


class Seed:
    """What sets an account's state up, and looks at it. Regions get their default VPC and subnet at first use."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def add_topic(self, topic_id: str | None = None, *, region: str | None = None, indexed: bool = True) -> str:
        """Make a CLS topic in a region, the home region if none is given, and return its id.

        Args:
            topic_id: Its id; a UUID if left out.
            region: The region.
            indexed: Whether it has the index that a topic of flow logs gets in their console.
        """
        with self.account.lock:
            settings = {**TOPIC_DEFAULTS, "TopicName": SEEDED}
            index = Index(INDEX_RULE) if indexed else None
            topic = Topic(topic_id or self.account.ids.uuid(), self.account.now(), settings, index)
            self.account.region(region or self.account.home).state(Logs).topics[topic.topic_id] = topic
            return topic.topic_id

    def delete_topic(self, topic_id: str) -> None:
        """Delete a topic, wherever it is: flow logs that write to it show CloudLogState DELETED."""
        with self.account.lock:
            for region in self.account.regions:
                region.state(Logs).topics.pop(topic_id, None)
                region.state(Logs).kept.pop(topic_id, None)

    def network_of(self, region: str) -> tuple[str, str]:
        """Return a region's default VPC and subnet, made at first use."""
        with self.account.lock:
            net = self.account.region(region).state(Network)
            for subnet in net.subnets:
                if subnet.default:
                    return subnet.vpc_id, subnet.subnet_id
            return self._network(region, "Default", SUBNET_CIDR, default=True)

    def seed_vpc(self, region: str, name: str = "seeded") -> tuple[str, str]:
        """Make one more VPC with a subnet over all its addresses, and return both ids."""
        with self.account.lock:
            return self._network(region, name, VPC_CIDR)

    def seed_instance(self, region: str, instance_type: str = INSTANCE_TYPE, subnet_id: str | None = None) -> str:
        """Make an instance that runs already, with its primary interface visible, and return its id."""
        with self.account.lock:
            context = self._context(region)
            subnet = find_subnet(context.region.state(Network), subnet_id or self.network_of(region)[1])
            place = {"VpcId": subnet.vpc_id, "SubnetId": subnet.subnet_id}
            params = {"VirtualPrivateCloud": place, "InstanceType": instance_type, "InstanceName": "seeded"}
            return start_instance(context, params, boot_s=0.0).instance_id

    def terminate_instance(self, region: str, instance_id: str) -> None:
        """End an instance and all its interfaces."""
        with self.account.lock:
            terminate_instances(self._context(region), {"InstanceIds": [instance_id]})

    def primary_interface_of(self, region: str, instance_id: str) -> str:
        """Return the id of an instance's primary interface, visible or not."""
        with self.account.lock:
            attached = self.account.region(region).state(Network).attached_to(instance_id)
            return next(interface.interface_id for interface in attached if interface.primary)

    def seed_interface(self, region: str, *, instance_id: str | None = None, **more: Any) -> str:
        """Make an interface as `seed_interfaces` does, attached only if an instance is given, and return its id."""
        attached = instance_id is not None
        return self.seed_interfaces(region, 1, attached=attached, instance_id=instance_id, **more)[0]

    def seed_interfaces(  # noqa: PLR0913  the ways a test's interfaces differ
        self,
        region: str,
        count: int,
        *,
        attached: bool = True,
        flow_logs: int = 0,
        instance_id: str | None = None,
        subnet_id: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> list[str]:
        """Make many interfaces that are available, and flow logs for the first of them.

        Args:
            region: The region.
            count: How many.
            attached: Whether they are attached to an instance.
            flow_logs: How many of them get a flow log.
            instance_id: The instance; a seeded one if left out.
            subnet_id: The subnet; the instance's or the default one if left out.
            tags: The tags of each.

        Returns:
            Their ids, in order of creation.
        """
        with self.account.lock:
            context = self._context(region)
            net, now = context.region.state(Network), context.now()
            subnet = find_subnet(net, subnet_id or self._subnet_of(region, instance_id))
            if attached and instance_id is None:
                instance_id = self._any_instance(region, subnet.subnet_id)
            place = {"NetworkInterfaceName": "seeded", "VpcId": subnet.vpc_id, "SubnetId": subnet.subnet_id}
            made = []
            for index in list(islice(net.free_indexes(instance_id or ""), count)):
                interface = replace(
                    new_interface(context, place),
                    available=now,
                    visible=now,
                    attachment=Attachment(instance_id, index, now) if instance_id else None,
                    tags=tuple((tags or {}).items()),
                )
                net.interfaces.put(interface)
                made.append(interface.interface_id)
            for interface_id in made[:flow_logs]:
                self.seed_flow_log(region, interface_id)
            return made

    def seed_flow_log(self, region: str, interface_id: str, **changes: object) -> str:
        """Make a flow log of an interface as this project's settings have it, and return its id.

        Args:
            region: The region.
            interface_id: The interface.
            changes: Fields of `FlowLog` that differ, such as `enabled=False`, `topic_id=...`, `traffic_type="REJECT"`.
        """
        with self.account.lock:
            net = self.account.region(region).state(Network)
            interface = net.interfaces.get(interface_id)
            assert interface is not None, "no such interface"
            topic, topic_region = self._seeded_topic()
            flow_log = FlowLog(
                flow_log_id=self.account.ids.new("fl"),
                name=f"auto-{interface_id}",
                vpc_id=interface.vpc_id,
                resource_type="NETWORKINTERFACE",
                resource_id=interface_id,
                traffic_type="ALL",
                description="managed-by=eni-flowlog",
                topic_id=topic,
                topic_region=topic_region,
                created=self.account.now(),
                storage=(("StorageId", topic),),
            )
            flow_log = replace(flow_log, **changes)  # type: ignore[arg-type]
            net.flow_logs.put(flow_log)
            return flow_log.flow_log_id

    def send_traffic(self, region: str, interface_id: str, **fields: object) -> int:
        """Let traffic flow over an interface now.

        Args:
            region: The region.
            interface_id: The interface.
            fields: Fields of its line that differ from the documented example, such as `action="REJECT"`.

        Returns:
            How many flow logs will have written a line of it once its capture window is over.
        """
        with self.account.lock:
            net = self.account.region(region).state(Network)
            return Records(self.account).traffic(net, interface_id, **fields)

    def flow_logs_of(self, region: str, interface_id: str) -> list[FlowLog]:
        """Return the flow logs an interface has."""
        with self.account.lock:
            return list(self.account.region(region).state(Network).flow_logs.where("ResourceId", [interface_id]))

    def seed_queue(self, name: str, region: str | None = None, **attributes: int) -> Queue:
        """Make a queue, with attributes such as `VisibilityTimeout=5`, and return it."""
        with self.account.clock.changed:
            queues = self.account.region(region or self.account.home).state(Queues)
            return queues.add(self.account, name, attributes)

    def seed_messages(self, name: str, *bodies: str, region: str | None = None) -> None:
        """Put messages on a queue."""
        with self.account.clock.changed:
            queue = self._queue(name, region)
            for body in bodies:
                queue.send(self.account.ids, body, self.account.now())
            self.account.clock.changed.notify_all()

    def messages(self, name: str, region: str | None = None) -> list[str]:
        """Return the bodies of all messages of a queue, hidden ones too, without touching them."""
        with self.account.clock.changed:
            return self._queue(name, region).bodies()

    def _network(self, region: str, name: str, cidr: str, *, default: bool = False) -> tuple[str, str]:
        net, now, ids = self.account.region(region).state(Network), self.account.now(), self.account.ids
        vpc = Vpc(ids.new("vpc"), name, VPC_CIDR, now, default)
        net.vpcs.put(vpc)
        subnet = Subnet(ids.new("subnet"), vpc.vpc_id, name, cidr, f"{region}-3", now, default)
        net.subnets.put(subnet)
        return vpc.vpc_id, subnet.subnet_id

    def _seeded_topic(self) -> tuple[str, str]:
        """The first topic that was seeded, with its region: functions' log topics take no flow logs."""
        return next(
            (topic.topic_id, region.name)
            for region in self.account.regions
            for topic in region.state(Logs).topics.values()
            if topic.name == SEEDED
        )

    def _queue(self, name: str, region: str | None) -> Queue:
        queue = self.account.region(region or self.account.home).state(Queues).get(name)
        assert queue is not None, "no such queue"
        return queue

    def _context(self, region: str) -> Context:
        return Context(self.account, self.account.region(region), self.account.owner.caller, "")

    def _any_instance(self, region: str, subnet_id: str) -> str:
        for instance in self.account.region(region).state(Network).instances.where("subnet-id", [subnet_id]):
            if instance.instance_type == INSTANCE_TYPE:
                return instance.instance_id
        return self.seed_instance(region, subnet_id=subnet_id)

    def _subnet_of(self, region: str, instance_id: str | None) -> str:
        if instance_id is None:
            return self.network_of(region)[1]
        instance = self.account.region(region).state(Network).instances.get(instance_id)
        assert instance is not None, "no such instance"
        return instance.subnet_id
