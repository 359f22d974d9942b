"""Pure decisions: create, skip (why), wait (why)."""

from __future__ import annotations

from typing import Any

import pytest

from handler import settings
from handler.cover import rules
from handler.model import Interface, Outcome

VPC, OTHER_VPC = "vpc-pq9vxykj", "vpc-00000000"
SUBNET, OTHER_SUBNET = "subnet-2qhl25io", "subnet-00000000"
CREATE = (Outcome.PLANNED, "")
EXCLUDED = (Outcome.SKIPPED, "excluded by FLOWLOG_RULES")
NOT_INCLUDED = (Outcome.SKIPPED, "not included by FLOWLOG_RULES")
WAITING = (Outcome.WAITING, rules.UNATTACHED)


def given(rules_text: str = "") -> settings.Settings:
    return settings.load({"TENCENTCLOUD_REGION": "ap-guangzhou", "FLOWLOG_TOPIC_ID": "t", "FLOWLOG_RULES": rules_text})


def interface(**fields: Any) -> Interface:
    return Interface("ap-shanghai", **{"interface_id": "eni-78ysaex1", "vpc_id": VPC, "subnet_id": SUBNET, **fields})


INCLUDE_VPC = f'{{"include":{{"vpc_ids":["{VPC}"]}}}}'
INCLUDE_TAG = '{"include":{"tags":{"env":"prod","log":"on"}}}'
EXCLUDE_TAG = '{"exclude":{"tags":{"log":"off"}}}'
EXCLUDE_SUBNET = f'{{"exclude":{{"subnet_ids":["{SUBNET}"]}}}}'
BOTH_PARTS = f'{{"exclude":{{"vpc_ids":["{VPC}"],"tags":{{"log":"off"}}}}}}'
EXCLUDE_WINS = f'{{"include":{{"vpc_ids":["{VPC}"]}},"exclude":{{"vpc_ids":["{VPC}"]}}}}'


@pytest.mark.parametrize(
    ("rules_text", "fields", "decision"),
    [
        ("", {}, CREATE),
        ("{}", {}, CREATE),
        ('{"include":{},"exclude":{}}', {}, CREATE),
        ('{"exclude":{"vpc_ids":[],"subnet_ids":[],"tags":{}}}', {}, CREATE),
        (INCLUDE_VPC, {}, CREATE),
        (INCLUDE_VPC, {"vpc_id": OTHER_VPC}, NOT_INCLUDED),
        (INCLUDE_TAG, {"tags": {"env": "prod", "log": "on", "more": "x"}}, CREATE),
        (INCLUDE_TAG, {"tags": {"env": "prod"}}, NOT_INCLUDED),
        (INCLUDE_TAG, {"tags": {}}, NOT_INCLUDED),
        (INCLUDE_TAG, {}, NOT_INCLUDED),
        (EXCLUDE_TAG, {"tags": {"log": "off"}}, EXCLUDED),
        (EXCLUDE_TAG, {"tags": {"log": "on"}}, CREATE),
        (EXCLUDE_SUBNET, {}, EXCLUDED),
        (EXCLUDE_SUBNET, {"subnet_id": OTHER_SUBNET}, CREATE),
        (BOTH_PARTS, {"tags": {"log": "off"}}, EXCLUDED),
        (BOTH_PARTS, {"tags": {}}, CREATE),
        (BOTH_PARTS, {"vpc_id": OTHER_VPC, "tags": {"log": "off"}}, CREATE),
        (EXCLUDE_WINS, {}, EXCLUDED),
        ("", {"attached": False}, WAITING),
        ("", {"attached": True}, CREATE),
        (EXCLUDE_TAG, {"attached": False, "tags": {"log": "off"}}, EXCLUDED),
        (INCLUDE_VPC, {"attached": False, "vpc_id": OTHER_VPC}, NOT_INCLUDED),
    ],
)
def test_decision(rules_text: str, fields: dict[str, Any], decision: tuple[Outcome, str]) -> None:
    """A selector matches when each of its parts does; exclude wins; a rule comes before waiting."""
    assert rules.decide(interface(**fields), given(rules_text)) == decision


@pytest.mark.parametrize(
    ("rules_text", "fields", "look"),
    [
        ("", {}, False),
        ("", {"vpc_id": ""}, True),
        ("", {"subnet_id": "", "tags": None}, False),
        (INCLUDE_VPC, {"subnet_id": ""}, False),
        (EXCLUDE_SUBNET, {}, False),
        (EXCLUDE_SUBNET, {"subnet_id": ""}, True),
        (INCLUDE_TAG, {}, True),
        (EXCLUDE_TAG, {"tags": {}}, False),
    ],
)
def test_what_must_be_looked_up_first(rules_text: str, fields: dict[str, Any], look: bool) -> None:  # noqa: FBT001 - a column of the table
    """CreateFlowLog needs the VPC, and a rule what it asks for; nothing else costs a call."""
    assert rules.needs_look(interface(**fields), given(rules_text)) is look
