"""A table of frozen rows with indexes, quick enough for 100,000 interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Row = TypeVar("Row")


class Table(Generic[Row]):
    """Rows by key, in the order they were put first, with lists by index that are kept until a row changes.

    A page of a listing is a slice of such a list: nothing is copied or sorted for it.

    Attributes:
        indexes: By name what each index reads of a row. It is called what a listing's filter by it is called.
    """

    def __init__(self, key: Callable[[Row], str], indexes: Mapping[str, Callable[[Row], str | None]]) -> None:
        self._key = key
        self.indexes = indexes
        self._rows: dict[str, Row] = {}
        self._order: dict[str, int] = {}
        self._put = 0
        self._members: dict[str, dict[str, dict[str, None]]] = {name: {} for name in indexes}
        self._all: list[Row] | None = None
        self._lists: dict[tuple[str, str], list[Row]] = {}

    def __iter__(self) -> Iterator[Row]:
        return iter(list(self._rows.values()))

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def get(self, key: str) -> Row | None:
        """Return the row of this key, if there is one."""
        return self._rows.get(key)

    def put(self, row: Row) -> None:
        """Add a row, or replace the one with its key, which keeps its place."""
        key = self._key(row)
        old = self._rows.get(key)
        if old is None:
            self._put += 1
            self._order[key] = self._put
        else:
            self._leave_indexes(key, old)
        self._rows[key] = row
        self._enter_indexes(key, row)
        self._all = None

    def remove(self, key: str) -> Row | None:
        """Take the row of this key away and return it."""
        row = self._rows.pop(key, None)
        if row is not None:
            del self._order[key]
            self._leave_indexes(key, row)
            self._all = None
        return row

    def all(self) -> Sequence[Row]:
        """Return every row, oldest first. The list must not be changed."""
        if self._all is None:
            self._all = list(self._rows.values())
        return self._all

    def where(self, index: str, values: Iterable[str]) -> Sequence[Row]:
        """Return the rows whose `index` is one of `values`, oldest first. The list must not be changed."""
        distinct = list(dict.fromkeys(values))
        if len(distinct) == 1:
            return self._list(index, distinct[0])
        rows = [row for value in distinct for row in self._list(index, value)]
        return sorted(rows, key=lambda row: self._order[self._key(row)])

    def count(self, index: str, value: str) -> int:
        """Return how many rows have this value."""
        return len(self._members[index].get(value, ()))

    def _list(self, index: str, value: str) -> list[Row]:
        cached = self._lists.get((index, value))
        if cached is None:
            keys = self._members[index].get(value, {})
            cached = [self._rows[key] for key in sorted(keys, key=self._order.__getitem__)]
            self._lists[index, value] = cached
        return cached

    def _enter_indexes(self, key: str, row: Row) -> None:
        for name, read in self.indexes.items():
            value = read(row)
            if value is not None:
                self._members[name].setdefault(value, {})[key] = None
                self._lists.pop((name, value), None)

    def _leave_indexes(self, key: str, row: Row) -> None:
        for name, read in self.indexes.items():
            value = read(row)
            if value is not None:
                members = self._members[name][value]
                del members[key]
                if not members:
                    del self._members[name][value]
                self._lists.pop((name, value), None)
