"""serverless.yml as deploy reads it: the same file and rules as the Serverless CLI's, with every fault said at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ops import config
from ops.deployment.preflight import check
from ops.deployment.wanted import Timer
from ops.errors import OperatorError
from tests.support.deployment import deployment_of, small_package

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
    deployment = deployment_of(SHELL)
    check(deployment)
    assert (deployment.name, deployment.region, deployment.role) == ("eni-flowlog", "ap-guangzhou", "eni-flowlog")
    assert (deployment.dead_letter_type, deployment.queue) == ("CMQ-QUEUE", "eni-flowlog-dlq")
    assert deployment.timer == Timer("sweep", "17 23 * * * * *", enabled=True, argument="", qualifier="$DEFAULT")
    assert deployment.variables["FLOWLOG_TOPIC_ID"] == SHELL["FLOWLOG_TOPIC_ID"]


def test_too_many_variables_are_refused(changed: Path) -> None:
    """SCF takes 4 KB in all."""
    edit(changed, "FLOWLOG_STORAGE: cls", f"FLOWLOG_STORAGE: cls\n      NOTE: {'x' * 4096}")
    with pytest.raises(OperatorError, match=r"the function's variables take \d+ bytes, and SCF allows 4096 in all"):
        check(deployment_of(SHELL, changed))


def test_reserved_variables_are_refused(changed: Path) -> None:
    """SCF sets them itself."""
    edit(changed, "FLOWLOG_STORAGE: cls", "FLOWLOG_STORAGE: cls\n      SCF_X: a")
    with pytest.raises(OperatorError, match=r"SCF sets SCF_X itself: take it out of environment.variables"):
        check(deployment_of(SHELL, changed))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("  name: eni-flowlog\n  namespace", "  name: eni flowlog\n  namespace", "name must be 2 to 60 letters"),
        ("timeout: 300 ", "timeout: 3000 ", r"timeout must be 1 to 900 \(seconds\), not 3000"),
        ("timeout: 300 ", "timeout: 0 ", r"timeout must be 1 to 900 \(seconds\), not 0"),
        ("initTimeout: 30 ", "initTimeout: 301 ", r"initTimeout must be 3 to 300 \(seconds\), not 301"),
        (
            "memorySize: 64",
            "memorySize: 100",
            r"memorySize must be 64, or a multiple of 128 up to 3072 \(MB\), not 100",
        ),
        ("memorySize: 64", "memorySize: 3200", r"memorySize must be 64, .*not 3200"),
        ("handler: index.main_handler", "handler: main_handler", "handler must be FILE.FUNCTION, .*not main_handler"),
        ("role: eni-flowlog", "role: eni/flowlog", "role must be a name of .*not eni/flowlog"),
        ("description: Makes a", "description: It's a", "description must be at most 900 letters"),
        ("type: CMQ-QUEUE", "type: FOO", "deadLetter.type must be CMQ-QUEUE, which deploy makes, not FOO"),
        ("    name: eni-flowlog-dlq", "    name: bad name", "deadLetter.name must be at most 64 .*not bad name"),
        (
            "    name: eni-flowlog-dlq",
            "    name: other",
            "FLOWLOG_DLQ_QUEUE is eni-flowlog-dlq and deadLetter.name is other: make them the same",
        ),
        (
            "FLOWLOG_DLQ_QUEUE: eni-flowlog-dlq",
            "FLOWLOG_DLQ_QUEUE: other",
            "FLOWLOG_DLQ_QUEUE is other and deadLetter.name is eni-flowlog-dlq: make them the same",
        ),
        (
            "FLOWLOG_STORAGE: cls",
            "FLOWLOG_STORAGE: cls\n      1X: a",
            "environment.variables: 1X must be letters, digits",
        ),
        (
            "FLOWLOG_STORAGE: cls",
            "FLOWLOG_STORAGE: cls\n      FLOWLOG_RULE: '{}'",
            r"FLOWLOG_RULE is no setting of the function: did you mean FLOWLOG_RULES\?$",
        ),
        (
            "FLOWLOG_STORAGE: cls",
            "FLOWLOG_STORAGE: cls\n      FLOWLOG_XY: a",
            "FLOWLOG_XY is no setting of the function: docs/settings.md lists them all",
        ),
        ("name: sweep", "name: every day", "the timer's name must be at most 100 .*not every day"),
        ("argument: ''", f"argument: '{'x' * 4097}'", "the timer's argument has 4097 bytes, and SCF allows 4096"),
        ("17 23 * * * * *", "nonsense", r"cronExpression 'nonsense': must have 7 fields \(second .*year\), not 1"),
        ("17 23 * * * * *", "60 23 */6 * * * *", r"60 23 \*/6 .*out of range"),
        ("17 23 * * * * *", "17 23 */0 * * * *", r"step '0' .*not acceptable"),
        ("17 23 * * * * *", "17 23 9-3 * * * *", "9-3 must go from the smaller number to the gr"),
        ("17 23 * * * * *", "17 23 1,,2 * * * *", "17 23 1,,2 .*not acceptable"),
        ("17 23 * * * * *", "17 23 1 * Jan * *", "Jan must be of numbers, names such as MON or JAN"),
    ],
)
def test_what_the_platform_would_refuse_is_said_first(changed: Path, old: str, new: str, fault: str) -> None:
    """Each field with what it should be, so that nothing is made of what cannot be finished."""
    with pytest.raises(OperatorError, match=fault) as caught:
        check(deployment_of(SHELL, edit(changed, old, new)))
    assert "\n" not in str(caught.value)
    assert re.search(r"[^.?][.?]$", str(caught.value))


@pytest.mark.parametrize(
    "cron",
    [
        "0 0 2 1 * * *",
        "0 15 10 * * MON-FRI *",
        "0 0 10,14,16 * * * *",
        "0 0/30 9-17 * JAN,MAR * 2026-2030",
        "'*/5 * * * *'",
    ],
)
def test_cron_expressions_as_documented(changed: Path, cron: str) -> None:
    """Those of the platform's page, and its older form of five fields."""
    check(deployment_of(SHELL, edit(changed, "17 23 * * * * *", cron)))


