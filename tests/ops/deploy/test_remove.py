"""`eni-flowlog remove`: everything of ours, in reverse, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults as strike
from ops.commands.remove import delete_flow_logs
from ops.deployment.assembly import plan_removal
from ops.deployment.flow_logs import ours, regions_of
from ops.deployment.step import Verb
from ops.errors import OperatorError
from tests.support.deployment import (
    NOTHING,
    QUEUE,
    REGION,
    REMOVALS,
    deploy,
    deployment_to,
    flow_logs,
    remove,
    state,
    verbs,
    writes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from ops.deployment.cloud import Cloud
    from ops.deployment.wanted import Deployment


def test_remove_takes_all_in_reverse(cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path) -> None:
    """What deploy made goes, the events first and the role last; a second run finds nothing."""
    deploy(wanted, account, small)
    cloud.calls.clear()
    assert verbs(remove(wanted, account)) == {Verb.DELETE}
    assert writes(cloud) == list(REMOVALS)
    assert state(account) == NOTHING
    assert verbs(remove(wanted, account)) == {Verb.NOTHING}


@pytest.mark.parametrize("action", REMOVALS)
def test_a_removal_that_broke_off_is_completed_by_the_next(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path, action: str
) -> None:
    """Each call in turn is refused, and the next run takes the rest."""
    deploy(wanted, account, small)
    fault = cloud.faults.add(action, strike.error("FailedOperation.Test", "Not now"))
    with pytest.raises(OperatorError, match=r"FailedOperation.Test: Not now"):
        remove(wanted, account)
    fault.off()
    remove(wanted, account)
    assert state(account) == NOTHING


def test_a_lost_answer_to_a_removal_is_no_failure(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """What is gone is gone, however it is said."""
    deploy(wanted, account, small)
    for action in REMOVALS:
        cloud.faults.add(action, strike.drop_after_effect(), times=1)
    remove(wanted, account)
    assert state(account) == NOTHING


def test_dead_letters_that_would_be_lost_are_counted(
    cloud: LocalCloud, account: Cloud, wanted: Deployment, small: Path
) -> None:
    """The plan says what goes with the queue."""
    deploy(wanted, account, small)
    cloud.seed_messages(QUEUE, "{}", "{}")
    [queue] = [step for step in plan_removal(wanted, account).steps if step.kind == "queue"]
    assert queue.note == "holds 2 dead letters, which would be lost"


def test_only_our_own_flow_logs_are_found_and_none_are_removed_unasked(
    cloud: LocalCloud, account: Cloud, small: Path
) -> None:
    """Ours are those with our description, in every region of the sweep; remove alone leaves all."""
    wanted = deployment_to(cloud)  # FLOWLOG_REGIONS is all
    deploy(wanted, account, small)
    mine = {
        region: cloud.seed_flow_log(region, cloud.seed_interface(region), description="managed-by=eni-flowlog")
        for region in (REGION, "ap-shanghai")
    }
    others = cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="by hand")
    assert {log.region: log.flow_log_id for log in ours(wanted, account, regions_of(wanted, account))} == mine
    remove(wanted, account)
    assert {log["FlowLogId"] for log in flow_logs(account)} == {mine[REGION], others}


@pytest.mark.parametrize("given", ["ap-guangzhou,,", f" , {REGION},{REGION}", ",", ""])
def test_no_flow_log_is_counted_twice(cloud: LocalCloud, account: Cloud, given: str) -> None:
    """An empty or repeated entry of FLOWLOG_REGIONS is no region more."""
    wanted = deployment_to(cloud, FLOWLOG_REGIONS=given)
    cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="managed-by=eni-flowlog")
    assert regions_of(wanted, account)[0] == REGION
    assert len(ours(wanted, account, regions_of(wanted, account))) == 1


def test_a_flow_log_that_cannot_be_deleted_does_not_stop_the_rest(cloud: LocalCloud, account: Cloud) -> None:
    """The rest goes; the error counts, and says what the first was refused for."""
    wanted = deployment_to(cloud)
    for _ in range(3):
        cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="managed-by=eni-flowlog")
    logs = ours(wanted, account, regions_of(wanted, account))
    cloud.faults.add("DeleteFlowLog", strike.error("UnauthorizedOperation", "no permission"), times=1)
    with pytest.raises(OperatorError, match=r"1 of 3 flow logs could not be deleted. .*UnauthorizedOperation: no perm"):
        delete_flow_logs(account, logs)
    assert len(ours(wanted, account, regions_of(wanted, account))) == 1


def test_a_flow_log_that_went_meanwhile_is_no_failure(cloud: LocalCloud, account: Cloud) -> None:
    """Deleting an interface deletes its flow log, so that it may be gone before its turn comes."""
    wanted = deployment_to(cloud)
    cloud.seed_flow_log(REGION, cloud.seed_interface(REGION), description="managed-by=eni-flowlog")
    logs = ours(wanted, account, regions_of(wanted, account))
    delete_flow_logs(account, logs)
    delete_flow_logs(account, logs)
    assert ours(wanted, account, regions_of(wanted, account)) == []
