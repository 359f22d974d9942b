"""The cron expressions of SCF's timers (doc 583/9708)."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.scf import cron
from localcloud.scf.cron import CronError

BEIJING = timezone(timedelta(hours=8))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("expression", "moment", "due"),
    [
        # The documented examples.
        ("*/5 * * * * * *", "2026-01-01 00:00:03", "2026-01-01 00:00:05"),
        ("0 15 10 1 * * *", "2026-01-01 10:15:00", "2026-02-01 10:15:00"),
        ("0 15 10 * * MON-FRI *", "2026-01-02 11:00:00", "2026-01-05 10:15:00"),
        ("0 0 10,14,16 * * * *", "2026-01-01 10:00:00", "2026-01-01 14:00:00"),
        ("0 */30 9-17 * * * *", "2026-01-01 17:30:00", "2026-01-02 09:00:00"),
        ("0 0 12 * * WED *", "2026-01-01 00:00:00", "2026-01-07 12:00:00"),
        ("0 1/10 * * * * *", "2026-01-01 00:01:00", "2026-01-01 00:11:00"),
        ("0 1/10 * * * * *", "2026-01-01 00:51:00", "2026-01-01 01:01:00"),
        # Strictly after, to the second.
        ("* * * * * * *", "2026-01-01 00:00:00.999999", "2026-01-01 00:00:01"),
        ("0 0 0 * * * *", "2026-01-01 00:00:00", "2026-01-02 00:00:00"),
        # Day and week together: either.
        ("0 0 0 13 * FRI *", "2026-01-01 00:00:00", "2026-01-02 00:00:00"),
        ("0 0 0 13 * FRI *", "2026-01-09 00:00:00", "2026-01-13 00:00:00"),
        # Sunday is 0; months have names.
        ("0 0 0 * * 0 *", "2026-01-01 00:00:00", "2026-01-04 00:00:00"),
        ("0 0 0 1 JAN,JUL * *", "2026-01-01 00:00:00", "2026-07-01 00:00:00"),
        # The calendar.
        ("0 0 0 31 * * *", "2026-01-31 00:00:00", "2026-03-31 00:00:00"),
        ("0 0 0 29 2 * *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"),
        ("59 59 23 31 12 * 2099", "2026-01-01 00:00:00", "2099-12-31 23:59:59"),
        ("0 0 0 1 1 * 2030/10", "2031-01-01 00:00:00", "2040-01-01 00:00:00"),
        # The old form of five fields.
        ("*/5 * * * *", "2026-01-01 00:00:00", "2026-01-01 00:05:00"),
        ("0 0/20,50 * * * * *", "2026-01-01 00:40:00", "2026-01-01 00:50:00"),
        ("0 0 8-20/4 * * * *", "2026-01-01 12:00:00", "2026-01-01 16:00:00"),
    ],
)
def test_next_after(expression: str, moment: str, due: str) -> None:
    """The next moment is the first that the expression names, strictly later."""
    assert cron.next_after(expression, at(moment)) == at(due)


def test_hours_are_those_of_beijing_and_the_answer_in_the_zone_of_the_question() -> None:
    """Ten in the morning is 02:00 UTC, said in UTC to whom asks in UTC."""
    due = cron.next_after("0 0 10 * * * *", datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert due.isoformat() == "2026-01-01T02:00:00+00:00"


@pytest.mark.parametrize(
    ("expression", "field", "message"),
    [
        ("", "", "cron expression: has 0 fields, must have 7: second minute hour day month week year"),
        ("* * * * * *", "", "cron expression: has 6 fields, must have 7: second minute hour day month week year"),
        ("60 * * * * * *", "second", "cron field 'second': 60 is out of range, must be a whole number from 0 to 59"),
        ("0 x * * * * *", "minute", "cron field 'minute': 'x' is not a whole number from 0 to 59"),
        ("0 0 24 * * * *", "hour", "cron field 'hour': 24 is out of range, must be a whole number from 0 to 23"),
        ("0 0 0 0 * * *", "day", "cron field 'day': 0 is out of range, must be a whole number from 1 to 31"),
        (
            "0 0 0 1 13 * *",
            "month",
            (
                "cron field 'month': 13 is out of range, must be a whole number from 1 to 12 or one of "
                "JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC"
            ),
        ),
        (
            "0 0 0 * * 7 *",
            "week",
            (
                "cron field 'week': 7 is out of range, must be a whole number from 0 to 6 or one of "
                "SUN,MON,TUE,WED,THU,FRI,SAT"
            ),
        ),
        (
            "0 0 0 * * mon *",
            "week",
            "cron field 'week': 'mon' is not a whole number from 0 to 6 or one of SUN,MON,TUE,WED,THU,FRI,SAT",
        ),
        (
            "0 0 0 * * * 2100",
            "year",
            "cron field 'year': 2100 is out of range, must be a whole number from 1970 to 2099",
        ),
        ("0 0 17-9 * * * *", "hour", "cron field 'hour': '17-9' runs backwards"),
        ("*/0 * * * * * *", "second", "cron field 'second': the step '0' is not a whole number above 0"),
        ("*/ * * * * * *", "second", "cron field 'second': the step '' is not a whole number above 0"),
        ("1,,2 * * * * * *", "second", "cron field 'second': '' is not a whole number from 0 to 59"),
        ("-1 * * * * * *", "second", "cron field 'second': '' is not a whole number from 0 to 59"),
        ("? * * * * * *", "second", "cron field 'second': '?' is not a whole number from 0 to 59"),
        ("٣ * * * * * *", "second", "cron field 'second': '٣' is not a whole number from 0 to 59"),
    ],
)
def test_refuses(expression: str, field: str, message: str) -> None:
    """A malformed expression is refused, naming the field and what it may hold."""
    with pytest.raises(CronError) as refusal:
        cron.check(expression)
    assert (refusal.value.field, str(refusal.value)) == (field, message)


@pytest.mark.parametrize("expression", ["0 0 0 30 2 * *", "0 0 0 1 1 * 2020"])
def test_says_so_when_it_is_never_due_again(expression: str) -> None:
    """A day that does not exist, or a year that is over, is an error, not a hang."""
    cron.check(expression)
    with pytest.raises(CronError) as refusal:
        cron.next_after(expression, at("2026-01-01 00:00:00"))
    assert str(refusal.value) == f"cron expression: '{expression}' names no time after 2026-01-01T00:00:00+08:00"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    """A naive moment would be read as this machine's."""
    with pytest.raises(ValueError, match="needs a time zone"):
        cron.next_after("* * * * * * *", datetime(2026, 1, 1))  # noqa: DTZ001 - what must be refused


