"""Settings of the environment win over those of serverless.yml, whose references are resolved as its CLI does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from handler import settings
from ops.deployment.parts import open_deployment
from ops.environment import Deployment, deployment, function_environment
from ops.errors import OperatorError

ROOT = Path(__file__).parents[2]
KEYS = {"TENCENTCLOUD_SECRET_ID": "AKIDx", "TENCENTCLOUD_SECRET_KEY": "k"}


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    """A folder with the project's own serverless.yml."""
    assert home
    shutil.copy(ROOT / "serverless.yml", tmp_path)
    return tmp_path


def write(folder: Path, text: str) -> Path:
    (folder / "serverless.yml").write_text(text, "utf-8")
    return folder


def test_the_projects_own_file(folder: Path) -> None:
    """What is written is taken; what refers to a variable that is not set is left out."""
    found = deployment(folder, {"FLOWLOG_TOPIC_ID": "t", "FLOWLOG_TAGS": " "})
    assert found.function == "eni-flowlog"
    assert found.region == ""
    assert found.variables["FLOWLOG_TOPIC_ID"] == "t"
    assert found.variables["FLOWLOG_DESCRIPTION"] == "managed-by=eni-flowlog"
    assert not {"FLOWLOG_TAGS", "FLOWLOG_RULES", "FLOWLOG_API_ENDPOINT"} & set(found.variables)


def test_a_dot_env_file_gives_what_the_shell_lacks(folder: Path) -> None:
    """As the Serverless CLI has it, and `eni-flowlog deploy`; the shell is stronger."""
    (folder / ".env").write_text("FLOWLOG_TOPIC_ID='from-file'\nexport TENCENTCLOUD_REGION=ap-nanjing\n", "utf-8")
    found = deployment(folder, {})
    assert (found.variables["FLOWLOG_TOPIC_ID"], found.region) == ("from-file", "ap-nanjing")
    assert deployment(folder, {"FLOWLOG_TOPIC_ID": "of-shell"}).variables["FLOWLOG_TOPIC_ID"] == "of-shell"


def test_a_dot_env_file_of_bytes(folder: Path) -> None:
    """Said in one sentence."""
    (folder / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(OperatorError, match=r"\.env in this folder cannot be read as text"):
        deployment(folder, {})


def test_the_environment_wins(folder: Path) -> None:
    """A FLOWLOG_* variable of the shell is stronger than what the file says; the function's code reads the result."""
    topic = "dfb8f1a2-8522-47c1-8571-67905167ab3f"
    shell = {**KEYS, "TENCENTCLOUD_REGION": "ap-beijing", "FLOWLOG_TOPIC_ID": topic, "FLOWLOG_TRAFFIC_TYPE": "REJECT"}
    read = settings.load(function_environment(shell, folder))
    assert (read.region, read.traffic_type, read.name_prefix) == ("ap-beijing", "REJECT", "auto-")


def test_the_order_of_regions(folder: Path, home: Path) -> None:
    """The option, the environment, serverless.yml, tccli's profile, and then what the command falls back on."""
    (home / ".tccli").mkdir()
    (home / ".tccli" / "default.configure").write_text('{"_sys_param": {"region": "ap-chengdu"}}', "utf-8")

    def region(shell: dict[str, str], **options: str) -> str:
        return function_environment({**KEYS, **shell}, folder, **options)["TENCENTCLOUD_REGION"]

    assert region({}, fallback="ap-tokyo") == "ap-chengdu"
    assert region({"TENCENTCLOUD_REGION": "ap-beijing"}) == "ap-beijing"
    assert region({"TENCENTCLOUD_REGION": "ap-beijing"}, region="ap-seoul") == "ap-seoul"
    write(folder, "inputs: {region: ap-nanjing, environment: {variables: {FLOWLOG_TAGS: '{}'}}}")
    assert region({}) == "ap-nanjing"
    (home / ".tccli" / "default.configure").unlink()
    write(folder, "")
    assert region({}, fallback="ap-tokyo") == "ap-tokyo"


def test_a_named_profile_brings_its_region(folder: Path, home: Path) -> None:
    """As with tccli, --profile is stronger than the environment."""
    (home / ".tccli").mkdir()
    (home / ".tccli" / "prod.credential").write_text('{"secretId": "AKIDp", "secretKey": "k"}', "utf-8")
    (home / ".tccli" / "prod.configure").write_text('{"_sys_param": {"region": "ap-chengdu"}}', "utf-8")
    found = function_environment({**KEYS, "TENCENTCLOUD_REGION": "ap-beijing"}, folder, profile="prod")
    assert (found["TENCENTCLOUD_REGION"], found["TENCENTCLOUD_SECRETID"]) == ("ap-chengdu", "AKIDp")


def test_no_region_at_all(folder: Path) -> None:
    """The message says what to set."""
    with pytest.raises(OperatorError, match="No region is known: set TENCENTCLOUD_REGION"):
        function_environment(KEYS, folder)


@pytest.mark.parametrize(
    "text", ["", "5", "[]", "inputs: 5", "inputs: {environment: 5}", "inputs: {environment: {variables: {OTHER: x}}}"]
)
def test_somebody_elses_file(tmp_path: Path, text: str) -> None:
    """A serverless.yml without our variables says nothing."""
    assert deployment(write(tmp_path, text), {}) == Deployment()


def test_a_file_that_is_not_yaml(tmp_path: Path) -> None:
    """Named with its line."""
    with pytest.raises(OperatorError, match=r"serverless\.yml is not YAML at line 3: correct it"):
        deployment(write(tmp_path, "inputs:\n  - a: [\n"), {})


def test_a_file_that_wants_to_run_code(tmp_path: Path) -> None:
    """YAML's tags make no objects."""
    with pytest.raises(OperatorError, match="is not YAML"):
        deployment(write(tmp_path, "inputs: !!python/object/apply:os.system ['true']"), {})


def test_a_file_that_refers_to_itself(tmp_path: Path) -> None:
    """YAML's aliases can make a loop."""
    with pytest.raises(OperatorError, match="refers to itself"):
        deployment(write(tmp_path, "inputs: {environment: {variables: &a {FLOWLOG_TAGS: *a}}}"), {})


def test_a_dot_env_beside_somebody_elses_file(tmp_path: Path, home: Path) -> None:
    """Says nothing either."""
    assert home
    write(tmp_path, "inputs: {environment: {variables: {OTHER: x}}}")
    (tmp_path / ".env").write_text("TENCENTCLOUD_REGION=ap-nanjing\n", "utf-8")
    assert function_environment(KEYS, tmp_path, fallback="ap-tokyo")["TENCENTCLOUD_REGION"] == "ap-tokyo"


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
    assert function_environment(variables, folder, **options)["TENCENTCLOUD_REGION"] == wanted
    deployed, account = open_deployment(file, shell=variables, **options)
    assert (deployed.region, account.region) == (wanted, wanted)
