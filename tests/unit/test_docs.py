"""The documents say what the code does: settings, outcomes, links."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from handler import schema
from handler.model import Outcome

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted(path for folder in ("", "docs", "docs/zh-CN") for path in (ROOT / folder).glob("*.md"))
RENEW = runpy.run_path(str(ROOT / "docs" / "renew.py"))


def rows(heading: str) -> dict[str, str]:
    """The first and second cells of the table below a heading of the README."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip("` "): row[1].strip() for row in cells[2:]}


def test_what_is_made_is_as_it_would_be_made_now() -> None:
    """The table of settings is the schema's, and the picture is that of the program; else run docs/renew.py."""
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page == RENEW["with_table"](page, RENEW["settings_table"]())
    assert set(re.findall(r"^\| (FLOWLOG_\w+) ", page, re.MULTILINE)) == set(schema.document("settings")["properties"])
    assert (ROOT / "docs" / "pictures" / "architecture.svg").read_text("utf-8") == RENEW["architecture"]()


def test_every_outcome() -> None:
    """The README's table has each outcome, in the report's order."""
    assert list(rows("What comes out")) == [outcome.value for outcome in Outcome]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file that is there."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_are_named_exist(path: Path) -> None:
    """A document that names a test file, or a test in it, names one that is there."""
    text = path.read_text("utf-8")
    for name in re.findall(r"`(tests/[\w/]+\.py)", text):
        assert (ROOT / name).is_file(), name
    for name in re.findall(r"::(test_\w+)`", text):
        assert any(f"def {name}(" in test.read_text("utf-8") for test in (ROOT / "tests").rglob("test_*.py")), name


def test_no_path_of_a_machine_and_no_registry() -> None:
    """No document shows where its author's checkout was."""
    for path in PAGES:
        assert not re.search(r"/(work|home|root|Users)/", path.read_text("utf-8")), path
