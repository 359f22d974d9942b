"""Listings: pages, filters and ids, which all services have, each with error codes of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from localcloud.core.parameters import Params, Tags
    from localcloud.core.tables import Table

MOST_ROWS = 10**9
IDS_AT_ONCE = 100
FILTERS_AT_ONCE = 10
VALUES_AT_ONCE = 5
"""How many values one filter may have: CVM's documented bound, inferred for VPC."""


class Tagged(Protocol):
    """A row that has tags, for the filters `tag-key` and `tag:<key>`."""

    @property
    def tags(self) -> Tags:
        """Return pairs of key and value."""


Row = TypeVar("Row", bound=Tagged)
Item = TypeVar("Item")


@dataclass(frozen=True)
class Codes:
    """The codes with which one service refuses a listing's parameters, as its SDK lists them.

    Attributes:
        page: For Offset and Limit; `{name}` in it stands for the parameter's name.
        coexist: For ids together with filters.
        too_many: For too many ids or filters.
        too_many_values: For too many values of one filter.
        unknown_filter: For a filter that there is not.
    """

    page: str
    coexist: str
    too_many: str
    too_many_values: str
    unknown_filter: str


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """How one kind of row is listed.

    Attributes:
        known: The documented filters' names and what they test, but for those that the table's indexes answer.
        codes: The service's error codes.
        ids: The parameter that asks for rows by their ids.
    """

    known: Mapping[str, Callable[[Row, list[str]], bool]]
    codes: Codes
    ids: str = ""

    def find(self, table: Table[Row], params: Params, by_id: Callable[[str], Row | None]) -> tuple[int, list[Row]]:
        """Return how many rows a call asks for, by ids or by filters, and its page of them, newest first.

        Args:
            table: All rows.
            params: The call's parameters.
            by_id: Gives the row of an id, or none where it is to be left out.

        Raises:
            ApiError: There are ids and filters, too many of either, or what else `select` and `page` refuse.
        """
        ids = params.get(self.ids, [])
        if ids and params.get("Filters"):
            raise ApiError(self.codes.coexist, f"The parameters `{self.ids}` and `Filters` cannot be used together.")
        if len(ids) > IDS_AT_ONCE:
            raise ApiError(self.codes.too_many, f"The parameter `{self.ids}` has more than {IDS_AT_ONCE} elements.")
        offset, limit = page(params, code=self.codes.page)
        if ids:
            rows: Sequence[Row] = [row for row in map(by_id, dict.fromkeys(ids)) if row is not None]
        else:
            rows = self.select(table, params.get("Filters", []))
        return len(rows), slice_newest_first(rows, offset, limit)

    def select(self, table: Table[Row], filters: list[dict[str, Any]]) -> Sequence[Row]:
        """Return the rows that pass every filter, oldest first.

        Args:
            table: All rows.
            filters: The call's `Filters`, which are ANDed; the values of one are ORed (documented).

        Raises:
            ApiError: A filter is not known, or there are too many filters or values.
        """
        rows: Sequence[Row] | None = None
        tests: list[tuple[Callable[[Row, list[str]], bool], list[str]]] = []
        self._bound(filters)
        for one in filters:
            name, values = one["Name"], one["Values"]
            if rows is None and name in table.indexes:
                rows = table.where(name, values)
            else:
                tests.append((self._test(table, name), values))
        rows = table.all() if rows is None else rows
        return [row for row in rows if all(test(row, values) for test, values in tests)] if tests else rows

    def _bound(self, filters: list[dict[str, Any]]) -> None:
        if len(filters) > FILTERS_AT_ONCE:
            raise ApiError(self.codes.too_many, f"There are more than {FILTERS_AT_ONCE} filters.")
        for one in filters:
            if len(one["Values"]) > VALUES_AT_ONCE:
                what = f"The filter `{one['Name']}` has more than {VALUES_AT_ONCE} values."
                raise ApiError(self.codes.too_many_values, what)

    def _test(self, table: Table[Row], name: str) -> Callable[[Row, list[str]], bool]:
        if name in table.indexes:
            return lambda row, values: table.indexes[name](row) in values
        if name == "tag-key":
            return lambda row, values: any(key in values for key, _ in row.tags)
        if name.startswith("tag:"):
            wanted = name.removeprefix("tag:")
            return lambda row, values: any(key == wanted and value in values for key, value in row.tags)
        if name not in self.known:
            raise ApiError(self.codes.unknown_filter, f"The filter `{name}` is not supported.")
        return self.known[name]


def slice_newest_first(rows: Sequence[Row], offset: int, limit: int) -> list[Row]:
    """Return one page of a list that is kept oldest first."""
    end = len(rows) - offset
    return list(rows[max(0, end - limit) : max(0, end)])[::-1]


def is_true(values: list[str]) -> bool:
    """Return a boolean filter's value, which comes as text."""
    return values[:1] != [] and values[0].lower() == "true"


def page(
    params: Params, *, default: int = 20, most: int = 100, code: str = "InvalidParameterValue.{name}"
) -> tuple[int, int]:
    """Return offset and limit, also where the platform declares them as text.

    Args:
        params: The call's parameters.
        default: The limit, where the call has none.
        most: The largest limit.
        code: The service's code for a wrong one; `{name}` in it becomes the parameter's name.

    Raises:
        ApiError: With that code.
    """
    offset = _number("Offset", params.get("Offset", 0), range(MOST_ROWS), code)
    limit = _number("Limit", params.get("Limit", default), range(1, most + 1), code)
    return offset, limit


def page_of(params: Params, rows: Sequence[Item]) -> list[Item]:
    """Return the page of rows that Offset and Limit ask for, newest first unless Order is ASC (inferred).

    Args:
        params: The call's parameters.
        rows: All rows, oldest first.

    Raises:
        ApiError: InvalidParameterValue.Offset or InvalidParameterValue.Limit; InvalidParameterValue.Filters, for
            there are none here.
    """
    if params.get("Filters"):
        raise ApiError("InvalidParameterValue.Filters", "This listing is not filtered here.")
    offset, limit = page(params)
    ordered = rows if params.get("Order") == "ASC" else rows[::-1]
    return list(ordered[offset : offset + limit])


def _number(name: str, given: int | str, allowed: range, code: str) -> int:
    try:
        value = int(given)
    except ValueError:
        value = -1
    if value not in allowed:
        what = f"The value `{given}` of `{name}` is not within {allowed[0]}-{allowed[-1]}."
        raise ApiError(code.format(name=name), what)
    return value
