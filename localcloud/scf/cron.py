"""The cron expressions of SCF's timer triggers (doc 583/9708), read by croniter.

Seven fields: second, minute, hour, day, month, week, year. The older five-field form, minute to week, is documented
as "not recommended" and read as well. Each field takes `*`, `,`, `-` and `/`; months and weekdays also their English
names. When both day and week are given, either is enough. What croniter reads beyond that (`?`, `L`, `#`, `@daily`) is
refused.

`1/10` means every tenth from the first on: 1, 11, 21. The time zone is UTC+8: third-party guides to Tencent Cloud's
timers say so, and SCF's dead-letter example is stamped +08:00; SCF's own page is silent, so it is inferred.
"""

import re
from datetime import datetime

from croniter import croniter

from localcloud.core.clock import BEIJING

_FIELD = re.compile(r"(?:[0-9*,/-]|[A-Z]{3})+")
_FORMS = (7, 5)
_FARTHEST_YEARS = 130


class CronError(ValueError):
    """The expression is malformed, or will never be due again."""


def next_after(expression: str, moment: float) -> float:
    """Return when a timer is due next.

    Args:
        expression: A timer trigger's CronExpression.
        moment: A point in time, epoch seconds.

    Returns:
        The first whole second after `moment` that the expression names, epoch seconds.

    Raises:
        CronError: The expression is malformed, or names no time after `moment`.
    """
    fields = expression.split()
    if len(fields) not in _FORMS:
        raise CronError(f"it has {len(fields)} fields, must have 7: second minute hour day month week year")
    for field in fields:
        if not _FIELD.fullmatch(field):
            raise CronError(f"`{field}` is not of numbers, names such as MON or JAN, and `*`, `,`, `-`, `/`")
    try:
        times = croniter(
            expression,
            datetime.fromtimestamp(moment, BEIJING),
            second_at_beginning=True,
            max_years_between_matches=_FARTHEST_YEARS,
        )
        due: datetime = times.get_next(datetime)
    except ValueError as error:
        raise CronError(str(error)) from None
    return due.timestamp()