def numbers(low: int, high: int) -> st.SearchStrategy[set[int] | None]:
    return st.none() | st.sets(st.integers(low, high), min_size=1, max_size=3)


fields = st.tuples(
    numbers(0, 59), numbers(0, 59), numbers(0, 23), numbers(1, 31), numbers(1, 12), numbers(0, 6), st.none()
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(BEIJING))  # noqa: DTZ001 - hypothesis adds the zone


def is_due(wanted: tuple[set[int] | None, ...], moment: datetime) -> bool:
    have = (moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    fits = [allowed is None or value in allowed for allowed, value in zip(wanted, have, strict=False)]
    by_date = fits[3] or fits[5] if wanted[3] and wanted[5] else fits[3] and fits[5]
    return fits[0] and fits[1] and fits[2] and fits[4] and by_date


@settings(deadline=None)
@given(fields, moments)
def test_agrees_with_looking_at_every_second(wanted: tuple[set[int] | None, ...], moment: datetime) -> None:
    """What is due is due, and nothing in the half hour before it was passed over."""
    expression = " ".join("*" if values is None else ",".join(map(str, sorted(values))) for values in wanted)
    try:
        due = cron.next_after(expression, moment)
    except CronError:
        return
    assert due > moment
    assert is_due(wanted, due)
    skipped = (due - timedelta(seconds=back) for back in range(1, 1800))
    assert not any(is_due(wanted, second) for second in skipped if second > moment)
