"""The one reader of serverless.yml, .env and the shell: the shell wins, references are resolved as its CLI does."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from handler import settings
from ops import config
from ops.deployment.assembly import open_deployment
from ops.errors import OperatorError

if TYPE_CHECKING:
    from pathlib import Path

    from ops.config import Config

KEYS = {"TENCENTCLOUD_SECRET_ID": "AKIDx", "TENCENTCLOUD_SECRET_KEY": "k"}
SHELL = {**KEYS, "TENCENTCLOUD_REGION": "ap-guangzhou"}


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    """A folder with the project's own serverless.yml."""
    assert home
    shutil.copy(config.FILE, tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    (folder / "serverless.yml").write_text(text, "utf-8")
    return folder


def read(folder: Path, shell: dict[str, str] = SHELL, **options: str) -> Config:
    return config.read(folder / "serverless.yml", shell, **options)


def test_the_projects_own_file(folder: Path) -> None:
    """What is written is taken; what refers to a variable that is not set is left out."""
    found = read(folder, {**SHELL, "FLOWLOG_TOPIC_ID": "t", "FLOWLOG_TAGS": " "})
    assert (found.function, found.namespace, found.region) == ("eni-flowlog", "default", "ap-guangzhou")
    assert found.settings["FLOWLOG_TOPIC_ID"] == "t"
    assert found.settings["FLOWLOG_DESCRIPTION"] == "managed-by=eni-flowlog"
    assert not {"FLOWLOG_TAGS", "FLOWLOG_RULES", "FLOWLOG_API_ENDPOINT"} & set(found.settings)


def test_a_dot_env_file_gives_what_the_shell_lacks(folder: Path) -> None:
    """As the Serverless CLI has it, and `eni-flowlog deploy`; the shell is stronger."""
    (folder / ".env").write_text("FLOWLOG_TOPIC_ID='from-file'\nexport TENCENTCLOUD_REGION=ap-nanjing\n", "utf-8")
    found = read(folder, KEYS)
    assert (found.settings["FLOWLOG_TOPIC_ID"], found.region) == ("from-file", "ap-nanjing")
    assert read(folder, {**KEYS, "FLOWLOG_TOPIC_ID": "of-shell"}).settings["FLOWLOG_TOPIC_ID"] == "of-shell"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("FLOWLOG_TOPIC_ID=abc # prod", "abc"),
        ("FLOWLOG_TOPIC_ID='abc # prod'", "abc # prod"),
        ("FLOWLOG_TOPIC_ID=a$HOME", "a$HOME"),
        ("# FLOWLOG_TOPIC_ID=abc", None),
        ("FLOWLOG_TOPIC_ID", None),
    ],
)
def test_the_lines_of_a_dot_env_file(folder: Path, line: str, value: str | None) -> None:
    """As dotenv reads them: a comment is no part of a value, and nothing else is filled in."""
    (folder / ".env").write_text(f"{line}\n", "utf-8")
    assert read(folder).settings.get("FLOWLOG_TOPIC_ID") == value


