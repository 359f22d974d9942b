"""Parameters and refusals that several VPC actions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from localcloud.core.errors import existing, malformed
from localcloud.core.ids import has_form
from localcloud.core.listing import Codes

if TYPE_CHECKING:
    from localcloud.core.tables import Table

Row = TypeVar("Row")

CODES = Codes(
    page="InvalidParameterValue.Range",
    coexist="InvalidParameter.Coexist",
    too_many="InvalidParameterValue.LimitExceeded",
    too_many_values="InvalidParameterValue.LimitExceeded",
    unknown_filter="InvalidParameter.FilterInvalidKey",
)


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
    return existing(table.get(an_id(name, value, prefix)), "ResourceNotFound", f"resource `{value}`")
