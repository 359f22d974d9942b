"""Whether a flow log logs what the settings ask for."""

from __future__ import annotations

from typing import Any

import pytest

from handler import settings
from handler.cover import state
from handler.model import FlowLog, State

REGION = "ap-shanghai"
OURS: dict[str, Any] = {"description": "managed-by=eni-flowlog"}
THEIRS: dict[str, Any] = {"description": "made in the console"}


def given(**variables: str) -> settings.Settings:
    fields = {"TENCENTCLOUD_REGION": "ap-guangzhou", "FLOWLOG_TOPIC_ID": "our-topic", **variables}
    return settings.load({name: value for name, value in fields.items() if value})


def judged(fields: dict[str, Any], **variables: str) -> tuple[str, str]:
    log = FlowLog(**{"flow_log_id": "fl-00000001", "interface_id": "eni-78ysaex1", "traffic_type": "ALL",
                     "topic_id": "our-topic", "topic_state": "SUCCESS", **fields})  # fmt: skip
    judgement = state.judge(log, REGION, given(**variables))
    return judgement.state.value, judgement.words


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (OURS, ("covered", "")),
        ({**OURS, "topic_state": ""}, ("covered", "")),
        ({**OURS, "enabled": False}, ("broken", "disabled")),
        ({**OURS, "enabled": False, "topic_state": "DELETED"}, ("broken", "disabled")),
        ({**OURS, "topic_state": "DELETED"}, ("broken", "topic deleted")),
        ({**OURS, "topic_id": "other"}, ("differs", "another topic")),
        ({**OURS, "storage": "ckafka:ckafka-8xk9dj2p/x"}, ("differs", "another topic")),
        ({**OURS, "traffic_type": "REJECT"}, ("differs", "another traffic type")),
        ({**THEIRS, "topic_id": "other"}, ("covered", "somebody else's flow log, into topic other")),
        (
            {**THEIRS, "topic_id": "", "storage": "ckafka:ckafka-8xk9dj2p/x"},
            ("covered", "somebody else's flow log, into ckafka:ckafka-8xk9dj2p/x"),
        ),
        ({**THEIRS, "traffic_type": "ACCEPT"}, ("differs", "another traffic type")),
        ({**THEIRS, "enabled": False}, ("broken", "disabled")),
        ({**THEIRS, "topic_state": "DELETED"}, ("broken", "topic deleted")),
    ],
)
def test_what_a_flow_log_makes_of_its_interface(fields: dict[str, Any], expected: tuple[str, str]) -> None:
    """Ours must be as the settings say; somebody else's, of which one is allowed, must log as much as ours would."""
    assert judged(fields) == expected


def test_somebody_else_s_may_log_more_than_ours_would_and_ours_may_not() -> None:
    """Where only refused traffic is asked for, all traffic holds it; ours is then of another type than it should be."""
    assert judged(THEIRS, FLOWLOG_TRAFFIC_TYPE="REJECT")[0] == "covered"
    assert judged(OURS, FLOWLOG_TRAFFIC_TYPE="REJECT") == ("differs", "another traffic type")


def test_the_topic_is_the_region_s() -> None:
    """FLOWLOG_TOPIC_ID may name one for each region; with CKafka there is no CLS topic to compare."""
    topics = f'{{"{REGION}":"other","default":"our-topic"}}'
    assert judged(OURS, FLOWLOG_TOPIC_ID=topics) == ("differs", "another topic")
    assert judged({**OURS, "topic_id": "other"}, FLOWLOG_TOPIC_ID=topics) == ("covered", "")
    into_ckafka = {**OURS, "topic_id": "", "storage": "ckafka:ckafka-8xk9dj2p/x"}
    assert judged(into_ckafka, FLOWLOG_TOPIC_ID="", FLOWLOG_STORAGE=into_ckafka["storage"]) == ("covered", "")


@pytest.mark.parametrize(
    ("fields", "tags", "ours"),
    [
        (OURS, "", True),
        (THEIRS, "", False),
        ({**THEIRS, "tags": {"team": "network", "x": "y"}}, "", False),
        ({**THEIRS, "tags": {"team": "network", "x": "y"}}, '{"team":"network"}', True),
        ({**THEIRS, "tags": {"team": "network"}}, '{"team":"network","by":"us"}', False),
        (OURS, '{"team":"network"}', True),
    ],
)
def test_which_flow_logs_are_ours(fields: dict[str, Any], tags: str, ours: bool) -> None:  # noqa: FBT001 - a column of the table
    """By the description, or by all of the tags that we give; no tags set prove nothing."""
    log = FlowLog("fl-00000001", "eni-78ysaex1", **fields)
    assert state.is_ours(log, given(FLOWLOG_TAGS=tags)) is ours


def test_of_two_flow_logs_the_better_one_counts() -> None:
    """Where the v2 rules allow two: one that logs is enough, and one that differs is better than one that is off."""
    good, other, off = (
        FlowLog("fl-good", "eni-78ysaex1", "ALL", "our-topic", **OURS),
        FlowLog("fl-other", "eni-78ysaex1", "ALL", "other", **OURS),
        FlowLog("fl-off", "eni-78ysaex1", "ALL", "our-topic", enabled=False, **OURS),
    )
    for logs, expected in (([off, good, other], good), ([off, other], other), ([off], off)):
        found = state.best(logs, REGION, given())
        assert found is not None
        assert found[0] == expected
    assert state.best([], REGION, given()) is None
    assert State.BROKEN is state.judge(off, REGION, given()).state
