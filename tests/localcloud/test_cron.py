"""The cron expressions of SCF's timers (doc 583/9708)."""

from datetime import datetime, timedelta, timezone

import pytest

from localcloud.scf import cron
from localcloud.scf.cron import CronError

BEIJING = timezone(timedelta(hours=8))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()


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


@pytest.mark.parametrize(
    "expression",
    [
        *("", "* * * * * *", "60 * * * * * *", "0 x * * * * *", "0 0 24 * * * *", "0 0 0 0 * * *", "0 0 0 1 13 * *"),
        *("0 0 0 * * * 2100", "*/0 * * * * * *", "*/ * * * * * *", "1,,2 * * * * * *", "-1 * * * * * *"),
        # What croniter reads and SCF's page does not have.
        *("? * * * * * *", "0 0 0 L * * *", "0 0 0 * * MON#2 *", "H * * * * * *", "0 0 0 * * mon *", "@daily"),
        "٣ * * * * * *",
    ],
)
def test_refuses_a_malformed_expression(expression: str) -> None:
    with pytest.raises(CronError):
        cron.next_after(expression, at("2026-01-01 00:00:00"))


@pytest.mark.parametrize("expression", ["0 0 0 30 2 * *", "0 0 0 1 1 * 2020"])
def test_says_so_when_it_is_never_due_again(expression: str) -> None:
    """A day that does not exist, or a year that is over, is an error, not a hang."""
    with pytest.raises(CronError):
        cron.next_after(expression, at("2026-01-01 00:00:00"))
