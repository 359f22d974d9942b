"""CMQ: queues by the v3 API, messages by the message API."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests

from localcloud.core import faults
from tests.support.client import Cmq
from tests.support.deployed import wait_until

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

Q: dict[str, Any] = {"queueName": "q"}


@pytest.fixture
def queue(cloud: LocalCloud) -> None:
    cloud.seed_queue("q")


def bodies(reply: dict[str, Any]) -> list[str]:
    return [message["msgBody"] for message in reply.get("msgInfoList", [])]


def test_a_queue_is_made_described_changed_and_deleted(call: Client, cmq: Cmq) -> None:
    made = call("tdmq", "CreateCmqQueue", QueueName="q", MsgRetentionSeconds=43_200)
    assert made["QueueId"].startswith("cmqq-")
    cmq("SendMessage", **Q, msgBody="one")
    call("tdmq", "ModifyCmqQueueAttribute", QueueName="q", VisibilityTimeout=60)
    (shown,) = call("tdmq", "DescribeCmqQueues", QueueNameList=["q"])["QueueList"]
    assert shown == call("tdmq", "DescribeCmqQueueDetail", QueueName="q")["QueueDescribe"]
    assert (shown["QueueId"], shown["ActiveMsgNum"]) == (made["QueueId"], 1)
    assert (shown["MsgRetentionSeconds"], shown["VisibilityTimeout"]) == (43_200, 60)
    call("tdmq", "DeleteCmqQueue", QueueName="q")
    for action in ("DeleteCmqQueue", "DescribeCmqQueueDetail"):
        assert call.refused("tdmq", action, QueueName="q") == ("ResourceNotFound", "The queue `q` does not exist.")


def test_a_queue_has_the_documented_defaults(call: Client) -> None:
    call("tdmq", "CreateCmqQueue", QueueName="q", Tags=[{"TagKey": "team", "TagValue": "net"}])
    shown = call("tdmq", "DescribeCmqQueueDetail", QueueName="q")["QueueDescribe"]
    assert (shown["MsgRetentionSeconds"], shown["VisibilityTimeout"], shown["PollingWaitSeconds"]) == (3600, 30, 0)
    assert shown["Tags"] == [{"TagKey": "team", "TagValue": "net"}]
    assert call("tdmq", "DescribeCmqQueues", QueueNameList=["other"])["TotalCount"] == 0
    assert call.refused("tdmq", "DescribeCmqQueues", QueueName="q")[0] == "InvalidParameterValue"


def test_a_name_is_taken_once_whatever_its_case(call: Client, cmq: Cmq) -> None:
    call("tdmq", "CreateCmqQueue", QueueName="Letters")
    assert cmq("SendMessage", queueName="LETTERS", msgBody="one")["code"] == 0
    assert call.refused("tdmq", "CreateCmqQueue", QueueName="letters") == (
        "ResourceInUse.Queue",
        "The queue `letters` exists already.",
    )


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"QueueName": "1st"}, "1st"),
        ({"MsgRetentionSeconds": 43_201}, "30-43200"),
        ({"VisibilityTimeout": 0}, "1-43200"),
        ({"PollingWaitSeconds": 31}, "0-30"),
        ({"MaxMsgSize": 1_048_577}, "1024-1048576"),
        ({"RewindSeconds": 1_296_001}, "0-1296000"),
    ],
)
def test_attributes_out_of_bounds_are_refused(call: Client, change: dict[str, Any], part: str) -> None:
    code, message = call.refused("tdmq", "CreateCmqQueue", **{"QueueName": "q", **change})
    assert code == "InvalidParameterValue"
    assert part in message


def test_the_largest_message_is_in_conflict(call: Client, cloud: LocalCloud) -> None:
    """CreateCmqQueue's page has 1,048,576 bytes, the structure's (1110/44169) 65,536: a switch."""
    cloud.behaviour.largest_message = 65_536
    refused, message = call.refused("tdmq", "CreateCmqQueue", QueueName="q", MaxMsgSize=65_537)
    assert (refused, message) == (
        "InvalidParameterValue",
        "The value `65537` of `MaxMsgSize` is not within 1024-65536.",
    )
    call("tdmq", "CreateCmqQueue", QueueName="q")
    assert call("tdmq", "DescribeCmqQueueDetail", QueueName="q")["QueueDescribe"]["MaxMsgSize"] == 65_536


@pytest.mark.parametrize(("region", "there"), [("sa-saopaulo", True), ("ap-jakarta", False), ("na-toronto", False)])
def test_queues_are_in_some_regions_only(call: Client, region: str, there: object) -> None:
    if there:
        call("tdmq", "CreateCmqQueue", region, QueueName="q")
    else:
        assert call.refused("tdmq", "CreateCmqQueue", region, QueueName="q")[0] == "UnsupportedRegion"


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
@pytest.mark.usefixtures("queue")
def test_a_form_is_read_whatever_its_content_type(cloud: LocalCloud, cmq: Cmq, content_type: str | None) -> None:
    """The vendor's CMQ SDK sends none, its CLI says JSON (both seen)."""
    cmq.content_type = content_type
    assert cmq("SendMessage", **Q, msgBody="é &=")["code"] == 0
    assert cloud.messages("q") == ["é &="]


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("method", ["HmacSHA1", "HmacSHA256"])
def test_a_message_is_sent_received_and_deleted(cloud: LocalCloud, method: str) -> None:
    cmq = Cmq(cloud, cloud.secret_id, cloud.secret_key, method=method)
    body = json.dumps({"text": 'ä & = + % "x"', "_": "."}, ensure_ascii=False)
    sent = cmq("SendMessage", **Q, msgBody=body)
    assert (sent["code"], sent["message"]) == (0, "")
    got = cmq("ReceiveMessage", **Q)
    assert (got["msgBody"], got["msgId"], got["dequeueCount"]) == (body, sent["msgId"], 1)
    assert got["nextVisibleTime"] - got["firstDequeueTime"] in (30, 31)
    assert cmq("DeleteMessage", **Q, receiptHandle=got["receiptHandle"])["code"] == 0
    again = cmq("DeleteMessage", **Q, receiptHandle=got["receiptHandle"])
    assert (again["code"], again["message"]) == (4430, "receiptHandle is invalid or has expired")
    assert cloud.messages("q") == []