def test_all_faults_are_said_at_once(changed: Path, tmp_path: Path) -> None:
    """A line each: the file's, the settings' and the package's."""
    edit(changed, "memorySize: 64", "memorySize: 100")
    edit(changed, "type: CMQ-QUEUE", "type: FOO")
    package = tmp_path / "function.zip"
    package.write_text("not a zip", "utf-8")
    with pytest.raises(OperatorError) as caught:
        check(deployment_of({**SHELL, "FLOWLOG_TAGS": "[]"}, changed), package)
    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert all(line.endswith(".") for line in lines)
    assert [line.startswith("serverless.yml: ") for line in lines] == [False, True, True, False]
    for part, line in zip(("FLOWLOG_TAGS", "memorySize", "deadLetter.type", "is not a zip"), lines, strict=True):
        assert part in line


def test_a_package_without_the_handlers_file(changed: Path, tmp_path: Path) -> None:
    """SCF looks for it at the zip's root."""
    package = small_package(tmp_path)
    check(deployment_of(SHELL, changed), package)
    edit(changed, "handler: index.main_handler", "handler: main.main_handler")
    with pytest.raises(OperatorError, match=r"function.zip has no main.py at its root, which the handler main.main_h"):
        check(deployment_of(SHELL, changed), package)


def test_the_default_queue_counts_where_none_is_set(changed: Path) -> None:
    """Without FLOWLOG_DLQ_QUEUE the function writes to eni-flowlog-dlq."""
    check(deployment_of(SHELL, edit(changed, "      FLOWLOG_DLQ_QUEUE: eni-flowlog-dlq\n", "")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "  eip: false",
            "  vpcConfig: {vpcId: vpc-1}",
            r"`inputs` has vpcConfig, which deploy cannot set: take it out, or",
        ),
        ("  role: eni-flowlog", "", r"`inputs` lacks role: write it there"),
        ("    variables:", "    variable:", r"`environment` lacks variables: write it there"),
        ("    type: CMQ-QUEUE", "    typ: CMQ-QUEUE", r"`deadLetter` lacks type: write it there"),
        ("cronExpression:", "cronExpresion:", r"the timer's `parameters` lacks cronExpression: write it there"),
        ("enable: true", "enabled: true", r"the timer's `parameters` has enabled, which deploy cannot set: take it"),
        ("        parameters:", "        parameter:", r"the timer's `parameters` lacks name, cronExpression: write"),
        ("  type: event", "  type: web", r"type must be event, not web"),
        ("memorySize: 64", "memorySize: much", r"`inputs` is not as it should be \(ValueError: .*much"),
        ("    - timer:", "    - cos:", r"`events` must hold one timer, and nothing else; found \['cos'\]"),
        ("inputs:", "outputs:", r"has no `inputs`: it is not a file of `component: scf`"),
        ("app: eni-flowlog", "app: [", r" is not YAML at line"),
    ],
)
def test_what_deploy_cannot_do_is_said(changed: Path, old: str, new: str, message: str) -> None:
    """It is never passed over in silence: the file is the single source. A whole sentence names it."""
    with pytest.raises(OperatorError, match=f"^{re.escape(str(changed))}.*{message}.*\\.$"):
        deployment_of(SHELL, edit(changed, old, new))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(OperatorError, match=r"There is no .*nowhere.yml here: give --config FILE"):
        deployment_of(SHELL, tmp_path / "nowhere.yml")
