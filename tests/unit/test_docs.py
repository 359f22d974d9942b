"""The documents say what the code does: settings, outcomes, links."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from handler import schema
from handler.model import Outcome, State

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = sorted(path for folder in ("", "docs", "docs/zh-CN") for path in (ROOT / folder).glob("*.md"))
PAIRS = {ROOT / "README.md": ROOT / "README.zh-CN.md"} | {
    ROOT / "docs" / name: ROOT / "docs" / "zh-CN" / name for name in ("deploy.md", "operations.md", "runbook.md")
}
ENGLISH = {chinese: english for english, chinese in PAIRS.items()}
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`]+`")
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")
WORDS = {member.value for kind in (Outcome, State) for member in kind} | set(schema.document("settings")["properties"])
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


def test_every_state_and_every_class_of_dead_letter_says_what_to_do() -> None:
    """An interface by its state, in operations.md; a letter by its class, in the runbook."""
    states = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert re.findall(r"^\| (\w+) \|.+\|.+\| \S.+ \|$", states, re.MULTILINE)[1:] == [state.value for state in State]
    classes = schema.document("dead-letter")["properties"]["error"]["properties"]["class"]["enum"]
    settled = {"covered", "waiting", "unsupported"}  # CreateFlowLog's answers that are outcomes, and no failures
    told = re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "runbook.md").read_text("utf-8"), re.MULTILINE)
    assert set(told) == set(classes) - settled


def anchors(page: Path) -> set[str]:
    """What the page's headings are called in links, as GitHub makes it of them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """Each relative link names a file that is there, and a heading that is in it."""
    for target, anchor in LINK.findall(path.read_text("utf-8")):
        if "://" not in target:
            page = path.parent / target if target else path
            assert page.exists(), target
            assert not anchor or anchor in anchors(page), f"{target}#{anchor}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_are_named_exist(path: Path) -> None:
    """A document that names a test file, or a test in it, names one that is there."""
    text = path.read_text("utf-8")
    for name in re.findall(r"`(tests/[\w/]+\.py)", text):
        assert (ROOT / name).is_file(), name
    for name in re.findall(r"::(test_\w+)`", text):
        assert any(f"def {name}(" in test.read_text("utf-8") for test in (ROOT / "tests").rglob("test_*.py")), name


def test_files_of_python_that_are_named_exist() -> None:
    """In the pages that tell which file does what, each name is that of a file, wherever it is."""
    folders = ("handler", "ops", "localcloud", "tests", "bench", "docs")
    there = {str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py")}
    for page in (path for path in PAGES if path.name != "CHANGELOG.md"):
        for name in re.findall(r"`([\w/]+\.py)`", page.read_text("utf-8")):
            assert any(f"/{path}".endswith(f"/{name}") for path in there), f"{page.name}: {name}"


def test_no_path_of_a_machine_and_no_registry() -> None:
    """No document shows where its author's checkout was."""
    for path in PAGES:
        assert not re.search(r"/(work|home|root|Users)/", path.read_text("utf-8")), path


def in_common(page: Path) -> list[dict[str, object]]:
    """What each section of a page shares with its translation: all but the words, and the order within a sentence.

    Of a table's row: how many cells it has, the names in each, and its first cell if it is a word of the program.
    Months are no numbers, for English names them.
    """
    text = page.read_text("utf-8")
    blocks = iter(FENCED.findall(text))
    found: list[dict[str, object]] = []
    for section in re.split(r"^(?=#+ )", FENCED.sub("\0", text), flags=re.MULTILINE)[1:]:
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("|")]
        targets = [target for target, _ in LINK.findall(section) if target]
        found.append(
            {
                "level": re.match("#+", section)[0],  # type: ignore[index] # it was split there
                "code blocks": [next(blocks) for _ in range(section.count("\0"))],
                "rows": [
                    (len(cells), [sorted(CODE.findall(cell)) for cell in cells], {cells[0].strip(" `")} & WORDS)
                    for cells in rows
                ],
                "names": sorted(" ".join(name.split()) for name in CODE.findall(section)),
                "numbers": sorted(
                    re.findall(r"\d+(?:[.,]\d+)*", re.sub(r"\d+ 月", "", LINK.sub("", CODE.sub("", section))))
                ),
                "links": sorted(
                    target if "://" in target else str(ENGLISH.get(path := (page.parent / target).resolve(), path))
                    for target in targets
                ),
            }
        )
    return found


@pytest.mark.parametrize("english", PAIRS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_chinese_page_says_the_same(english: Path) -> None:
    """Both have the same sections, with the same code, tables, names, numbers and links; each links to the other."""
    chinese = PAIRS[english]
    for number, (one, other) in enumerate(zip(in_common(english), in_common(chinese), strict=True)):
        assert one == other, f"section {number}"
    for page, label, other_page in ((english, "中文", chinese), (chinese, "English", english)):
        name, target = re.findall(r"^\[(.+)\]\((.+)\)$", page.read_text("utf-8").splitlines()[2])[0]
        assert (name, (page.parent / target).resolve()) == (label, other_page)


def test_every_chinese_page_has_its_pair() -> None:
    """No Chinese page stands outside the comparison."""
    assert {page for page in PAGES if "zh-CN" in str(page.relative_to(ROOT))} == set(PAIRS.values())
