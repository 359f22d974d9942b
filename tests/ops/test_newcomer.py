"""A fresh account: a newcomer gets to the first flow log by doing, one after the other, what deploy and doctor say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from localcloud.console import Console
from ops import config
from ops.errors import Exit
from tests.support.deployment import writes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.packaging.package import Package
    from tests.support.operator import Operator


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """An account in which nothing was ever activated."""
    with LocalCloud(enforce_limits=False, time_scale=0.02, fresh=True) as running:
        yield running


def doctor(operator: Operator) -> dict[str, str]:
    """What fails, with what to do."""
    findings = operator.json("doctor")["findings"]
    return {each["what"]: each["todo"] for each in findings if each["state"] == "fail"}


def test_from_nothing_to_the_first_flow_log(operator: Operator, package: Package) -> None:
    """Each step is what the step before said; at no point is something half made that could not be finished."""
    cloud = operator.cloud
    shutil.copyfile(config.FILE, operator.folder / "serverless.yml")
    deploy = ("deploy", "--package", str(package.archive), "--yes")

    stopped = operator(*deploy)
    assert stopped.exit_code == Exit.FAILED
    assert "Nothing was done. rule eni-flowlog: the account has no service event bus: open EventBridge once in the" in (
        stopped.stderr
    )
    assert writes(cloud) == []

    cloud.console.do(Console.SERVICE_BUS)
    done = operator(*deploy)
    assert done.exit_code == Exit.OK, done.stderr
    assert (
        "service role FlowLogClsRole: with which VPC writes flow logs to CLS, is not there. Open VPC > Flow logs"
        in (done.stderr)
    )
    assert (
        "No event is known of: CloudAudit shows no call of the rule's actions since the rule was set up." in done.stderr
    )
    assert "turn on the receiving of CloudAudit's events" in done.stderr

    failures = doctor(operator)
    assert {what.partition(",")[0] for what in failures} == {
        "there is no role FlowLogClsRole",
        "there is no role CloudAudit_QCSRole",
        "1 interface without a flow log",
    }
    cloud.console.do(Console.FLOW_LOGS, Console.CLOUDAUDIT, Console.EVENTS)

    assert list(doctor(operator).values()) == ["See `eni-flowlog status`, then run `eni-flowlog backfill`."]
    assert operator("backfill", "--yes").exit_code == Exit.OK
    assert doctor(operator) == {}
    assert len(cloud.flow_logs_of(cloud.region, cloud.primary_interface_of(cloud.region, cloud.instance_id))) == 1
