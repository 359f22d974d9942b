"""Pages of listings by Offset and Limit, refused in the words of each service."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from localcloud.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.core.parameters import Params

Row = TypeVar("Row")
MOST_ROWS = 10**9


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


def page_of(params: Params, rows: Sequence[Row]) -> list[Row]:
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
