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
WAITING = (Outcome.WAITING, rules.UNATTACHED)


def given(rules_text: str = "") -> settings.Settings:
    return settings.load({"TENCENTCLOUD_REGION": "ap-guangzhou", "FLOWLOG_TOPIC_ID": "t", "FLOWLOG_RULES": rules_text})


def excluded(which: str) -> tuple[Outcome, str]:
    return Outcome.SKIPPED, f"excluded by FLOWLOG_RULES, {which}"


def not_included(which: str) -> tuple[Outcome, str]:
    return Outcome.SKIPPED, f"not included by FLOWLOG_RULES, {which}"


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
        (INCLUDE_VPC, {"vpc_id": OTHER_VPC}, not_included("include.vpc_ids")),
        (INCLUDE_TAG, {"tags": {"env": "prod", "log": "on", "more": "x"}}, CREATE),
        (INCLUDE_TAG, {"tags": {"env": "prod"}}, not_included("include.tags")),
        (INCLUDE_TAG, {"tags": {}}, not_included("include.tags")),
        (INCLUDE_TAG, {}, not_included("include.tags")),
        (EXCLUDE_TAG, {"tags": {"log": "off"}}, excluded("exclude.tags")),
        (EXCLUDE_TAG, {"tags": {"log": "on"}}, CREATE),
        (EXCLUDE_SUBNET, {}, excluded("exclude.subnet_ids")),
        (EXCLUDE_SUBNET, {"subnet_id": OTHER_SUBNET}, CREATE),
        (BOTH_PARTS, {"tags": {"log": "off"}}, excluded("exclude.vpc_ids and exclude.tags")),
        (BOTH_PARTS, {"tags": {}}, CREATE),
        (BOTH_PARTS, {"vpc_id": OTHER_VPC, "tags": {"log": "off"}}, CREATE),
        (EXCLUDE_WINS, {}, excluded("exclude.vpc_ids")),
        ("", {"attached": False}, WAITING),
        ("", {"attached": True}, CREATE),
        (EXCLUDE_TAG, {"attached": False, "tags": {"log": "off"}}, excluded("exclude.tags")),
        (INCLUDE_VPC, {"attached": False, "vpc_id": OTHER_VPC}, not_included("include.vpc_ids")),
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


UNTIL = '{"exclude":{"tags":{"log":"off"},"reason":"load test","until":"2026-12-31"}}'
SEVERAL = (
    f'{{"include":[{{"vpc_ids":["{VPC}"],"tags":{{"log":"on"}}}},{{"subnet_ids":["{SUBNET}"],"reason":"ours"}}],'
    f'"exclude":[{{"tags":{{"log":"off"}},"until":"2026-11-30"}},{{"tags":{{"log":"off"}},"reason":"noisy"}}]}}'
)


@pytest.mark.parametrize(
    ("rules_text", "fields", "today", "decision"),
    [
        (UNTIL, {"tags": {"log": "off"}}, "2026-12-31", excluded("exclude.tags (load test, until 2026-12-31)")),
        (
            UNTIL,
            {"tags": {"log": "off"}},
            "2027-01-01",
            (Outcome.PLANNED, "the rule exclude (load test) ended on 2026-12-31"),
        ),
        (UNTIL, {"tags": {"log": "on"}}, "2027-01-01", CREATE),
        (UNTIL, {"tags": {"log": "off"}, "attached": False}, "2027-01-01", WAITING),
        ('{"include":{"tags":{"a":"b"},"until":"2026-12-31"}}', {}, "2027-01-01", CREATE),
        (
            '{"include":{"tags":{"a":"b"},"until":"2026-12-31"}}',
            {},
            "2026-12-31",
            not_included("include.tags (until 2026-12-31)"),
        ),
        (SEVERAL, {"tags": {"log": "off"}}, "2026-11-30", excluded("exclude[0].tags (until 2026-11-30)")),
        (SEVERAL, {"tags": {"log": "off"}}, "2026-12-01", excluded("exclude[1].tags (noisy)")),
        (SEVERAL, {"subnet_id": OTHER_SUBNET, "tags": {"log": "on"}}, "2026-12-01", CREATE),
        (SEVERAL, {"vpc_id": OTHER_VPC}, "2026-12-01", CREATE),
        (
            SEVERAL,
            {"vpc_id": OTHER_VPC, "subnet_id": OTHER_SUBNET},
            "2026-12-01",
            not_included("include[0].vpc_ids and include[0].tags, include[1].subnet_ids (ours)"),
        ),
    ],
)
def test_several_rules_with_their_reason_and_last_day(
    rules_text: str, fields: dict[str, Any], today: str, decision: tuple[Outcome, str]
) -> None:
    """One that matches is enough, and which part of which it was is said; one that is over counts as not there."""
    assert rules.decide(interface(**fields), given(rules_text), today) == decision


def test_rules_that_are_over_are_said() -> None:
    """In the log of each sweep, and by doctor."""
    assert rules.expired(given(SEVERAL), "2026-11-30") == []
    assert rules.expired(given(SEVERAL), "2026-12-01") == [
        "the rule exclude[0] ended on 2026-11-30: take it out of FLOWLOG_RULES, or give it another day"
    ]


def test_without_a_day_the_clock_s_is_taken() -> None:
    """Of two rules, one was over long ago, and one is for long."""
    over = given('{"exclude":{"tags":{"log":"off"},"until":"2020-01-01"}}')
    for_long = given('{"exclude":{"tags":{"log":"off"},"until":"2099-12-31"}}')
    out = interface(tags={"log": "off"})
    assert (rules.decide(out, over)[0], rules.decide(out, for_long)[0]) == (Outcome.PLANNED, Outcome.SKIPPED)
    assert (len(rules.expired(over)), rules.expired(for_long)) == (1, [])
