"""SearchLog: conditions, statistics and indexes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.cls import query, sql
from localcloud.cls.model import Line, Logs

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.client import Client

LINES: tuple[dict[str, Any], ...] = (
    {"level": "INFO", "message": "report", "created": 3, "outcomes": {"created": 3}},
    {"level": "ERROR", "message": "dead letter", "path": "handler/main.py"},
    {"level": "ERROR", "message": "the letter is dead", "path": "ops/cli.py"},
)
INDEX = {"FullText": {"CaseSensitive": False, "Tokenizer": " "}, "DynamicIndex": {"Status": True}}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("", [0, 1, 2]),
        ("*", [0, 1, 2]),
        ("level:ERROR", [1, 2]),
        ("level:error", [1, 2]),
        ('message:"dead letter"', [1]),
        ("message:dead", [1, 2]),
        ("letter", [1, 2]),
        ("rep*", [0]),
        ("path:*.py", [1, 2]),
        ("level:ERROR AND NOT path:ops*", [1]),
        ("message:report OR path:ops*", [0, 2]),
        ("NOT message:report AND NOT path:ops* OR level:INFO", [0, 1]),
        ("NOT (message:report OR path:ops*)", [1]),
        ("created:>2", [0]),
        ("created:>=3 AND created:<4", [0]),
        ("created:<=2", []),
        ("level:>2", []),
        ('"dead letter" OR "report"', [0, 1]),
        ("outcomes.created:3", [0]),
        ("outcomes.missing:3", []),
    ],
)
def test_a_condition_finds_its_lines(condition: str, found: list[int]) -> None:
    lines = [Line(0.0, fields) for fields in LINES]
    assert sql.select(lines, query.parse(condition)) == [lines[number] for number in found]


@pytest.mark.parametrize("condition", ["(", "level:", "a AND", "a)", '"open', "(a", ":x", "a b", "OR", "a NOT b"])
def test_a_malformed_condition_is_refused(condition: str) -> None:
    with pytest.raises(query.QueryError):
        sql.select([], query.parse(condition))


@pytest.fixture
def topic(cloud: LocalCloud, call: Client) -> str:
    """A topic without an index, a line a minute in it."""
    logset = call("cls", "CreateLogset", LogsetName="l")["LogsetId"]
    made = str(call("cls", "CreateTopic", LogsetId=logset, TopicName="t")["TopicId"])
    now = cloud.clock.now()
    kept = cloud.account.region(cloud.region).state(Logs).kept[made]
    kept.extend(Line(now - 60 * (3 - number), fields) for number, fields in enumerate(LINES))
    return made


@pytest.fixture
def indexed(call: Client, topic: str) -> str:
    """The same with an index of all keys."""
    call("cls", "CreateIndex", TopicId=topic, Rule=INDEX)
    return topic


def asked(call: Client, topic: str, text: str, **more: Any) -> dict[str, Any]:
    now = int(call.cloud.clock.now() * 1000)
    return {"TopicId": topic, "From": now - 600_000, "To": now, "QueryString": text, **more}


def messages(reply: dict[str, Any]) -> list[str]:
    return [json.loads(one["LogJson"])["message"] for one in reply["Results"]]


def test_without_an_index_nothing_can_be_searched(call: Client, topic: str) -> None:
    """DescribeTopics says so too."""
    by_id = [{"Key": "topicId", "Values": [topic]}]
    assert call("cls", "DescribeTopics", Filters=by_id)["Topics"][0]["Index"] is False
    assert call.refused("cls", "SearchLog", **asked(call, topic, ""))[0] == "FailedOperation.QueryError"
    call("cls", "CreateIndex", TopicId=topic, Rule=INDEX)
    assert call("cls", "DescribeTopics", Filters=by_id)["Topics"][0]["Index"] is True
    assert len(messages(call("cls", "SearchLog", **asked(call, topic, "")))) == 3
    assert call.refused("cls", "CreateIndex", TopicId=topic, Rule=INDEX)[0] == "InvalidParameter.IndexConflict"


def test_an_index_may_be_off(call: Client, topic: str) -> None:
    call("cls", "CreateIndex", TopicId=topic, Rule=INDEX, Status=False)
    assert call("cls", "DescribeTopics")["Topics"][-1]["Index"] is False
    assert call.refused("cls", "SearchLog", **asked(call, topic, ""))[0] == "FailedOperation.QueryError"


def test_a_key_that_is_not_indexed_cannot_be_searched(call: Client, topic: str) -> None:
    """Neither by condition nor by SQL; without full text no bare word either."""
    keys = [{"Key": "level", "Value": {"Type": "text", "SqlFlag": True}}]
    call("cls", "CreateIndex", TopicId=topic, Rule={"KeyValue": {"CaseSensitive": False, "KeyValues": keys}})
    assert len(messages(call("cls", "SearchLog", **asked(call, topic, "level:ERROR")))) == 2
    for text in ("message:report", "report", "* | select message, count(*) as n group by message limit 5"):
        code, said = call.refused("cls", "SearchLog", **asked(call, topic, text))
        assert code == "FailedOperation.QueryError"
        assert said.startswith("can not search on this field, since it is not indexed")


def test_lines_come_newest_first_in_pages_of_their_time(call: Client, cloud: LocalCloud, indexed: str) -> None:
    first = call("cls", "SearchLog", **asked(call, indexed, "", Limit=2))
    assert (messages(first), first["ListOver"]) == (["the letter is dead", "dead letter"], False)
    rest = call("cls", "SearchLog", **asked(call, indexed, "", Limit=2, Context=first["Context"]))
    assert (messages(rest), rest["ListOver"]) == (["report"], True)
    oldest = call("cls", "SearchLog", **asked(call, indexed, "", Sort="asc", Offset=2))
    assert messages(oldest) == ["the letter is dead"]
    late = int((cloud.clock.now() - 90) * 1000)
    assert messages(call("cls", "SearchLog", **asked(call, indexed, "", From=late))) == ["the letter is dead"]


def test_statistics_are_rows_with_typed_columns(call: Client, indexed: str) -> None:
    text = "* | select level, count(*) as n, count_if(message='report') as r group by level order by n desc limit 9"
    reply = call("cls", "SearchLog", **asked(call, indexed, text))
    rows = [json.loads(row) for row in reply["AnalysisRecords"]]
    assert rows == [{"level": "ERROR", "n": 2, "r": 0}, {"level": "INFO", "n": 1, "r": 1}]
    types = [(one["Name"], one["Type"]) for one in reply["Columns"]]
    assert types == [("level", "varchar"), ("n", "bigint"), ("r", "bigint")]
    none = call("cls", "SearchLog", **asked(call, indexed, 'message:"no such" | select count(*) as n'))
    assert json.loads(none["AnalysisRecords"][0]) == {"n": 0}


def test_statistics_have_a_hundred_rows_unless_they_say_more(call: Client, cloud: LocalCloud, indexed: str) -> None:
    kept = cloud.account.region(cloud.region).state(Logs).kept[indexed]
    kept.extend(Line(cloud.clock.now() - 1, {"number": number}) for number in range(150))
    for limit, rows in (("", 100), (" limit 120", 120), (" limit 100, 120", 51)):
        reply = call("cls", "SearchLog", **asked(call, indexed, f"* | select number group by number{limit}"))
        assert len(reply["AnalysisRecords"]) == rows


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("* | select count(* as n", {}, "FailedOperation.SyntaxError"),
        ("* | select count(*) as n limit 10001", {}, "FailedOperation.SyntaxError"),
        ("level:", {}, "FailedOperation.SyntaxError"),
        ("x" * 12_289, {}, "InvalidParameterValue"),
        ("", {"Limit": 1001}, "InvalidParameterValue"),
        ("", {"To": 1}, "InvalidParameterValue"),
        ("", {"QuerySyntax": 0}, "InvalidParameter"),
        ("", {"TopicId": None}, "InvalidParameter"),
        ("", {"TopicId": "nope"}, "ResourceNotFound.TopicNotExist"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    call: Client, cloud: LocalCloud, text: str, more: dict[str, Any], code: str
) -> None:
    assert call.refused("cls", "SearchLog", **asked(call, cloud.topic_id, text, **more))[0] == code
