"""The processes behind a function: how many there are, what ends them, and what they leave behind."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcloud.core.account import Account, Behaviour
from localcloud.scf.process.process_pool import PoolRetired, ProcessPool
from tests.support.deployed import wait_until
from tests.support.runtime import DEADLINE_S, MEGABYTE, Start, failure, function_of

ECHO = "def main_handler(event, context):\n    return event\n"


def test_an_idle_instance_is_used_again(start: Start) -> None:
    """State in the module outlives the run."""
    function = start("seen = []\ndef main_handler(event, context):\n    seen.append(event)\n    return seen\n")
    outcomes = [function.invoke(str(number)) for number in range(3)]
    assert [outcome.cold for outcome in outcomes] == [True, False, False]
    assert outcomes[-1].result_json == "[0, 1, 2]"
    assert len({outcome.instance_id for outcome in outcomes}) == 1


MEET = """
import pathlib, threading

def main_handler(event, context):
    folder, number, expected = pathlib.Path(event[0]), event[1], event[2]
    (folder / str(number)).touch()
    while len(list(folder.iterdir())) < expected:
        threading.Event().wait(0.01)
    return number
"""


@pytest.fixture
def meeting(tmp_path: Path) -> Path:
    """Where the instances of MEET wait for one another."""
    folder = tmp_path / "meeting"
    folder.mkdir()
    return folder


def test_concurrency_starts_more_instances(start: Start, meeting: Path) -> None:
    """Four events that wait for one another need four instances at once; afterwards these are warm."""
    function = start(MEET, most=4, Timeout=DEADLINE_S)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda number: function.invoke(json.dumps([str(meeting), number, 4])), range(4)))
    assert [outcome.result_json for outcome in outcomes] == ["0", "1", "2", "3"]
    assert len({outcome.instance_id for outcome in outcomes}) == 4
    assert function.instance_count == 4
    assert not function.invoke(json.dumps([str(meeting), 0, 4])).cold


def test_many_threads_share_few_instances(start: Start) -> None:
    """Of eighty calls by eight threads each is answered once, rightly, by one of at most eight instances."""
    function = start(ECHO, most=8)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: function.invoke(str(number)), range(80)))
    assert [outcome.result_json for outcome in outcomes] == [str(number) for number in range(80)]
    assert function.instance_count <= 8


def test_over_the_limit_of_instances_is_432(start: Start, meeting: Path) -> None:
    """While the only instance is busy another call is throttled; once it is free, it serves again."""
    function = start(MEET, most=1, MemorySize=128, Timeout=DEADLINE_S)
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(function.invoke, json.dumps([str(meeting), 1, 2]))
        wait_until(lambda: any(meeting.iterdir()))
        throttled = function.invoke("{}")
        (meeting / "go").touch()
        assert busy.result().result_json == "1"
    message = "Function [ flowlog ] concurrency exceeded reserved quota 128 MB"
    assert failure(throttled) == (432, 1, message)
    assert throttled.instance_id == ""
    assert not function.invoke(json.dumps([str(meeting), 1, 2])).cold


STUCK = """
import threading

def main_handler(event, context):
    print("working")
    if event:
        threading.Event().wait()
    return "done"
