"""What a dead letter says and when it is sent: what mutation testing found that no other test would have noticed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from handler import deadletters
from handler.intake import events
from handler.invocation import Invocation
from handler.model import MAX_LETTER_ATTEMPTS, Command, Failure, History, Invalid
from localcloud.core.faults import error
from tests.support import records
from tests.support.function import FUNCTION_REGION as HOME
from tests.support.function import QUEUE, Function, context, environment, outcomes

if TYPE_CHECKING:
    from localcloud import LocalCloud

FAILURE = Failure("refused", "UnauthorizedOperation", "no")
ID = "9c4b1c5e-7a0e-4b53-9a31-0c4c7b8f2d11"


@pytest.fixture
def invocation(cloud: LocalCloud) -> Invocation:
    return Invocation.start(environment(cloud), context())


@pytest.mark.parametrize("before", range(1, MAX_LETTER_ATTEMPTS + 1))
def test_the_last_attempt_is_marked(function: Function, invocation: Invocation, before: int) -> None:
    """At the fifth failure, not before it."""
    command = Command("status", {}, History(ID, before, "2026-11-24T05:00:00Z"))
    invocation.letters.add_command(command, FAILURE)
    invocation.letters.flush()
    (letter,) = function.logged_letters()
    assert (letter["attempts"], letter["exhausted"]) == (before + 1, before + 1 >= 5)
    assert function.letters() == ([letter] if before < MAX_LETTER_ATTEMPTS else [])


def test_an_exhausted_letter_that_a_trigger_brings_does_not_go_round(function: Function, cloud: LocalCloud) -> None:
    """A trigger on the queue would bring it again at once, for ever: it is in the log, and stays there."""
    letter = records.own_letter(attempts=MAX_LETTER_ATTEMPTS, exhausted=True)
    cloud.faults.add("CreateFlowLog", error("UnauthorizedOperation"))
    assert outcomes(function(records.cmq(json.dumps(letter)))) == {"dead_lettered": 1}
    assert function.letters() == []
    assert [each["attempts"] for each in function.logged_letters()] == [MAX_LETTER_ATTEMPTS + 1]


def test_a_long_event_is_kept_whole(function: Function) -> None:
    """Up to the bound of a letter: what was only wrongly wrapped can be redriven."""
    words = json.dumps({"words": "word " * 8_000})
    function({"source": 5, "data": words, "specversion": "1.0"})
    (letter,) = function.letters()
    assert letter["event"]["data"] == words


def test_letters_do_not_pile_up(function: Function, invocation: Invocation) -> None:
    """After so many they are sent, whatever is still to come: a crash keeps no more than these from the queue."""
    for number in range(deadletters.MAX_PENDING - 1):
        invocation.letters.add_event(number, FAILURE)
    assert function.letters() == []
    invocation.letters.add_event("the last", FAILURE)
    assert len(function.letters()) == deadletters.MAX_PENDING == 128


@pytest.mark.parametrize("number", [1, 2, 3, 33, 34, 35])
def test_every_letter_arrives(function: Function, invocation: Invocation, number: int) -> None:
    """However many there are, one by one or in batches: each of them, once."""
    for payload in range(number):
        invocation.letters.add_event(payload, FAILURE)
    invocation.letters.raise_if_unsent()
    assert sorted(letter["event"] for letter in function.letters()) == list(range(number))


@pytest.mark.usefixtures("function")
def test_long_letters_go_in_small_batches(cloud: LocalCloud, invocation: Invocation) -> None:
    """As many in a call as stay well below the megabyte that a message may have."""
    for _ in range(deadletters.MANY):
        invocation.letters.add_event({"words": ["word " * 1_000] * 12}, FAILURE)
    invocation.letters.raise_if_unsent()
    sizes = [sum(map(len, call.params.values())) for call in cloud.calls if call.action == "BatchSendMessage"]
    assert len(cloud.messages(QUEUE)) == deadletters.MANY
    assert len(sizes) > deadletters.MANY / 16
    assert max(sizes) < 600_000


def test_what_could_not_be_unzipped_is_named_by_its_print() -> None:
    """Its length and the beginning of its digest, to find it again by; nothing of its content."""
    (item,) = events.read({"clslogs": {"data": "PlantedSecret"}})
    assert isinstance(item, Invalid)
    assert item.payload == {"clslogs": {"characters": 13, "sha256_begins": "cbf35566b582f4fd"}}


def test_six_megabytes_are_what_an_event_may_hold() -> None:
    """SCF's bound of a synchronous event (doc 583/11637)."""
    assert events.MAX_UNZIPPED_BYTES == 6_291_456


def test_the_next_hop_is_of_the_same_function(cloud: LocalCloud, function: Function) -> None:
    """Invoked by its name, in its namespace, asynchronously."""
    cloud.seed_interfaces(HOME, 60)
    function.set(FLOWLOG_CREATE_RATE="5")
    function.run({"command": "backfill"}, context(4.0, function_name="mine", namespace="of-mine"))
    (call,) = (call for call in cloud.calls if call.action == "Invoke")
    asked = {name: call.params[name] for name in ("FunctionName", "Namespace", "InvocationType")}
    assert asked == {"FunctionName": "mine", "Namespace": "of-mine", "InvocationType": "Event"}


CHINESE = "流日志" * 3_700  # 33 KB


@pytest.mark.parametrize(
    "payload",
    [
        CHINESE,
        {"words": CHINESE},
        {"text": '"\\' * 40_000},
        {"list": ["流" * 100] * 2_000},
        "\ud800" * 20_000,
        {"k" * 900: CHINESE},
    ],
    ids=["text", "object", "quotes", "long", "half a pair", "key"],
)
def test_every_letter_fits_the_queue(function: Function, payload: Any) -> None:
    """In bytes of UTF-8, well below 64 KB; one that was cut says how long it was."""
    assert outcomes(function(payload)) == {"dead_lettered": 1}
    (body,) = function.cloud.messages(QUEUE)
    assert len(body.encode()) < 56 * 1024
    event = json.loads(body)["event"]
    if isinstance(event, dict) and "cut" in event:
        assert event["bytes"] > 32 * 1024
    else:
        assert event == payload
