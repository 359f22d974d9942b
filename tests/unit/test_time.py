"""The invocation's time and the one retry, on a clock that tests turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from handler.budget import ASSUMED_LIMIT_S, Budget, budget_from
from handler.cloud.retry import FIRST_DELAY_S, LONGEST_DELAY_S, MAX_ATTEMPTS, Patience, delays

if TYPE_CHECKING:
    from tests.support.clock import Clock


def budget(clock: Clock, limit_s: float, reserve_s: float = 0.0) -> Budget:
    return Budget(limit_s, reserve_s, monotonic=clock.monotonic, sleep=clock.sleep, started=clock.now)


# The budget -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "limit_s", "reserve_s"),
    [
        ({"time_limit_in_ms": 3_000}, 3.0, 0.75),
        ({"time_limit_in_ms": 12_000.0}, 12.0, 3.0),
        ({"time_limit_in_ms": 300_000}, 300.0, 15.0),
        ({"time_limit_in_ms": 0}, ASSUMED_LIMIT_S, 15.0),
        ({"time_limit_in_ms": -5}, ASSUMED_LIMIT_S, 15.0),
        ({"time_limit_in_ms": "3000"}, ASSUMED_LIMIT_S, 15.0),
        ({"time_limit_in_ms": float("nan")}, ASSUMED_LIMIT_S, 15.0),
        ({}, ASSUMED_LIMIT_S, 15.0),
    ],
)
def test_the_context_tells_the_limit(context: dict[str, Any], limit_s: float, reserve_s: float) -> None:
    """In milliseconds; a quarter, at most 15 s, is kept for dead letters and the report."""
    given = budget_from(context)
    assert (given.limit_s, given.reserve_s) == (limit_s, reserve_s)


def test_waiting_ends_where_work_does(clock: Clock) -> None:
    """Waiting for longer than there is time to work in would be for nothing: it is not begun."""
    given = budget(clock, 10.0, 4.0)
    assert given.left() == 6.0
    assert given.wait(5.0)
    assert given.left() == 1.0
    assert not given.wait(1.0)
    assert clock.waits == [5.0]


def test_the_time_to_report_is_all_but_a_margin(clock: Clock) -> None:
    """What is kept back from work is there for dead letters, but for the reply's own second or tenth."""
    assert budget(clock, 40.0, 10.0).to_report().left() == 39.0
    assert budget(clock, 4.0, 1.0).to_report().left() == pytest.approx(3.6)


def test_a_share_is_a_part_of_what_is_left(clock: Clock) -> None:
    """Of several pieces of work each has its time."""
    given = budget(clock, 10.0, 2.0)
    clock.sleep(2.0)
    part = given.share(0.5)
    assert part.left() == 3.0
    assert part.to_report().left() == given.to_report().left()
    clock.sleep(7.0)
    assert given.share(0.5).left() <= 0.0


def test_the_real_clock_runs() -> None:
    """By default a budget begins when it is made, and waits for real."""
    given = Budget(5.0)
    assert 4.0 < given.left() <= 5.0
    assert given.wait(0.001)


# The retry ------------------------------------------------------------------------------------------------------------


def test_attempts_are_bounded(clock: Clock) -> None:
    """One pause fewer than attempts; that there is no further pause is no lack of time."""
    patience = Patience(clock.wait)
    assert [patience.again() for _ in range(MAX_ATTEMPTS)] == [True] * (MAX_ATTEMPTS - 1) + [False]
    assert len(clock.waits) == MAX_ATTEMPTS - 1
    assert not patience.out_of_time


def test_other_pauses_may_be_given(clock: Clock) -> None:
    """What waits for something to become visible knows how long that takes."""
    patience = Patience(clock.wait, (0.5, 1.5))
    assert [patience.again() for _ in range(3)] == [True, True, False]
    assert clock.waits == [0.5, 1.5]
    assert not Patience(clock.wait, ()).again()


def test_no_time_left_ends_it() -> None:
    """And says so: whoever has more time may go on."""
    patience = Patience(lambda _: False)
    assert not patience.again()
    assert patience.out_of_time


def test_delays_grow_and_are_jittered() -> None:
    """Full jitter: each between nothing and a bound that doubles, up to eight seconds."""
    rounds = [list(delays(12)) for _ in range(200)]
    for number, column in enumerate(zip(*rounds, strict=True)):
        bound = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2**number)
        assert 0 <= min(column) < bound / 4
        assert bound * 3 / 4 < max(column) <= bound
    assert len(rounds[0]) == 11


def test_delays_have_no_end_to_fear() -> None:
    """A throttled call is tried as long as there is time: its delays stay finite."""
    assert all(delay <= LONGEST_DELAY_S for delay in delays(1_000))
