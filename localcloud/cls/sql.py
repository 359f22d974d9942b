"""Lines as a table of SQLite, which combines a condition's terms and does the statistics, `| select …` (doc 614/44061).

CLS's SQL has no FROM, 100 rows unless it says LIMIT, and 10,000 at most; of its own functions `count_if` is here.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from localcloud.cls.query import QueryError, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from localcloud.cls.model import Line
    from localcloud.cls.query import Condition

TIME = "__TIMESTAMP__"
DEFAULT_ROWS, MOST_ROWS = 100, 10_000
_CLAUSE = re.compile(r"\b(where|group\s+by|having|order\s+by|limit)\b", re.IGNORECASE)
_LIMIT = re.compile(r"\blimit\s+(?:\d+\s*,\s*)?(\d+)", re.IGNORECASE)
_QUOTED = re.compile(r"'[^']*'")
_NAME = re.compile(r'"([^"]+)"|\b([A-Za-z_][\w.]*)\b(?!\s*\()')
_ALIAS = re.compile(r'\bas\s+"?([\w.-]+)"?', re.IGNORECASE)
_KEYWORDS = re.compile(
    r"(?i:select|as|and|or|not|in|is|null|like|where|group|by|having|order|asc|desc|limit|distinct|case|when|then"
    r"|else|end|bigint|double|varchar|between)"
)


class _CountIf:
    """The aggregate `count_if`: how often its argument is true."""

    def __init__(self) -> None:
        self._count = 0

    def step(self, value: Any) -> None:
        """Count one row."""
        self._count += bool(value)

    def finalize(self) -> int:
        """Return the count."""
        return self._count


def keys_of(statement: str) -> set[str]:
    """Return the keys of lines that a statement reads."""
    bare = _QUOTED.sub("''", statement)
    named = {quoted or word for quoted, word in _NAME.findall(bare)}
    return {name for name in named if not _KEYWORDS.fullmatch(name)} - set(_ALIAS.findall(bare))


def select(lines: Sequence[Line], condition: Condition) -> list[Line]:
    """Return the lines that fit a condition.

    Raises:
        QueryError: Its terms are not combined as they can be.
    """
    with _table(lines, [TIME]) as database:
        database.create_function("fits", 2, lambda row, term: condition.terms[term].fits(lines[row - 1].fields))
        found = database.execute(f"select rowid from log where {condition.sql}")  # noqa: S608
        return [lines[row - 1] for (row,) in found]


def analyse(statement: str, lines: Sequence[Line]) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the names of the columns and the rows that a statement makes of lines.

    Raises:
        QueryError: The statement is malformed, or asks for more than 10,000 rows.
    """
    limit = _LIMIT.search(statement)
    if limit is None:
        statement = f"{statement} limit {DEFAULT_ROWS}"
    elif int(limit[1]) > MOST_ROWS:
        raise QueryError(f"LIMIT is {MOST_ROWS} at most")
    clause = _CLAUSE.search(statement)
    assert clause is not None, "it has a limit"
    query = f"{statement[: clause.start()]} from log {statement[clause.start() :]}"
    with _table(lines, sorted(keys_of(statement) | {TIME})) as database:
        database.create_aggregate("count_if", 1, _CountIf)
        cursor = database.execute(query)
        names = [one[0] for one in cursor.description]
        return names, [dict(zip(names, row, strict=True)) for row in cursor]


@contextmanager
def _table(lines: Sequence[Line], keys: Sequence[str]) -> Iterator[sqlite3.Connection]:
    """Give the table `log`: a row for each line, whose rowid counts from 1, with these keys as columns."""
    columns, marks = ", ".join(f'"{key}"' for key in keys), ", ".join("?" * len(keys))
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"create table log ({columns})")
        rows = ([_value(line, key) for key in keys] for line in lines)
        database.executemany(f"insert into log values ({marks})", rows)  # noqa: S608
        try:
            yield database
        except sqlite3.Error as error:
            raise QueryError(str(error)) from None


def _value(line: Line, key: str) -> Any:
    return int(line.time * 1000) if key == TIME else _scalar(value_of(line.fields, key))


def _scalar(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
