"""serverless.yml as deploy reads it: the same file and rules as the Serverless CLI's, with every fault said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ops.deployment import config
from ops.deployment.config import Timer, check_settings, load
from ops.exits import OperatorError

if TYPE_CHECKING:
    from pathlib import Path

SHELL = {"TENCENTCLOUD_REGION": "ap-guangzhou", "FLOWLOG_TOPIC_ID": "dfb8f1a2-8522-47c1-8571-67905167ab3f"}
TEXT = config.FILE.read_text(encoding="utf-8")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    path = tmp_path / "serverless.yml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_it_says_all_that_deploy_needs() -> None:
    """The project's own file, with only the region and a topic set."""
    deployment = load(SHELL)
    check_settings(deployment)
    assert (deployment.name, deployment.region, deployment.role) == ("eni-flowlog", "ap-guangzhou", "eni-flowlog")
    assert (deployment.dead_letter_type, deployment.queue) == ("CMQ-QUEUE", "eni-flowlog-dlq")
    assert deployment.timer == Timer("sweep", "17 23 */6 * * * *", enabled=True, argument="", qualifier="$DEFAULT")
    assert deployment.variables["FLOWLOG_TOPIC_ID"] == SHELL["FLOWLOG_TOPIC_ID"]


def test_a_variable_that_is_not_set_leaves_its_field_out() -> None:
    """As the Serverless CLI does it; an empty one counts as not set."""
    assert "FLOWLOG_TAGS" not in load({**SHELL, "FLOWLOG_TAGS": ""}).variables
    assert load({**SHELL, "FLOWLOG_TAGS": '{"a":"b"}'}).variables["FLOWLOG_TAGS"] == '{"a":"b"}'


def test_a_dotenv_file_gives_what_the_shell_lacks(changed: Path) -> None:
    """The shell wins; quotes and `export` are taken off."""
    changed.with_name(".env").write_text(
        "# comment\nexport FLOWLOG_TOPIC_ID='from-the-file'\nTENCENTCLOUD_REGION=ap-shanghai\n\n", encoding="utf-8"
    )
    deployment = load({"TENCENTCLOUD_REGION": "ap-guangzhou"}, changed)
    assert (deployment.region, deployment.variables["FLOWLOG_TOPIC_ID"]) == ("ap-guangzhou", "from-the-file")


def test_without_a_region_it_asks_for_one() -> None:
    """The one field that nobody can guess."""
    with pytest.raises(OperatorError, match=r"TENCENTCLOUD_REGION is not set: say in which region"):
        load({})


def test_settings_are_checked_before_anything_is_made() -> None:
    """All faults at once, in the words of the function."""
    deployment = load({**SHELL, "FLOWLOG_TOPIC_ID": "", "FLOWLOG_TAGS": "[]"})
    with pytest.raises(OperatorError, match=r"FLOWLOG_TAGS must be .*; FLOWLOG_TOPIC_ID is missing"):
        check_settings(deployment)


def test_too_many_variables_are_refused(changed: Path) -> None:
    """SCF takes 4 KB in all."""
    edit(changed, "FLOWLOG_STORAGE: cls", f"FLOWLOG_STORAGE: cls\n      NOTE: {'x' * 4096}")
    with pytest.raises(OperatorError, match=r"the function's variables take \d+ bytes, and SCF allows 4096 in all"):
        check_settings(load(SHELL, changed))


def test_reserved_variables_are_refused(changed: Path) -> None:
    """SCF sets them itself."""
    edit(changed, "FLOWLOG_STORAGE: cls", "FLOWLOG_STORAGE: cls\n      SCF_X: a")
    with pytest.raises(OperatorError, match=r"SCF sets SCF_X itself: take it out of environment.variables"):
        check_settings(load(SHELL, changed))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  eip: false",
            "  vpcConfig: {vpcId: vpc-1}",
            r"deploy cannot set vpcConfig; take it out, or use the Serverless",
        ),
        ("  role: eni-flowlog", "", r"role is missing from `inputs`"),
        ("  type: event", "  type: web", r"type must be event, not web"),
        ("memorySize: 64", "memorySize: much", r"`inputs` is not as it should be \(ValueError: .*much"),
        ("    - timer:", "    - cos:", r"`events` must hold one timer, and nothing else; found \['cos'\]"),
        ("inputs:", "outputs:", r"has no `inputs`: it is not a file of `component: scf`"),
        ("app: eni-flowlog", "app: [", r"serverless.yml cannot be read: "),
    ],
)
def test_what_deploy_cannot_do_is_said(changed: Path, old: str, new: str, message: str) -> None:
    """It is never passed over in silence: the file is the single source."""
    with pytest.raises(OperatorError, match=message):
        load(SHELL, edit(changed, old, new))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(OperatorError, match=r"nowhere.yml cannot be read"):
        load(SHELL, tmp_path / "nowhere.yml")