@pytest.mark.usefixtures("queue")
def test_sixteen_at_once_in_order(cmq: Cmq) -> None:
    for first in (0, 1):
        fields: dict[str, Any] = {f"msgBody__{first + n}": f"m{n}" for n in range(16)}
        assert len(cmq("BatchSendMessage", **Q, **fields)["msgList"]) == 16
        got = cmq("BatchReceiveMessage", **Q, numOfMsg=16)
        assert bodies(got) == [f"m{n}" for n in range(16)]
        handles = {f"receiptHandle__{first + n}": one["receiptHandle"] for n, one in enumerate(got["msgInfoList"])}
        assert cmq("BatchDeleteMessage", **Q, **handles)["code"] == 0


@pytest.mark.usefixtures("queue")
def test_a_batch_delete_tells_what_it_could_not_delete(cmq: Cmq) -> None:
    cmq("SendMessage", **Q, msgBody="one")
    handle = cmq("ReceiveMessage", **Q)["receiptHandle"]
    some = cmq("BatchDeleteMessage", **Q, receiptHandle__0="stale", receiptHandle__1=handle)
    assert (some["code"], some["message"]) == (6010, "delete message failed for some of the messages")
    assert [(one["code"], one["receiptHandle"]) for one in some["errorList"]] == [(4430, "stale")]
    everything = cmq("BatchDeleteMessage", **Q, receiptHandle__0="stale")
    assert (everything["code"], len(everything["errorList"])) == (6020, 1)


@pytest.mark.usefixtures("queue")
def test_a_received_message_comes_back_and_its_handle_goes_stale(cmq: Cmq, cloud: LocalCloud) -> None:
    cmq("SendMessage", **Q, msgBody="one")
    first = cmq("ReceiveMessage", **Q)
    empty = cmq("ReceiveMessage", **Q)
    assert (empty["code"], empty["message"]) == (7000, "no message")
    cloud.clock.advance(31)
    assert cmq("DeleteMessage", **Q, receiptHandle=first["receiptHandle"])["code"] == 4430
    second = cmq("ReceiveMessage", **Q)
    assert (second["msgId"], second["dequeueCount"]) == (first["msgId"], 2)
    assert second["firstDequeueTime"] == first["firstDequeueTime"]


def test_a_message_is_forgotten_after_the_retention(cmq: Cmq, cloud: LocalCloud) -> None:
    cloud.seed_queue("q", MsgRetentionSeconds=60)
    cmq("SendMessage", **Q, msgBody="one")
    cloud.clock.advance(61)
    assert cmq("ReceiveMessage", **Q)["code"] == 7000
    assert cloud.messages("q") == []


