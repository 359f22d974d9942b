"""SearchLog: the lines of a topic that fit a condition, or what SQL makes of them (doc 614/56447)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.cls import query, sql
from localcloud.cls.model import API, Line, Topic, read_lines, the_topic
from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from localcloud.core.account import Account
    from localcloud.core.actions import Context
    from localcloud.core.parameters import Params

LONGEST = 12 * 1024
MOST_LINES = 1000
_STATISTICS = re.compile(r"\s*\|\s*(?=select\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """What a query found: lines, oldest first, or, where it has SQL, rows with their columns' names."""

    lines: list[Line]
    columns: list[str]
    rows: list[dict[str, Any]] | None = None


def search(account: Account, region: str, topic: Topic, text: str, period: tuple[float, float]) -> Found:
    """Ask a topic.

    Args:
        account: Whose topic it is.
        region: Where it is.
        topic: The topic.
        text: A condition, or a condition, `|` and a SQL statement.
        period: From when on and before when, in epoch seconds.

    Raises:
        ApiError: FailedOperation.QueryError, without an index or on a key that it does not have;
            FailedOperation.SyntaxError.
    """
    wanted, *statements = _STATISTICS.split(text, maxsplit=1)
    statement = "".join(statements)
    try:
        condition = query.parse(wanted)
        _check_index(topic, condition.keys | sql.keys_of(statement))
        lines = sql.select(read_lines(account, region, topic, *period), condition)
        if not statement:
            return Found(lines, [])
        return Found([], *sql.analyse(statement, lines))
    except query.QueryError as error:
        raise ApiError("FailedOperation.SyntaxError", f"The query is not valid: {error}.") from None


def _check_index(topic: Topic, keys: set[str]) -> None:
    if topic.index is None or not topic.index.on:
        raise ApiError("FailedOperation.QueryError", f"The index of the topic `{topic.topic_id}` is not on.")
    for key in sorted(keys):
        if not topic.index.has(key):
            name = key or "full text"
            raise ApiError(
                "FailedOperation.QueryError", f"can not search on this field, since it is not indexed: `{name}`"
            )


@API.action()
def search_log(ctx: Context, params: Params) -> dict[str, Any]:
    """Search one topic; several at once, and Lucene's syntax, are not done here."""
    if "TopicId" not in params:
        raise ApiError("InvalidParameter", "`TopicId` is missing: `Topics` is not done here.")
    if params.get("QuerySyntax", params.get("SyntaxRule", 1)) != 1:
        raise ApiError("InvalidParameter", "`QuerySyntax` is not 1: Lucene's is not done here.")
    wanted, limit = str(params.get("QueryString") or params.get("Query", "")), params.get("Limit", 100)
    if len(wanted.encode()) > LONGEST or not 1 <= limit <= MOST_LINES or params["From"] > params["To"]:
        raise ApiError("InvalidParameterValue", "A query has 12 KB at most, Limit is 1-1000, and From is before To.")
    topic = the_topic(ctx, params["TopicId"])
    found = search(ctx.account, ctx.region.name, topic, wanted, (params["From"] / 1000, params["To"] / 1000))
    if found.rows is not None:
        return _analysis(found.columns, found.rows)
    offset = int(params.get("Context") or params.get("Offset", 0))
    lines = found.lines if params.get("Sort") == "asc" else found.lines[::-1]
    page = lines[offset : offset + limit]
    end = offset + len(page)
    return _reply(Context=str(end), ListOver=end >= len(lines), Results=[_result(topic, line) for line in page])


def _analysis(columns: list[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    records = [json.dumps(row, ensure_ascii=False) for row in rows]
    types = [{"Name": name, "Type": _type(name, rows)} for name in columns]
    return _reply(Analysis=True, AnalysisRecords=records, Columns=types, ColNames=columns)


def _type(name: str, rows: list[dict[str, Any]]) -> str:
    value = next((row[name] for row in rows if row[name] is not None), "")
    return {int: "bigint", float: "double"}.get(type(value), "varchar")


def _reply(**more: Any) -> dict[str, Any]:
    return {"Context": "", "ListOver": True, "Analysis": False, "Results": None, "SamplingRate": 1.0, **more}


def _result(topic: Topic, line: Line) -> dict[str, Any]:
    return {
        "Time": int(line.time * 1000),
        "TopicId": topic.topic_id,
        "TopicName": topic.name,
        "LogJson": json.dumps(line.fields, ensure_ascii=False),
        "HighLights": [],
        **dict.fromkeys(("Source", "FileName", "HostName", "PkgId", "PkgLogId", "RawLog", "IndexStatus"), ""),
    }
