"""Pacing: smooth, slow at once when throttled, back up step by step, on a clock that tests turn."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from handler.cloud.pace import Pacer
from tests.support.clock import Clock


def turns(pacer: Pacer, clock: Clock, number: int) -> list[float]:
    """When so many calls may be sent, each waiting for its turn and accepted."""
    times = []
    for _ in range(number):
        assert pacer.wait_turn(clock.wait)
        pacer.accepted()
        times.append(clock.now)
    return times


def rate(pacer: Pacer, clock: Clock) -> float:
    """How many calls a second may be sent now, by the pause between two: one that comes late shortens its next."""
    _, second, third = turns(pacer, clock, 3)
    return 1 / (third - second)


def test_calls_are_spaced_out_evenly(clock: Clock) -> None:
    """Twenty a second is one every fifty milliseconds, without a burst."""
    times = turns(Pacer(20.0, clock.monotonic), clock, 41)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert gaps == pytest.approx([0.05] * 40)


def test_time_that_went_by_unused_is_not_made_up_for(clock: Clock) -> None:
    """After a pause a call or two may go at once, not as many as the pause was long."""
    pacer = Pacer(10.0, clock.monotonic)
    clock.sleep(60.0)
    began = clock.now
    assert turns(pacer, clock, 11)[-1] - began == pytest.approx(0.9)


def test_without_time_there_is_no_turn(clock: Clock) -> None:
    """The caller is told, instead of waiting in vain."""
    pacer = Pacer(1.0, clock.monotonic)
    turns(pacer, clock, 1)
    assert [pacer.wait_turn(lambda _: False) for _ in range(2)][-1] is False


def test_a_throttle_slows_down_at_once(clock: Clock) -> None:
    """To four fifths of what was accepted within the last second, and after what is left of that second."""
    pacer = Pacer(20.0, clock.monotonic)
    throttled = turns(pacer, clock, 11)[-1]
    pacer.slow_down()
    assert turns(pacer, clock, 1) == pytest.approx([throttled + (1 - 11 / 20) + 1 / (0.8 * 11)])
    assert 5.0 < rate(pacer, clock) < 11.0


def test_throttles_of_one_second_are_one_sign() -> None:
    """The limit counts by the second, and calls were under way."""

    def after(throttles: int) -> list[float]:
        clock = Clock()
        pacer = Pacer(20.0, clock.monotonic)
        turns(pacer, clock, 20)
        for _ in range(throttles):
            pacer.slow_down()
        return turns(pacer, clock, 20)

    assert after(6) == after(1) != after(0)


def test_a_throttle_of_the_next_second_slows_down_further(clock: Clock) -> None:
    """The limit that is shared leaves less still."""
    pacer = Pacer(20.0, clock.monotonic)
    turns(pacer, clock, 20)
    pacer.slow_down()
    before = rate(pacer, clock)
    clock.sleep(1.0)
    pacer.slow_down()
    assert rate(pacer, clock) < before


def test_it_recovers_step_by_step(clock: Clock) -> None:
    """Never down by itself, never above the highest, and all the way in the end."""
    pacer = Pacer(20.0, clock.monotonic)
    turns(pacer, clock, 20)
    pacer.slow_down()
    rates = []
    for _ in range(120):
        clock.sleep(1.0)
        rates.append(round(rate(pacer, clock), 6))
    assert rates == sorted(rates)
    assert rates[0] < 19.0
    assert rates[-1] == 20.0


def test_it_never_stands_still(clock: Clock) -> None:
    """Throttled for ever, one call every two seconds is still sent to see whether it got better."""
    pacer = Pacer(20.0, clock.monotonic)
    for _ in range(60):
        clock.sleep(1.0)
        pacer.slow_down()
    assert rate(pacer, clock) == pytest.approx(0.5)


@pytest.mark.parametrize("others", [0, 5, 10, 15])
def test_a_limit_shared_with_others(clock: Clock, others: int) -> None:
    """Whatever others use of twenty a second: soon under 2 % of the calls are throttled, and most is used."""
    pacer = Pacer(19.0, clock.monotonic)
    began = clock.now
    arrived: Counter[int] = Counter()
    late = {True: 0, False: 0}
    while clock.now - began < 120.0:
        assert pacer.wait_turn(clock.wait)
        arrived[int(clock.now)] += 1
        throttled = arrived[int(clock.now)] + others > 20
        if throttled:
            pacer.slow_down()
        else:
            pacer.accepted()
        if clock.now - began > 2.0:
            late[throttled] += 1
    assert late[True] <= 0.02 * (late[True] + late[False])
    assert late[False] >= 0.6 * 118 * (min(19, 20 - others))
