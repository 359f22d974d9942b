"""Whether all is covered: what the function answers to a `status`, and the regions that it does not look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.model import State as Of
from ops.console import counted
from ops.doctor.finding import Finding, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.doctor.case import Case

_WORDS = {Of.MISSING: "without a flow log", Of.DIFFERS: "whose flow log differs", Of.BROKEN: "whose flow log is broken"}
_STEPS = {Of.MISSING: "`eni-flowlog backfill`", Of.DIFFERS: "`eni-flowlog repair`", Of.BROKEN: "`eni-flowlog repair`"}


def coverage(there: Case) -> Iterator[Finding]:
    """All that the function looks at is covered, and it looks at every region that holds interfaces."""
    if there.report is None:
        return  # the check of the function's answer says why
    rows: list[dict[str, Any]] = there.report.get("coverage") or []
    wrong = {state: sum(row.get(state.value, 0) for row in rows) for state in _WORDS}
    said = [f"{counted(number, 'interface')} {_WORDS[state]}" for state, number in wrong.items() if number]
    if said:
        steps = dict.fromkeys(_STEPS[state] for state, number in wrong.items() if number)
        todo = f"See `eni-flowlog status`, then run {' and '.join(steps)}."
        yield Finding("coverage", State.FAIL, ", ".join(said), todo)
    if there.report.get("stopped"):
        todo = "Mend that, or widen FLOWLOG_REGIONS, and deploy: until then nobody knows whether all is covered."
        yield Finding("coverage", State.FAIL, str(there.report["stopped"]), todo)
    elif rows and not said:
        total = sum(row.get("interfaces", 0) for row in rows)
        regions = counted(len({row["region"] for row in rows}), "region")
        yield Finding("coverage", State.OK, f"{counted(total, 'interface')} in {regions}, all covered")
    elif not said:
        yield Finding("coverage", State.OK, "no interfaces")
