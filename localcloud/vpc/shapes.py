"""Parameters that several VPC actions share, and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from localcloud.core.errors import ApiError, malformed, not_found, out_of_range
from localcloud.core.ids import has_form
from localcloud.core.parameters import boolean, list_of, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from localcloud.core.parameters import Params
    from localcloud.core.tables import Table

Row = TypeVar("Row")

TAG = {"Key": text.must(), "Value": text}
FILTER = {"Name": text.must(), "Values": list_of(text).must()}
PRIVATE_IP = {
    "PrivateIpAddress": text,
    "Primary": boolean,
    "PublicIpAddress": text,
    "AddressId": text,
    "Description": text,
    "IsWanIpBlocked": boolean,
    "State": text,
    "QosLevel": text,
}
IPV6 = {
    "Address": text.must(),
    "Primary": boolean,
    "AddressId": text,
    "Description": text,
    "IsWanIpBlocked": boolean,
    "State": text,
    "PublicIpAddress": text,
    "AddressType": text,
}
IDS_AT_ONCE = 100
FILTERS_AT_ONCE = 10


def an_id(name: str, value: str, prefix: str) -> str:
    """Return `value`, checked to have the form of an id.

    Raises:
        ApiError: InvalidParameterValue.Malformed.
    """
    if not has_form(value, prefix):
        raise malformed(name, value)
    return value


def find(table: Table[Row], name: str, value: str, prefix: str) -> Row:
    """Return the row of an id.

    Args:
        table: Where to look.
        name: The parameter that has the id.
        value: The id.
        prefix: What ids of this kind begin with.

    Raises:
        ApiError: ResourceNotFound or InvalidParameterValue.Malformed.
    """
    row = table.get(an_id(name, value, prefix))
    if row is None:
        raise not_found(value)
    return row


def page(params: Params, *, default: int, most: int = 100) -> tuple[int, int]:
    """Return offset and limit, also where the platform declares them as text.

    Raises:
        ApiError: InvalidParameterValue.Range.
    """
    offset, limit = _number(params, "Offset", 0), _number(params, "Limit", default)
    if not 1 <= limit <= most:
        raise out_of_range("Limit", limit, f"1-{most}")
    return offset, limit


def _number(params: Params, name: str, default: int) -> int:
    try:
        value = int(params.get(name, default))
    except ValueError:
        raise malformed(name, params[name]) from None
    if value < 0:
        raise out_of_range(name, value, "0 or more")
    return value


def slice_newest_first(rows: Sequence[Row], offset: int, limit: int) -> list[Row]:
    """Return one page of a list that is kept oldest first."""
    end = len(rows) - offset
    return list(rows[max(0, end - limit) : max(0, end)])[::-1]


def ids_or_filters(params: Params, ids: str) -> None:
    """Refuse ids together with filters, and too many ids.

    Raises:
        ApiError: InvalidParameter.Coexist or InvalidParameterValue.LimitExceeded.
    """
    if params.get(ids) and params.get("Filters"):
        raise ApiError("InvalidParameter.Coexist", f"The parameters `{ids}` and `Filters` cannot be used together.")
    if len(params.get(ids, ())) > IDS_AT_ONCE:
        raise ApiError(
            "InvalidParameterValue.LimitExceeded", f"The parameter `{ids}` has more than {IDS_AT_ONCE} elements."
        )


def select(  # noqa: PLR0913  one listing's whole description
    table: Table[Row],
    filters: list[dict[str, Any]],
    *,
    known: Mapping[str, Callable[[Row, list[str]], bool]],
    tags: Callable[[Row], Sequence[tuple[str, str]]],
    indexes: Mapping[str, str],
    most_values: int,
) -> Sequence[Row]:
    """Return the rows that pass every filter, oldest first.

    Args:
        table: All rows.
        filters: The call's `Filters`, which are ANDed; the values of one are ORed (documented).
        known: The documented filters' names and what they test.
        tags: How to read a row's tags, for `tag-key` and `tag:<key>`.
        indexes: Filters that one of the table's indexes answers.
        most_values: How many values one filter may have.

    Raises:
        ApiError: InvalidParameter.FilterInvalidKey, or InvalidParameterValue.LimitExceeded.
    """
    rows: Sequence[Row] | None = None
    tests: list[tuple[Callable[[Row, list[str]], bool], list[str]]] = []
    _bound_filters(filters, most_values)
    for one in filters:
        name, values = one["Name"], one["Values"]
        if rows is None and name in indexes:
            rows = table.where(indexes[name], values)
        else:
            tests.append((_test(name, known, tags), values))
    rows = table.all() if rows is None else rows
    return [row for row in rows if all(test(row, values) for test, values in tests)] if tests else rows


def _bound_filters(filters: list[dict[str, Any]], most_values: int) -> None:
    if len(filters) > FILTERS_AT_ONCE:
        raise ApiError("InvalidParameterValue.LimitExceeded", f"There are more than {FILTERS_AT_ONCE} filters.")
    for one in filters:
        if len(one["Values"]) > most_values:
            raise ApiError(
                "InvalidParameterValue.LimitExceeded", f"The filter `{one['Name']}` has more than {most_values} values."
            )


def _test(
    name: str,
    known: Mapping[str, Callable[[Row, list[str]], bool]],
    tags: Callable[[Row], Sequence[tuple[str, str]]],
) -> Callable[[Row, list[str]], bool]:
    if name == "tag-key":
        return lambda row, values: any(key in values for key, _ in tags(row))
    if name.startswith("tag:"):
        wanted = name.removeprefix("tag:")
        return lambda row, values: any(key == wanted and value in values for key, value in tags(row))
    if name not in known:
        raise ApiError("InvalidParameter.FilterInvalidKey", f"The filter `{name}` is not supported.")
    return known[name]


def is_true(values: list[str]) -> bool:
    """Return a boolean filter's value, which comes as text."""
    return values[:1] != [] and values[0].lower() == "true"
