"""What a function writes stands in its topic in CLS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.platform_replies import code
from tests.support.probe import NAMED, make, run

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

WRITES = """
import json
def main_handler(event, context):
    print(json.dumps({"level": "ERROR", "message": "dead letter", "region": "ap-beijing"}))
    print("a plain line")
    raise ValueError("no")
"""


def searched(call: Client, topic: str, query: str) -> list[dict[str, Any]]:
    now = int(call.cloud.clock.now() * 1000)
    reply = call("cls", "SearchLog", TopicId=topic, From=now - 600_000, To=now + 60_000, QueryString=query)
    return [json.loads(one["LogJson"]) for one in reply["Results"]]


def test_a_function_logs_to_scf_s_own_topic_unless_it_names_one(cloud: LocalCloud, call: Client) -> None:
    """Kept for seven days (documented), the same for all functions of a region."""
    own = cloud.add_topic()
    make(call, WRITES)
    shown = call("scf", "GetFunction", **NAMED)
    by_id = [{"Key": "topicId", "Values": [shown["ClsTopicId"]]}]
    (topic,) = call("cls", "DescribeTopics", Filters=by_id)["Topics"]
    assert (topic["LogsetId"], topic["Period"], topic["Index"]) == (shown["ClsLogsetId"], 7, True)
    call("scf", "CreateFunction", FunctionName="two", Code=code(), Runtime="Python3.10")
    assert call("scf", "GetFunction", FunctionName="two")["ClsTopicId"] == shown["ClsTopicId"]
    call("scf", "CreateFunction", FunctionName="three", Code=code(), Runtime="Python3.10", ClsTopicId=own)
    assert call("scf", "GetFunction", FunctionName="three")["ClsTopicId"] == own


def test_its_lines_are_found_by_their_keys(cloud: LocalCloud, call: Client) -> None:
    make(call, WRITES)
    run(call, {})
    topic = call("scf", "GetFunction", **NAMED)["ClsTopicId"]
    (letter,) = searched(call, topic, 'message:"dead letter"')
    assert (letter["level"], letter["region"], letter["SCF_FunctionName"]) == (
        "ERROR",
        "ap-beijing",
        NAMED["FunctionName"],
    )
    (plain,) = searched(call, topic, '"a plain line"')
    assert (plain["SCF_Message"], plain["SCF_RequestId"]) == ("a plain line", letter["SCF_RequestId"])
    (report,) = searched(call, topic, "SCF_StatusCode:>=400")
    assert (report["SCF_Level"], report["SCF_StatusCode"]) == ("ERROR", 430)
    assert searched(call, cloud.topic_id, "") == []