@pytest.mark.usefixtures("queue")
def test_a_delayed_message_waits(cmq: Cmq, call: Client, cloud: LocalCloud) -> None:
    cmq("SendMessage", **Q, msgBody="later", delaySeconds=10)
    shown = call("tdmq", "DescribeCmqQueueDetail", QueueName="q")["QueueDescribe"]
    assert (shown["ActiveMsgNum"], shown["InactiveMsgNum"], shown["DelayMsgNum"]) == (0, 0, 1)
    assert cmq("ReceiveMessage", **Q)["code"] == 7000
    cloud.clock.advance(10)
    assert cmq("ReceiveMessage", **Q)["msgBody"] == "later"


@pytest.mark.usefixtures("queue")
def test_a_long_poll_ends_with_the_message(cmq: Cmq, cloud: LocalCloud) -> None:
    with ThreadPoolExecutor(1) as pool:
        arrivals = cloud.faults.add("BatchReceiveMessage", faults.delay(0))
        waiting = pool.submit(cmq, "BatchReceiveMessage", **Q, numOfMsg=5, pollingWaitSeconds=30)
        wait_until(lambda: arrivals.hits > 0)
        cmq("SendMessage", **Q, msgBody="now")
        assert bodies(waiting.result(timeout=20)) == ["now"]


@pytest.mark.usefixtures("queue")
def test_a_long_poll_ends_with_the_queue(cmq: Cmq, call: Client, cloud: LocalCloud) -> None:
    with ThreadPoolExecutor(1) as pool:
        arrivals = cloud.faults.add("ReceiveMessage", faults.delay(0))
        waiting = pool.submit(cmq, "ReceiveMessage", **Q, pollingWaitSeconds=30)
        wait_until(lambda: arrivals.hits > 0)
        call("tdmq", "DeleteCmqQueue", QueueName="q")
        assert waiting.result(timeout=20)["code"] == 4440


@pytest.mark.usefixtures("queue")
def test_a_long_poll_ends_when_its_time_is_over(cmq: Cmq, cloud: LocalCloud) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cmq, "ReceiveMessage", **Q, pollingWaitSeconds=30)

        def ended() -> bool:
            cloud.clock.advance(30)  # again where the poll had not begun
            return waiting.done()

        wait_until(ended, 20)
        assert waiting.result()["code"] == 7000


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("action", "fields", "code", "message"),
    [
        ("SendMessage", {"queueName": "none", "msgBody": "m"}, 4440, "queue is not existed: none"),
        ("SendMessage", {"msgBody": "m"}, 4000, "lacked of required parameter queueName"),
        ("SendMessage", Q, 4000, "lacked of required parameter msgBody"),
        (
            "SendMessage",
            {**Q, "msgBody": "m", "delaySeconds": 3601},
            4000,
            "parameter delaySeconds value or length is out of range",
        ),
        ("BatchSendMessage", Q, 4000, "lacked of required parameter msgBody.n"),
        (
            "BatchSendMessage",
            {**Q, **{f"msgBody__{n}": "m" for n in range(17)}},
            4000,
            "msgBody parameter batch size is out of range",
        ),
        (
            "BatchSendMessage",
            {**Q, "msgBody__0": "m", "msgBody__2": "m"},
            4000,
            "msgBody parameter is not consequent",
        ),
        ("BatchReceiveMessage", Q, 4000, "lacked of required parameter numOfMsg"),
        ("BatchReceiveMessage", {**Q, "numOfMsg": 17}, 4000, "parameter numOfMsg value or length is out of range"),
        (
            "ReceiveMessage",
            {**Q, "pollingWaitSeconds": 31},
            4000,
            "parameter pollingWaitSeconds value or length is out of range",
        ),
        ("DeleteMessage", Q, 4000, "lacked of required parameter receiptHandle"),
        ("RewindQueue", Q, 4000, "action is not existed: RewindQueue"),
    ],
)
def test_what_is_wrong_is_refused(cmq: Cmq, action: str, fields: dict[str, Any], code: int, message: str) -> None:
    reply = cmq(action, **fields)
    assert (reply["code"], reply["message"]) == (code, message)
    assert reply["requestId"]


