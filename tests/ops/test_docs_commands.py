"""Every command that the documents show is one that there is, and the blocks of them run against the local cloud.

The Chinese pages hold the same commands, which tests/unit/test_docs.py compares.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from localcloud import LocalCloud
from ops.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.packaging.package import Package
    from tests.support.operator import Operator

ROOT = Path(__file__).parents[2]
PAGES = sorted(path for folder in (ROOT, ROOT / "docs") for path in folder.glob("*.md") if "zh-CN" not in path.name)
BLOCK = re.compile(r"^```(?:sh|console)(?: \w+)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
USAGE = re.compile(r"^\*\*Usage\*\*:\n\n```console\n.*?^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:eni-flowlog|make) [^`]+)`")
EXAMPLE = re.compile(r"^    (eni-flowlog .*(?:\n    .+)*)", re.MULTILINE)
ELSEWHERE = {
    "pipx": "tests/e2e/test_installed.py",
    "scf": "tests/unit/test_serverless_yml.py",
}
"""Programs of others, and the test of what we give them."""
ASKING = ("deploy", "remove", "backfill", "repair")
"""Commands that ask. Here is no terminal, and the answer is yes."""


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """A local cloud in which nothing is deployed."""
    with LocalCloud(enforce_limits=False, time_scale=0.02) as running:
        yield running


def words(command: str) -> list[str]:
    """The words of a command, without its comment and what its output is led into."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|>")
    lexer.whitespace_split = True
    found = list(lexer)
    return found[: next((place for place, word in enumerate(found) if set(word) <= set("|>")), len(found))]


def blocks(page: Path) -> list[list[list[str]]]:
    """The commands of each block of a page, but of those for tccli, which deploy/test_docs.py runs.

    In a block with prompts, a line without one is output.
    """
    text = USAGE.sub("", page.read_text("utf-8"))
    found = [block.splitlines() for block in BLOCK.findall(text) if not re.search(r"\btccli \w", block)]
    shown = [[line[2:] for line in block if line.startswith("$ ")] or block for block in found]
    return [[each for line in block if (each := words(line))] for block in shown]


def mentioned(page: Path) -> list[list[str]]:
    """Each command of a page: in a block, an example or a sentence, where a word in brackets may be left out."""
    rest = BLOCK.sub("", page.read_text("utf-8"))
    spoken = [text if "{" in text else text.translate({91: None, 93: None}) for text in INLINE.findall(rest)]
    return [each for block in blocks(page) for each in block] + [words(text) for text in spoken + EXAMPLE.findall(rest)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_that_is_shown_is_there(operator: Operator, page: Path) -> None:
    """With each of its options; of make, the target; of Python, the module; of another program, a test of its own."""
    targets = set(re.findall(r"^([\w.-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for program, *rest in mentioned(page):
        if program == "eni-flowlog":
            assert operator(*rest, "--help").exit_code == Exit.OK, rest
        elif program == "make":
            assert {word for word in rest if "=" not in word} <= targets, rest
        elif program.endswith("python"):
            shown = subprocess.run(
                [sys.executable, *rest[:2], "--help"], cwd=ROOT, capture_output=True, text=True, check=True
            ).stdout
            assert all(word in shown for word in rest[2:] if word.startswith("-")), rest
            assert all((ROOT / word).is_file() for word in rest if word.endswith(".py")), rest
        elif program != "export":
            assert (ROOT / ELSEWHERE[program]).is_file()


@pytest.mark.parametrize("name", ["README.md", "docs/deploy.md"])
def test_the_blocks_run_one_after_the_other(operator: Operator, package: Package, name: str) -> None:
    """As printed, from interfaces without flow logs and nothing deployed; each command ends well.

    What the reader has to fill in, keys and topic, is the local cloud's, and the package is built already.
    """
    cloud = operator.cloud
    cloud.seed_interfaces(cloud.region, 3)
    (operator.folder / "serverless.yml").write_text((ROOT / "serverless.yml").read_text("utf-8"), "utf-8")
    ran = []
    for program, *rest in (command for block in blocks(ROOT / name) for command in block):
        if program == "eni-flowlog":
            command = rest[0]
            answer = ["--yes"] if command in ASKING and "--dry-run" not in rest else []
            given = ["--package", str(package.archive)] if command == "deploy" else []
            result = operator(*rest, *answer, *given)
            assert result.exit_code == Exit.OK, f"{rest}: {result.output}"
            ran.append(command)
    assert {"deploy", "doctor", "backfill"} <= set(ran)
