"""The command as a whole: help, version, exit codes, and that no fault ends in a traceback or shows a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from handler.commands.status import COLUMNS
from ops import cli
from ops.cli import app
from ops.cli_docs import page
from ops.console import duration, plain, progress_line
from ops.coverage.lines import verdict
from ops.errors import MEANINGS, Exit

if TYPE_CHECKING:
    from localcloud import LocalCloud
    from tests.support.operator import Operator

ROOT = Path(__file__).parents[2]


def commands(group: TyperGroup, prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    """Every command's help text, by its words."""
    found: dict[tuple[str, ...], str] = {}
    for name, command in group.commands.items():
        words = (*prefix, name)
        found[words] = command.help or ""
        if isinstance(command, TyperGroup):
            found |= commands(command, words)
    return found


def all_commands() -> dict[tuple[str, ...], str]:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return commands(root)


def test_the_version(operator: Operator) -> None:
    """That of pyproject.toml."""
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert version
    assert operator("--version").stdout == f"eni-flowlog {version.group(1)}\n"


def test_our_own_sentences_are_said_as_they_are(operator: Operator) -> None:
    """Redaction is for what is foreign: a path is no secret, however long it is."""
    path = "/srvs/somebody/projects2026/network/production/serverless.yml"
    assert path in operator("doctor", "--config", path).stderr


@pytest.mark.parametrize("words", all_commands())
def test_every_command_has_help(operator: Operator, words: tuple[str, ...]) -> None:
    """With -h as well as --help."""
    for flag in ("--help", "-h"):
        result = operator(*words, flag)
        assert result.exit_code == Exit.OK
        assert "Usage:" in result.stdout


@pytest.mark.parametrize(
    "words", [("invoke",), ("backfill",), ("status",), ("package",), ("dlq", "list"), ("dlq", "purge")]
)
def test_help_gives_examples(words: tuple[str, ...]) -> None:
    """Lines that can be copied."""
    assert f"    eni-flowlog {' '.join(words)}" in all_commands()[words]


def test_the_exit_codes_are_in_the_help(operator: Operator) -> None:
    """All of them, with their meaning."""
    shown = " ".join(operator("--help").stdout.split())
    for code, meaning in MEANINGS.items():
        assert f"{code.value}: {meaning}" in shown
    assert set(MEANINGS) == set(Exit)


def test_the_page_of_help_texts_is_up_to_date() -> None:
    """docs/cli.md is what the help texts say; if not, run `python -m ops.cli_docs`."""
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == page()


def test_no_command_is_a_question_for_help(operator: Operator) -> None:
    """Without arguments it shows what there is."""
    result = operator()
    assert result.exit_code == Exit.USAGE
    assert "backfill" in result.output


def test_wrong_usage(operator: Operator) -> None:
    """An unknown option is named; exit code 2."""
    result = operator("status", "--colour")
    assert result.exit_code == Exit.USAGE
    assert "--colour" in result.stderr


def test_wrong_settings_are_named_all_at_once(operator: Operator) -> None:
    """Each with what it should be, and where settings come from."""
    result = operator("status", FLOWLOG_TOPIC_ID="", FLOWLOG_TRAFFIC_TYPE="SOME")
    assert result.exit_code == Exit.FAILED
    shown = " ".join(result.stderr.split())
    assert "The settings are wrong: FLOWLOG_TOPIC_ID is missing; it must be the id of a CLS topic" in shown
    assert "FLOWLOG_TRAFFIC_TYPE must be one of ACCEPT, REJECT or ALL." in shown
    assert "Correct them in the environment or in serverless.yml; `eni-flowlog deploy`" in shown


def test_wrong_keys(cloud: LocalCloud, operator: Operator) -> None:
    """The cloud's code, what to check, and not the key."""
    result = operator("status", TENCENTCLOUD_SECRET_KEY="PlantedSecretKeyOfTheOperator1234")
    assert result.exit_code == Exit.FAILED
    assert "AuthFailure.SignatureFailure" in result.stderr
    assert "Check the keys: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY" in result.stderr
    assert "Settings:" not in result.stderr, "nothing is guessed"
    assert "PlantedSecret" not in result.output
    assert cloud.secret_id not in result.output


