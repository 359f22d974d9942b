"""The cron expressions of SCF's timer triggers (doc 583/9708).

Seven fields: second, minute, hour, day, month, week, year. The older five-field form, minute to week, is documented
as "not recommended" and read as well. Each field takes `*`, `,`, `-` and `/`; months and weekdays also their English
names. When both day and week are given, either is enough.

`1/10` means every tenth from the first on: 1, 11, 21. The time zone is UTC+8: third-party guides to Tencent Cloud's
timers say so, and SCF's dead-letter example is stamped +08:00; SCF's own page is silent, so it is inferred.
"""

import calendar
import functools
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

ZONE: Final = timezone(timedelta(hours=8))
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_OLD_FORM: Final = 5


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    names: dict[str, int]


_FIELDS: Final = (
    _Field("second", 0, 59, {}),
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field("week", 0, 6, {name: number for number, name in enumerate(_WEEKDAYS)}),
    _Field("year", 1970, 2099, {}),
)


class CronError(ValueError):
    """The expression is malformed, or will never be due again.

    Attributes:
        field: the field at fault; "" when it is the expression as a whole.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"cron field '{field}': {message}" if field else f"cron expression: {message}")
        self.field = field


@dataclass(frozen=True)
class _Schedule:
    due: dict[str, tuple[int, ...]]
    any_day: bool
    any_weekday: bool


def check(expression: str) -> None:
    """Refuses a malformed expression.

    Args:
        expression: a timer trigger's CronExpression.

    Raises:
        CronError: naming the field at fault.
    """
    _parse(expression)


def next_after(expression: str, moment: datetime) -> datetime:
    """Tells when a timer is due next.

    Args:
        expression: a timer trigger's CronExpression.
        moment: an aware point in time.

    Returns:
        The first whole second after `moment` that the expression names, in the time zone of `moment`.

    Raises:
        CronError: the expression is malformed, or names no time after `moment`.
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a timer's moment needs a time zone")
    schedule = _parse(expression)
    start = moment.astimezone(ZONE).replace(microsecond=0) + timedelta(seconds=1)
    due = _first_from(schedule, start)
    if due is None:
        raise CronError("", f"'{expression}' names no time after {moment.isoformat()}")
    return due.astimezone(moment.tzinfo)


def _first_from(schedule: _Schedule, start: datetime) -> datetime | None:
    for year in (year for year in schedule.due["year"] if year >= start.year):
        for month in (month for month in schedule.due["month"] if (year, month) >= (start.year, start.month)):
            due = _first_in_month(schedule, year, month, start)
            if due is not None:
                return due
    return None


def _first_in_month(schedule: _Schedule, year: int, month: int, start: datetime) -> datetime | None:
    for day in range(1, calendar.monthrange(year, month)[1] + 1):
        midnight = datetime(year, month, day, tzinfo=ZONE)
        if midnight.date() < start.date() or not _is_due_on(schedule, midnight):
            continue
        due = _first_on_day(schedule, max(midnight, start))
        if due is not None:
            return due
    return None


def _is_due_on(schedule: _Schedule, date: datetime) -> bool:
    on_day = date.day in schedule.due["day"]
    on_weekday = date.isoweekday() % 7 in schedule.due["week"]
    if schedule.any_day or schedule.any_weekday:
        return on_day and on_weekday
    return on_day or on_weekday


def _first_on_day(schedule: _Schedule, start: datetime) -> datetime | None:
    floor = (start.hour, start.minute, start.second)
    for hour in (hour for hour in schedule.due["hour"] if hour >= floor[0]):
        for minute in (minute for minute in schedule.due["minute"] if (hour, minute) >= floor[:2]):
            for second in schedule.due["second"]:
                if (hour, minute, second) >= floor:
                    return start.replace(hour=hour, minute=minute, second=second)
    return None


@functools.lru_cache(maxsize=256)
def _parse(expression: str) -> _Schedule:
    texts = expression.split()
    if len(texts) == _OLD_FORM:
        texts = ["0", *texts, "*"]
    if len(texts) != len(_FIELDS):
        raise CronError(
            "", f"has {len(texts)} fields, must have {len(_FIELDS)}: second minute hour day month week year"
        )
    values = {field.name: _values(field, text) for field, text in zip(_FIELDS, texts, strict=True)}
    return _Schedule(values, any_day=texts[3] == "*", any_weekday=texts[5] == "*")


def _values(field: _Field, text: str) -> tuple[int, ...]:
    return tuple(sorted({value for item in text.split(",") for value in _item(field, item)}))


def _item(field: _Field, text: str) -> range:
    span, slash, step_text = text.partition("/")
    step = _step(field, step_text) if slash else 1
    if span == "*":
        return range(field.low, field.high + 1, step)
    first_text, dash, last_text = span.partition("-")
    first = _value(field, first_text)
    last = _value(field, last_text) if dash else field.high if slash else first
    if first > last:
        raise CronError(field.name, f"'{span}' runs backwards")
    return range(first, last + 1, step)


def _step(field: _Field, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise CronError(field.name, f"the step '{text}' is not a whole number above 0")
    return int(text)


def _value(field: _Field, text: str) -> int:
    if text in field.names:
        return field.names[text]
    if not (text.isascii() and text.isdigit()):
        raise CronError(field.name, f"'{text}' is not {_allowed(field)}")
    if not field.low <= int(text) <= field.high:
        raise CronError(field.name, f"{text} is out of range, must be {_allowed(field)}")
    return int(text)


def _allowed(field: _Field) -> str:
    names = f" or one of {','.join(field.names)}" if field.names else ""
    return f"a whole number from {field.low} to {field.high}{names}"
