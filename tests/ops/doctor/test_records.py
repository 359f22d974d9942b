"""`eni-flowlog doctor --records`: the account's own records, and what our own intake makes of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from localcloud import LocalCloud
from localcloud.cloudaudit.record import DETAIL, EMPTY_REPLY, LEADS, STYLES
from localcloud.cloudaudit.trail import Trail
from localcloud.core import faults as strike
from ops.doctor import records
from ops.doctor.mask import Mask
from ops.errors import Exit
from tests.support.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.deployment.cloud import Cloud
    from tests.support.operator import Operator

PASSWORD = "Planted-Password-0123"


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """An account in which a user has made an instance, with a password, in each form that records are known to take."""
    with LocalCloud(enforce_limits=False, time_scale=0.02) as running:
        running.account.state(Trail).styles = (*STYLES, DETAIL, LEADS, EMPTY_REPLY)
        call = Client(running)
        for _ in range(len(STYLES) + 3):
            call(
                "cvm",
                "RunInstances",
                "ap-shanghai",
                Placement={"Zone": "ap-shanghai-3"},
                ImageId="img-1",
                VirtualPrivateCloud=dict(zip(("VpcId", "SubnetId"), running.network_of("ap-shanghai"), strict=True)),
                LoginSettings={"Password": PASSWORD},
            )
        with pytest.raises(Exception, match="ResourceNotFound"):
            call("vpc", "AttachNetworkInterface", NetworkInterfaceId="eni-00000000", InstanceId=running.instance_id)
        yield running


def test_each_form_is_understood_and_no_secret_shown(operator: Operator) -> None:
    """A line for each call, the newest first, with the action, when, and what the function would do."""
    found = operator.json("doctor", "--records")["records"]
    assert [each["action"] for each in found] == ["AttachNetworkInterface"] + ["RunInstances"] * 7
    assert all(each["understood"] for each in found)
    assert found[0]["meaning"] == "ignored: the API call failed"
    meant = re.compile(r"the interfaces of (ins|subnet)-\w+ in ap-shanghai")
    assert all(meant.fullmatch(each["meaning"]) for each in found[1:])
    shown = operator("doctor", "--records")
    assert shown.exit_code == Exit.OK, shown.stderr
    assert PASSWORD not in json.dumps(found) + shown.stdout
    assert operator.cloud.secret_id not in json.dumps(found)


def test_masked_it_tells_nothing_of_whose_it_is_and_still_how_records_look(operator: Operator) -> None:
    """Ids, account numbers, names and addresses are others, the same for the same; times, keys and actions stay."""
    plain, masked = operator.json("doctor", "--records"), operator.json("doctor", "--records", "--mask")
    text = json.dumps(masked)
    own = set(re.findall(r"(?:ins|vpc|subnet|eni)-[0-9a-z]{8}\b", json.dumps(plain)))
    assert own
    assert not [each for each in (*own, operator.cloud.uin, "127.0.0.1") if each in text]
    vpcs = set(re.findall(r"vpc-[0-9a-z]{8}\b", text))
    assert len(vpcs) == 1
    for before, after in zip(plain["records"], masked["records"], strict=True):
        assert (before["time"], before["action"], before["region"]) == (after["time"], after["action"], after["region"])
        assert before["record"].keys() == after["record"].keys()


def test_one_that_is_not_understood_ends_with_1_and_asks_for_a_report(operator: Operator) -> None:
    """It is shown with the reason; the others are shown too."""
    record = {"eventName": "CreateNetworkInterface", "eventRegion": "ap-guangzhou", "responseElements": "{}"}
    row = {"EventName": "CreateNetworkInterface", "EventTime": "1680513809", "CloudAuditEvent": json.dumps(record)}
    reply = {"Response": {"Events": [row], "ListOver": True, "RequestId": "r"}}
    operator.cloud.faults.add("DescribeEvents", strike.garbled_body(json.dumps(reply).encode()), times=1)
    result = operator("doctor", "--records")
    assert result.exit_code == Exit.FAILED
    assert "not understood: " in result.stdout
    assert "2023-04-03T09:23:29Z" in result.stdout
    assert "please report it" in result.stderr


def test_the_whole_of_the_last_90_days_is_looked_at_page_by_page(cloud: LocalCloud, account: Cloud) -> None:
    """DescribeEvents gives 50 at once, of less than 30 days; the newest come first, and no more than asked for."""
    trail = cloud.account.state(Trail)
    [(write, style), *_] = trail.newest_first()
    for _ in range(120):
        trail.add(write)
    cloud.calls.clear()
    assert len(records.last(account, most=70)) == 70
    assert cloud.calls.count("DescribeEvents") == 2
    assert style
    cloud.clock.advance(80 * 86_400)
    late = cloud.clock.now()
    assert len(records.last(account, until=late, most=500)) == 128
    assert records.last(account, since=late - 86_400, until=late) == []


def test_mask_belongs_to_records(operator: Operator) -> None:
    """Alone it would do nothing, and is wrong usage."""
    assert operator("doctor", "--mask").exit_code == Exit.USAGE


@pytest.mark.parametrize("value", [None, True, 7, 1680513809, "plain words", {"time": 1680513809123}, ["{broken"]])
def test_what_tells_nothing_is_not_masked(value: Any) -> None:
    """Small numbers, words and times stay; a long number is another of the same length."""
    masked = Mask()(value)
    assert masked == value if value != 1680513809 else len(str(masked)) == 10