def test_keys_of_a_profile(cloud: LocalCloud, operator: Operator, home: Path) -> None:
    """--profile takes keys and region from tccli's files."""
    (home / ".tccli").mkdir()
    keys = {"secretId": cloud.secret_id, "secretKey": cloud.secret_key}
    (home / ".tccli" / "lab.credential").write_text(json.dumps(keys), "utf-8")
    (home / ".tccli" / "lab.configure").write_text('{"_sys_param": {"region": "ap-shanghai"}}', "utf-8")
    away = {"TENCENTCLOUD_SECRET_ID": "", "TENCENTCLOUD_SECRET_KEY": "", "TENCENTCLOUD_REGION": ""}
    cloud.seed_interfaces("ap-shanghai", 1)
    report = operator.json("status", "--profile", "lab", **away)
    assert {row["region"] for row in report["coverage"]} == {"ap-guangzhou", "ap-shanghai"}
    assert cloud.calls.of("DescribeRegions")[-1].region == "ap-shanghai"


@pytest.mark.parametrize("verbose", [(), ("--verbose",)])
def test_a_fault_of_our_own(verbose: tuple[str, ...]) -> None:
    """One sentence that names the place; the traceback only with --verbose, and never a secret."""
    commands = typer.Typer(cls=cli.Guarded, pretty_exceptions_enable=False)
    commands.callback()(cli.main)

    @commands.command()
    def broken() -> None:
        raise LookupError("Token=PlantedSecret99")

    result = CliRunner().invoke(commands, [*verbose, "broken"])
    assert result.exit_code == Exit.FAILED
    assert result.stderr.startswith("LookupError: a fault of this program at test_cli.py:")
    assert ("Traceback" in result.stderr) == bool(verbose)
    assert "PlantedSecret99" not in result.output


def test_without_a_terminal_messages_stay_on_one_line(operator: Operator) -> None:
    """So that they can be searched in a log."""
    result = operator.process("status", TENCENTCLOUD_SECRET_ID="")
    assert result.returncode == Exit.FAILED
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_json_through_a_pipe(cloud: LocalCloud, operator: Operator) -> None:
    """As a process: the standard output is JSON and nothing else; 3 since something is missing."""
    cloud.seed_interfaces("ap-guangzhou", 2)
    result = operator.process("status", "--json")
    assert result.returncode == Exit.UNCOVERED, result.stderr
    assert json.loads(result.stdout)["coverage"][0]["missing"] == 3
    assert result.stderr.startswith("Settings: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("runtime", "code", "said"),
    [
        ("Python3.1", Exit.NO_PYTHON, "Bytecode for the function needs a Python 3.1, and none was found"),
        ("Go1", Exit.FAILED, "`runtime` of serverless.yml is `Go1`: it must be one of Python, as Python3.10."),
    ],
)
def test_package_that_cannot_be_built(operator: Operator, runtime: str, code: Exit, said: str) -> None:
    """The builder's own words; that there is no such Python has an exit code of its own."""
    (operator.folder / "serverless.yml").write_text(f"inputs: {{runtime: {runtime}}}\n", "utf-8")
    result = operator("package")
    assert result.exit_code == code
    assert said in result.stderr


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "under a second"),
        (1.4, "1 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (5280, "1 h 28 min"),
        (172_800, "2 days"),
    ],
)
def test_a_duration_as_people_say_it(seconds: float, text: str) -> None:
    """In the two units that matter."""
    assert duration(seconds) == text


def test_progress_without_a_terminal() -> None:
    """One line with the rate, the time left and the failures."""
    assert progress_line("Creating flow logs", 180, 1_000, 2, 10.0) == (
        "Creating flow logs: 180 of 1,000, 18.0 a second, 46 s left, 2 failed"
    )
    assert progress_line("Running again", 18, None, 0, 10.0) == "Running again: 18, 1.8 a second"


def test_text_from_outside_cannot_steer_the_terminal() -> None:
    """Escape sequences, line breaks and changes of direction become spaces."""
    assert plain("a\x1b[31mb\r\nc\u202ed") == "a [31mb  c d"


@pytest.mark.parametrize(
    ("state", "code"),
    [("covered", Exit.OK), ("unsupported", Exit.OK), ("waiting", Exit.OK), ("excluded", Exit.OK)]
    + [(state, Exit.UNCOVERED) for state in ("missing", "differs", "broken")],
)
def test_the_verdict_of_status(state: str, code: Exit) -> None:
    """Covered means that nothing is missing, differs or is broken; what waits or is excluded does not count."""
    rows = [dict.fromkeys(COLUMNS, 0), {**dict.fromkeys(COLUMNS, 0), state: 1}]
    assert verdict(rows) is code