def test_a_dot_env_file_of_bytes(folder: Path) -> None:
    """Said in one sentence."""
    (folder / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(OperatorError, match=r"\.env cannot be read as text: correct it"):
        read(folder)


def test_the_environment_wins(folder: Path) -> None:
    """A FLOWLOG_* variable of the shell is stronger than what the file says; the function's code reads the result."""
    topic = "dfb8f1a2-8522-47c1-8571-67905167ab3f"
    shell = {**KEYS, "TENCENTCLOUD_REGION": "ap-beijing", "FLOWLOG_TOPIC_ID": topic, "FLOWLOG_TRAFFIC_TYPE": "REJECT"}
    found = read(folder, shell)
    loaded = settings.load(found.environment(found.settings))
    assert (loaded.region, loaded.traffic_type, loaded.name_prefix) == ("ap-beijing", "REJECT", "auto-")


def test_what_a_command_falls_back_on_comes_last(folder: Path, home: Path) -> None:
    """Behind the region of tccli's profile, which comes behind all else (below)."""
    (home / ".tccli").mkdir()
    profile = home / ".tccli" / "default.configure"
    profile.write_text('{"_sys_param": {"region": "ap-chengdu"}}', "utf-8")
    assert read(folder, KEYS, fallback="ap-tokyo").region == "ap-chengdu"
    profile.unlink()
    assert read(folder, KEYS, fallback="ap-tokyo").region == "ap-tokyo"


def test_no_region_at_all(folder: Path) -> None:
    """The message says what to set."""
    with pytest.raises(OperatorError, match="No region is known: set TENCENTCLOUD_REGION"):
        read(folder, KEYS)


@pytest.mark.parametrize(
    "text", ["", "5", "[]", "inputs: 5", "inputs: {environment: 5}", "inputs: {environment: {variables: {OTHER: x}}}"]
)
def test_somebody_elses_file(tmp_path: Path, text: str) -> None:
    """A serverless.yml without our variables says nothing."""
    assert read(write(tmp_path, text)).inputs == {}


def test_a_file_that_is_not_yaml(tmp_path: Path) -> None:
    """Named with its line."""
    with pytest.raises(OperatorError, match=r"serverless\.yml is not YAML at line 3: correct it"):
        read(write(tmp_path, "inputs:\n  - a: [\n"))


def test_a_file_that_wants_to_run_code(tmp_path: Path) -> None:
    """YAML's tags make no objects."""
    with pytest.raises(OperatorError, match="is not YAML"):
        read(write(tmp_path, "inputs: !!python/object/apply:os.system ['true']"))


def test_a_file_that_refers_to_itself(tmp_path: Path) -> None:
    """YAML's aliases can make a loop."""
    with pytest.raises(OperatorError, match="refers to itself"):
        read(write(tmp_path, "inputs: {environment: {variables: &a {FLOWLOG_TAGS: *a}}}"))


def test_a_dot_env_beside_somebody_elses_file(tmp_path: Path, home: Path) -> None:
    """Says nothing either."""
    assert home
    write(tmp_path, "inputs: {environment: {variables: {OTHER: x}}}")
    (tmp_path / ".env").write_text("TENCENTCLOUD_REGION=ap-nanjing\n", "utf-8")
    assert read(tmp_path, KEYS, fallback="ap-tokyo").region == "ap-tokyo"


LITERAL, FROM_SHELL = "region: ap-nanjing", "region: ${env:TENCENTCLOUD_REGION}"


@pytest.mark.parametrize(
    ("in_file", "dot_env", "shell", "options", "wanted"),
    [
        (LITERAL, "", "", {"region": "ap-seoul"}, "ap-seoul"),
        (LITERAL, "", "ap-beijing", {}, "ap-beijing"),
        (LITERAL, "ap-shanghai", "", {}, "ap-shanghai"),
        (LITERAL, "", "", {}, "ap-nanjing"),
        (LITERAL, "", "ap-beijing", {"profile": "default"}, "ap-chengdu"),
        (FROM_SHELL, "ap-shanghai", "ap-beijing", {}, "ap-beijing"),
        (FROM_SHELL, "ap-shanghai", "", {}, "ap-shanghai"),
        (FROM_SHELL, "ap-shanghai", "", {"region": "ap-seoul"}, "ap-seoul"),
        (FROM_SHELL, "ap-shanghai", "", {"profile": "default"}, "ap-chengdu"),
        (FROM_SHELL, "", "", {}, "ap-chengdu"),
    ],
)
def test_all_commands_choose_the_same_region(
    folder: Path, home: Path, *, in_file: str, dot_env: str, shell: str, options: dict[str, str], wanted: str
) -> None:
    """deploy, remove and doctor as well as status: option, TENCENTCLOUD_REGION (shell, .env), file, profile."""
    (home / ".tccli").mkdir()
    (home / ".tccli" / "default.credential").write_text('{"secretId": "AKIDp", "secretKey": "k"}', "utf-8")
    (home / ".tccli" / "default.configure").write_text('{"_sys_param": {"region": "ap-chengdu"}}', "utf-8")
    if dot_env:
        (folder / ".env").write_text(f"TENCENTCLOUD_REGION={dot_env}\n", "utf-8")
    file = folder / "serverless.yml"
    write(folder, file.read_text("utf-8").replace(FROM_SHELL, in_file))
    variables = {**KEYS, **({"TENCENTCLOUD_REGION": shell} if shell else {})}
    assert read(folder, variables, **options).region == wanted
    deployed, account = open_deployment(file, shell=variables, **options)
    assert (deployed.region, account.region) == (wanted, wanted)
