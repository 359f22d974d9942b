"""The auditor's page: one file, with the answer, the numbers and a row for each interface."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from ops.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from tests.support.operator import Operator

HOME = "ap-guangzhou"


def table(page: str) -> list[dict[str, str]]:
    """The rows of a page's table, as its script reads them."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    data = json.loads(found[1])
    return [dict(zip(data["columns"], (data["texts"][cell] for cell in row), strict=True)) for row in data["rows"]]


def test_the_page_has_the_answer_and_each_interface(cloud: LocalCloud, operator: Operator, tmp_path: Path) -> None:
    """The sentence, the account, the settings, and a row with state and reason for each interface."""
    cloud.seed_flow_log(HOME, cloud.primary_interface_of(HOME, cloud.instance_id), enabled=False)
    [missing] = cloud.seed_interfaces(HOME, 1)
    file = tmp_path / "coverage.html"
    result = operator("status", "--html", str(file))
    assert result.exit_code == Exit.UNCOVERED
    assert "the page for the auditor" in result.stderr
    page = file.read_text("utf-8")
    assert "Not all covered." in page
    assert cloud.account.uin in page
    assert "FLOWLOG_TRAFFIC_TYPE" in page or "FLOWLOG_TOPIC_ID" in page
    rows = {row["interface_id"]: row for row in table(page)}
    assert rows[missing]["state"] == "missing"
    assert {(row["state"], row["reason"], row["enabled"]) for row in rows.values()} >= {("broken", "disabled", "no")}


def test_nothing_comes_from_elsewhere(cloud: LocalCloud, operator: Operator, tmp_path: Path) -> None:
    """No address, no file beside it: the page works from a mail attachment, and its policy lets nothing else in."""
    file = tmp_path / "coverage.html"
    cloud.seed_flow_log(HOME, cloud.primary_interface_of(HOME, cloud.instance_id))
    assert operator("status", "--html", str(file)).exit_code == Exit.OK
    page = file.read_text("utf-8")
    assert "All covered" in page
    assert not re.search(r"""(src|href)\s*=|@import|url\(""", page)
    assert "default-src 'none'" in page


def test_a_file_that_cannot_be_written(operator: Operator, tmp_path: Path) -> None:
    """One sentence that names the file."""
    result = operator("status", "--html", str(tmp_path / "no" / "such" / "folder.html"))
    assert result.exit_code == Exit.FAILED
    assert "cannot be written" in result.output