@pytest.mark.usefixtures("queue")
def test_a_megabyte_is_the_most(cmq: Cmq, cloud: LocalCloud) -> None:
    assert cmq("SendMessage", **Q, msgBody="x" * 1_048_576)["code"] == 0
    reply = cmq("SendMessage", **Q, msgBody="x" * 1_048_577)
    assert (reply["code"], reply["message"]) == (4000, "parameter msgBody value or length is out of range")
    assert len(cloud.messages("q")) == 1


@pytest.mark.usefixtures("queue")
def test_signatures_are_checked(cmq: Cmq, cloud: LocalCloud) -> None:
    sends = {**Q, "msgBody": "m"}
    wrong = Cmq(cloud, cloud.secret_id, "wrong")("SendMessage", **sends)
    assert (wrong["code"], "signature" in wrong["message"]) == (4100, True)
    unknown = Cmq(cloud, "AKIDnobody", cloud.secret_key)("SendMessage", **sends)
    assert (unknown["code"], "SecretId" in unknown["message"]) == (4100, True)
    old = cmq("SendMessage", timestamp=int(time.time()) - 301, **sends)
    assert (old["code"], "expired" in old["message"]) == (4100, True)
    assert cloud.messages("q") == []


@pytest.mark.usefixtures("queue")
def test_temporary_keys_need_their_token(cloud: LocalCloud) -> None:
    keys = cloud.issue_keys("local-role", 3600)
    good = Cmq(cloud, keys.secret_id, keys.secret_key, keys.token or "")
    assert good("SendMessage", **Q, msgBody="m")["code"] == 0
    without = Cmq(cloud, keys.secret_id, keys.secret_key)("SendMessage", **Q, msgBody="m")
    assert (without["code"], without["message"]) == (4100, "The token is wrong or has expired.")
    cloud.clock.advance(3601)
    assert good("SendMessage", **Q, msgBody="m")["code"] == 4100


def test_a_queue_of_another_region_is_found_after_the_home_regions(cmq: Cmq, cloud: LocalCloud) -> None:
    """One address serves the message API of all regions here."""
    cloud.seed_queue("q", "ap-beijing")
    cmq("SendMessage", **Q, msgBody="far")
    cloud.seed_queue("q")
    cmq("SendMessage", **Q, msgBody="home")
    assert (cloud.messages("q", "ap-beijing"), cloud.messages("q")) == (["far"], ["home"])


@pytest.mark.usefixtures("queue")
def test_many_consumers_share_a_queue_without_loss_or_repetition(cmq: Cmq, cloud: LocalCloud) -> None:
    for number in range(100):
        cmq("SendMessage", **Q, msgBody=str(number))
    taken: list[str] = []

    def consume(_: int) -> None:
        while True:
            got = cmq("BatchReceiveMessage", **Q, numOfMsg=7)
            if got["code"] == 7000:
                return
            taken.extend(bodies(got))
            handles = {f"receiptHandle__{n}": one["receiptHandle"] for n, one in enumerate(got["msgInfoList"])}
            assert cmq("BatchDeleteMessage", **Q, **handles)["code"] == 0

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(consume, range(4)))
    assert sorted(taken, key=int) == [str(number) for number in range(100)]
    assert cloud.messages("q") == []


@pytest.mark.parametrize("timestamp", ["²", "9" * 5_000])
def test_a_timestamp_that_is_no_number_is_a_bad_parameter(cloud: LocalCloud, timestamp: str) -> None:
    form = {"Action": "SendMessage", "SecretId": cloud.secret_id, "Timestamp": timestamp}
    reply = requests.post(f"{cloud.endpoint}/v2/index.php", data=form, timeout=10).json()
    assert (reply["code"], "Timestamp" in reply["message"]) == (4000, True)


@pytest.mark.usefixtures("queue")
def test_a_bug_in_the_message_api_is_a_server_s_error(
    cmq: Cmq, cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No broken action takes the connection down."""
    monkeypatch.setattr(cloud, "authorize", None)
    reply = cmq("SendMessage", **Q, msgBody="m")
    assert (reply["code"], cloud.calls.count("SendMessage", code="6000")) == (6000, 1)


@pytest.mark.usefixtures("queue")
def test_a_message_that_is_no_text_can_be_received(cmq: Cmq, cloud: LocalCloud) -> None:
    """Whatever got onto the queue, a reply can be encoded."""
    cloud.seed_messages("q", "half a pair: \ud800")
    assert cmq("ReceiveMessage", **Q)["msgBody"] == "half a pair: ?"