"""


def test_the_time_limit_kills_the_instance(start: Start) -> None:
    """The documented error, after the limit and soon after; what was printed is in the log; the next run is cold."""
    function = start(STUCK, Timeout=0.4)
    stuck, fine = function.invoke("true"), function.invoke("false")
    assert failure(stuck) == (433, -1, "Invoking task timed out after 0.4 seconds")
    assert 400 <= stuck.duration_ms < 1400
    assert stuck.log == "working\n"
    assert (fine.result_json, fine.cold) == ('"done"', True)
    assert function.instance_count == 1


def test_the_time_limit_holds_against_a_function_that_ignores_signals(start: Start) -> None:
    """Nothing that Python code can do puts off the end."""
    function = start(
        "import signal\ndef main_handler(event, context):\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    while True: pass\n",
        Timeout=0.3,
    )
    assert failure(function.invoke("1")) == (433, -1, "Invoking task timed out after 0.3 seconds")


def test_initialisation_has_a_limit_of_its_own(start: Start) -> None:
    """Loading does not count against the time limit, but may not last for ever."""
    slow = start("import threading\nthreading.Event().wait(0.5)\n" + ECHO, Timeout=0.3)
    assert slow.invoke("1").result_json == "1"
    endless = start("import threading\nthreading.Event().wait()\n" + ECHO, InitTimeout=0.3)
    assert failure(endless.invoke("1")) == (450, -1, "Initialization timed out after 0.3 seconds")


@pytest.mark.parametrize("ending", ["threading.Event().wait()", "return len(taken)"])
def test_the_memory_limit_kills_the_instance(start: Start, ending: str) -> None:
    """Whether it still runs or has just returned: over the limit is over the limit."""
    function = start(
        f"import threading\ndef main_handler(event, context):\n    taken = b'x' * event\n    {ending}\n",
        MemorySize=64,
        Timeout=DEADLINE_S,
    )
    outcome = function.invoke(str(80 * MEGABYTE))
    assert failure(outcome) == (434, -1, "Task memory exceeded 64 MB")
    assert outcome.memory_mb > 64
    assert function.instance_count == 0


@pytest.mark.parametrize(
    "ending", ["sys.exit(3)", "os._exit(0)", "os.kill(os.getpid(), signal.SIGSEGV)", "raise KeyboardInterrupt"]
)
def test_a_process_that_ends_is_439_and_replaced(start: Start, ending: str) -> None:
    """However it ends, the caller learns it at once and the next event finds a new instance."""
    source = f"import os, signal, sys\ndef main_handler(event, context):\n    if event: {ending}\n    return 'alive'\n"
    function = start(source, Timeout=DEADLINE_S)
    assert not function.invoke("0").error
    ended, after = function.invoke("1"), function.invoke("0")
    assert failure(ended) == (439, -1, "User process exit when running")
    assert (ended.cold, after.cold, after.result_json) == (False, True, '"alive"')
    assert function.instance_count == 1


def test_a_process_that_ends_while_loading_is_439(start: Start) -> None:
    """sys.exit at import is the end of the process, too."""
    assert failure(start("import sys\nsys.exit()\n").invoke("1")) == (439, -1, "User process exit when running")


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_children_end_with_their_instance(start: Start) -> None:
    """A child that holds the pipes neither hides its parent's end nor outlives it."""
    function = start(
        "import os, threading\ndef main_handler(event, context):\n    child = os.fork()\n"
        "    if not child: threading.Event().wait()\n    print(child)\n    os._exit(1)\n",
        Timeout=DEADLINE_S,
    )
    outcome = function.invoke("1")
    assert failure(outcome) == (439, -1, "User process exit when running")
    wait_until(lambda: not is_running(int(outcome.log)))


def test_an_idle_instance_that_died_is_not_used(start: Start) -> None:
    """A warm instance killed from outside costs nobody an event."""
    function = start("import os\ndef main_handler(event, context):\n    return os.getpid()\n")
    pid = int(function.invoke("1").result_json or "")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    outcome = function.invoke("1")
    assert outcome.cold
    assert not outcome.error


def test_kill_all_ends_runs_under_way(start: Start, meeting: Path) -> None:
    """The crash of the machine: what runs ends with 439, what idles is gone, and the next event starts anew."""
    function = start(MEET, Timeout=DEADLINE_S)
    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(function.invoke, json.dumps([str(meeting), number, 4])) for number in range(3)]
        wait_until(lambda: len(list(meeting.iterdir())) == 3)
        function.kill_all()
        outcomes = [run.result() for run in runs]
    assert {failure(outcome) for outcome in outcomes} == {(439, -1, "User process exit when running")}
    (meeting / "go").touch()
    assert function.invoke(json.dumps([str(meeting), 7, 4])).result_json == "7"
    function.kill_all()
    assert function.instance_count == 0
    assert function.invoke(json.dumps([str(meeting), 7, 4])).cold


def test_close_leaves_nothing_behind(start: Start) -> None:
    """No process, no folder, no further invocation; closing again is fine."""
    function = start("import os\ndef main_handler(event, context):\n    return [os.getpid(), os.getcwd()]\n")
    pid, folder = json.loads(function.invoke("1").result_json or "")
    assert Path(folder).stat().st_mode & 0o222 == 0
    function.close()
    function.close()
    assert not is_running(pid)
    assert not Path(folder).parent.exists()
    with pytest.raises(PoolRetired, match="the pool of function flowlog takes no more events"):
        function.invoke("1")


def test_a_python_that_is_not_there_is_an_error_of_the_machine(tmp_path: Path) -> None:
    """It is no outcome of the function, and takes no instance's place."""
    made, python = function_of(ECHO), tmp_path / "no-python"
    function = ProcessPool(made, Account(Behaviour()), python, 1, lambda: None)
    try:
        with pytest.raises(FileNotFoundError):
            function.invoke("1", "r1")
        assert function.instance_count == 0
    finally:
        function.close()
