"""The report's counts and bounds, and the names of flow logs."""

from __future__ import annotations

import pytest

from handler import schema
from handler.cover import ensure
from handler.model import MAX_REPORT_ITEMS, Outcome, Report, Result, tags_of


def test_a_report_counts_all_and_lists_up_to_a_bound() -> None:
    """SCF caps a synchronous reply: the items are cut, the counts never."""
    report = Report("b615b896")
    for number in range(MAX_REPORT_ITEMS + 5):
        report.add(Result(Outcome.CREATED, "ap-shanghai", f"eni-{number:08}", flow_log_id="fl-1"))
    report.count(Outcome.COVERED, 7)
    written = report.as_dict()
    assert schema.problems("report", written) == ""
    assert (written["received"], len(written["items"])) == (MAX_REPORT_ITEMS + 12, MAX_REPORT_ITEMS)
    assert (written["outcomes"]["created"], written["outcomes"]["covered"]) == (MAX_REPORT_ITEMS + 5, 7)


def test_a_failure_takes_the_room_of_something_else() -> None:
    """In a long report the failures are what a person looks for: they are listed before all else."""
    report = Report("b615b896")
    for number in range(MAX_REPORT_ITEMS):
        report.add(Result(Outcome.CREATED, "ap-shanghai", f"eni-{number:08}"))
    for number in range(MAX_REPORT_ITEMS + 5):
        report.add(Result(Outcome.DEAD_LETTERED, "ap-shanghai", f"eni-{number:08}", "no"))
    written = report.as_dict()
    assert schema.problems("report", written) == ""
    assert [item["outcome"] for item in written["items"]] == ["dead_lettered"] * MAX_REPORT_ITEMS
    assert written["received"] == 2 * MAX_REPORT_ITEMS + 5


def test_a_report_of_a_command_tells_more() -> None:
    """Coverage and drift of a status; why a command stopped."""
    report = Report("", stopped="too many failures", continued=True, coverage=[])
    written = report.as_dict()
    assert schema.problems("report", written) == ""
    assert (written["stopped"], written["continued"]) == ("too many failures", True)
    assert (written["coverage"], written["drift"]) == ([], [])


def test_an_item_leaves_out_what_is_empty() -> None:
    """A line of the report holds what is known."""
    assert Result(Outcome.IGNORED, reason="a read").as_item() == {"outcome": "ignored", "reason": "a read"}


@pytest.mark.parametrize("prefix", ["auto-", "x" * 48, "", "流" * 48])
@pytest.mark.parametrize("interface_id", ["eni-78ysaex1", "eni-" + "x" * 20])
def test_names_are_distinct_and_never_too_long(prefix: str, interface_id: str) -> None:
    """At most 60 characters (doc 215/35015); the interface's id is always whole, the prefix gives way."""
    names = list(ensure.names(prefix, interface_id))
    assert len(set(names)) == len(names) == ensure.MAX_NAMES
    assert max(map(len, names)) <= ensure.MAX_NAME
    assert all(interface_id in name for name in names)
    assert names[0] == f"{prefix}{interface_id}"[-60:] or names[0].startswith(prefix[:36])


def test_the_usual_name_comes_first() -> None:
    """The name is derived from the interface's id."""
    names = list(ensure.names("auto-", "eni-78ysaex1"))
    assert names[:3] == ["auto-eni-78ysaex1", "auto-eni-78ysaex1-2", "auto-eni-78ysaex1-3"]


def test_tags_of_any_shape() -> None:
    """What is no list of objects holds no tags."""
    assert tags_of([{"Key": "a", "Value": "b"}, {"Key": "c", "Value": None}, 5]) == {"a": "b", "c": ""}
    assert tags_of(None) == tags_of({}) == {}
