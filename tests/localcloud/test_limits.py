"""Call limits: per action, region and sub-account, counted at arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tencentcloud.common.credential import Credential

from localcloud import LocalCloud
from localcloud.core.errors import ApiError
from localcloud.core.limits import Limits
from tests.support.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stopped:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch() -> Stopped:
    return Stopped()


@pytest.fixture
def limited(watch: Stopped) -> Iterator[LocalCloud]:
    with LocalCloud() as cloud:
        cloud.limits = Limits(clock=watch)
        yield cloud


def test_the_call_over_the_limit_is_refused_with_the_platforms_words(limited: LocalCloud, watch: Stopped) -> None:
    call = Client(limited)
    for _ in range(20):
        call("vpc", "DescribeFlowLogs")
    assert call.refused("vpc", "DescribeFlowLogs") == (
        "RequestLimitExceeded",
        (
            "Your current request times equals to `21` in a second, "
            "which exceeds the frequency limit `20` for a second. Please reduce the frequency of calls."
        ),
    )
    watch.seconds += 1
    assert call("vpc", "DescribeFlowLogs")["TotalNum"] == 0


def test_refused_calls_count_too(limited: LocalCloud) -> None:
    limited.limits.set("DescribeVpcs", 1)
    call = Client(limited)
    call("vpc", "DescribeVpcs")
    for count in (2, 3):
        assert f"`{count}` in a second" in call.refused("vpc", "DescribeVpcs")[1]


def test_actions_regions_and_sub_accounts_have_their_own(limited: LocalCloud) -> None:
    limited.limits.set("DescribeVpcs", 1)
    call = Client(limited)
    call("vpc", "DescribeVpcs")
    assert call.refused("vpc", "DescribeVpcs")[0] == "RequestLimitExceeded"
    assert call("vpc", "DescribeSubnets")["TotalCount"] == 1
    assert call("vpc", "DescribeVpcs", "ap-beijing")["TotalCount"] == 0
    keys = limited.issue_keys("local-role", 60)
    role = Client(limited, Credential(keys.secret_id, keys.secret_key, keys.token))
    assert role("vpc", "DescribeVpcs")["TotalCount"] == 1


def test_others_of_the_account_use_up_a_share(limited: LocalCloud) -> None:
    limited.limits.others_use("DescribeFlowLogs", limited.region, 18)
    call = Client(limited)
    for _ in range(2):
        call("vpc", "DescribeFlowLogs")
    assert "`21` in a second" in call.refused("vpc", "DescribeFlowLogs")[1]
    limited.limits.others_use("DescribeFlowLogs", limited.region, 0)
    assert call("vpc", "DescribeFlowLogs")["TotalNum"] == 0


def test_a_refused_call_has_no_effect_and_is_in_the_log(limited: LocalCloud) -> None:
    limited.limits.set("CreateVpc", 1)
    call = Client(limited)
    call("vpc", "CreateVpc", VpcName="one")
    call.refused("vpc", "CreateVpc", VpcName="two")
    assert call("vpc", "DescribeVpcs")["TotalCount"] == 2
    assert limited.calls.count("CreateVpc", code="RequestLimitExceeded") == 1


@pytest.mark.parametrize(
    ("action", "limit"), [("CreateFlowLog", 20), ("DescribeFlowLogs", 20), ("DescribeNetworkInterfaces", 100)]
)
def test_documented_limits(watch: Stopped, action: str, limit: int) -> None:
    """Docs 215/35015, 215/36908, 215/15817."""
    limits = Limits(clock=watch)
    for _ in range(limit):
        limits.arrive(action, "ap-guangzhou", "me")
    with pytest.raises(ApiError, match=f"frequency limit `{limit}`"):
        limits.arrive(action, "ap-guangzhou", "me")


def test_limits_can_be_off(watch: Stopped) -> None:
    limits = Limits(enforced=False, clock=watch)
    for _ in range(1000):
        limits.arrive("CreateFlowLog", "ap-guangzhou", "me")
