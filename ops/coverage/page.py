"""The page for the auditor: one HTML file with the answer and each interface, which needs nothing from elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from handler.model import State
from ops.coverage.lines import NOT_COVERED, cell, totals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS = (
    "region", "vpc_id", "subnet_id", "instance_id", "interface_id", "state", "reason", "flow_log_id", "topic_id",
    "traffic_type", "enabled",
)  # fmt: skip
"""The page's columns: keys of an interface's row, as `status --json` has them."""


@dataclass(frozen=True)
class Evidence:
    """What the page tells.

    Attributes:
        account: the account's id.
        taken_at: when the account was asked, as `2026-11-24 10:00:00 UTC`.
        covered: whether the answer is yes.
        settings: what the interfaces were held against, by name.
        scope: the regions that were listed.
        unlisted: the regions that were not, each with the reason.
        coverage: the report's rows, one for each region and VPC.
        interfaces: a row for each interface, with the keys of COLUMNS.
        notes: further lines, such as what the flow logs to come will cost.
    """

    account: str
    taken_at: str
    covered: bool
    settings: Mapping[str, str]
    scope: Sequence[str]
    unlisted: Mapping[str, str]
    coverage: Sequence[Mapping[str, Any]]
    interfaces: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = field(default=())


def render(evidence: Evidence) -> str:
    """Write the page.

    Args:
        evidence: what it tells. Text from outside is shown as plain characters.

    Returns:
        HTML with its style, script and data inside; 20,000 interfaces make about 2 MB.
    """
    templates = Environment(loader=PackageLoader("ops.coverage", "."), autoescape=True, undefined=StrictUndefined)
    states = [state.value for state in State]
    numbers = totals(evidence.coverage)
    return templates.get_template("page.html").render(
        evidence=evidence,
        states=states,
        totals=numbers,
        blamed={name: numbers[name] for name in NOT_COVERED if numbers[name]},
        data=_for_script({"columns": COLUMNS, "states": states, **_table(evidence.interfaces)}),
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows with each text kept once: thousands share a region, a VPC, a reason."""
    texts: dict[str, int] = {"": 0}
    cells = [[texts.setdefault(cell(row.get(name)), len(texts)) for name in COLUMNS] for row in rows]
    return {"texts": list(texts), "rows": cells}


def _for_script(value: Any) -> Markup:
    """JSON that may stand in a script element: it cannot end the element, whatever a name or a reason says."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - no < is left in it
