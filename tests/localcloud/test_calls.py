"""What is known of calls afterwards: the log, the watchers, and permission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.core import faults

if TYPE_CHECKING:
    from localcloud import LocalCloud, WriteCall
    from tests.support.client import Client, Cmq


def test_each_call_is_in_the_log(cloud: LocalCloud, call: Client, cmq: Cmq) -> None:
    call("vpc", "CreateVpc", VpcName="v")
    call.refused("vpc", "DeleteVpc", "ap-beijing", VpcId="vpc-00000000")
    call.refused("vpc", "Nonsense")
    cmq("ReceiveMessage", queueName="q")
    seen = [(one.service, one.action, one.region, one.params, one.code) for one in cloud.calls]
    assert seen == [
        ("vpc", "CreateVpc", "ap-guangzhou", {"VpcName": "v"}, None),
        ("vpc", "DeleteVpc", "ap-beijing", {"VpcId": "vpc-00000000"}, "ResourceNotFound"),
        ("vpc", "Nonsense", "ap-guangzhou", {}, "InvalidAction"),
        ("cmq", "ReceiveMessage", "ap-guangzhou", {"queueName": "q"}, "4440"),
    ]
    assert cloud.calls.by_action()["CreateVpc"] == 1
    assert cloud.calls.count("DeleteVpc", region="ap-beijing", code="ResourceNotFound") == 1
    assert cloud.calls.count(region="ap-guangzhou") == 3
    assert {one.caller and one.caller.secret_id for one in cloud.calls} == {cloud.secret_id}
    cloud.calls.clear()
    assert len(cloud.calls) == 0


def watched(cloud: LocalCloud) -> list[WriteCall]:
    seen: list[WriteCall] = []
    cloud.subscribers.append(seen.append)
    return seen


def test_watchers_are_told_of_writes_before_the_answer(cloud: LocalCloud, call: Client) -> None:
    seen = watched(cloud)
    reply = call("vpc", "CreateVpc", VpcName="v")
    call("vpc", "DescribeVpcs")
    (write,) = seen
    assert (write.service, write.version, write.action, write.region) == (
        "vpc",
        "2017-03-12",
        "CreateVpc",
        cloud.region,
    )
    assert (write.params, write.reply, write.error) == ({"VpcName": "v"}, reply, None)
    assert (write.source_ip, write.http_method, write.request_id) == ("127.0.0.1", "POST", reply["RequestId"])
    assert (write.caller.uin, write.user_agent[:11]) == (cloud.uin, "SDK_PYTHON_")


def test_a_watcher_that_fails_does_not_harm_the_call(cloud: LocalCloud, call: Client) -> None:

    def fails(_write: WriteCall) -> None:
        raise RuntimeError

    cloud.subscribers.append(fails)
    assert call("vpc", "CreateVpc", VpcName="v")["Vpc"]["VpcName"] == "v"


def test_watchers_are_told_of_refused_writes(cloud: LocalCloud, call: Client) -> None:
    seen = watched(cloud)
    call.refused("vpc", "DeleteVpc", VpcId="vpc-00000000")
    cloud.faults.add("CreateVpc", faults.throttle())
    call.refused("vpc", "CreateVpc", VpcName="v")
    assert [(one.action, one.error and one.error.code, one.reply) for one in seen] == [
        ("DeleteVpc", "ResourceNotFound", None),
        ("CreateVpc", "RequestLimitExceeded", None),
    ]


def test_watchers_are_told_of_an_effect_whose_answer_was_lost(cloud: LocalCloud, call: Client) -> None:
    seen = watched(cloud)
    for fault in (faults.drop_after_effect(), faults.error_after_effect("InternalError"), faults.drop_before_effect()):
        cloud.faults.add("CreateVpc", fault, times=1)
        call.refused("vpc", "CreateVpc", VpcName="v")
    assert [(one.reply is not None, one.error) for one in seen] == [(True, None), (True, None)]
