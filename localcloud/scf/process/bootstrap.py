"""What runs inside an instance: loads the function once, then runs it for each event it is handed.

A script of its own, given to the function's Python (3.10 or later, standard library only) by `function_process.py`:

    python bootstrap.py CHANNEL HANDLER CODE_ROOT

Requests come on CHANNEL, the descriptor of a socket, and answers go to it, one JSON object a line. Standard output and
error stay the function's own. First answer, once loaded: {"ready": true} or {"status": 437|443, "message": "…"}. Then
for each request {"event": "<JSON text>", "context": {…}, "credentials": [id, key, token] | null} one answer
{"result": "<JSON text>"} or {"trace": "<stack trace>"}.
"""

# ruff: noqa: PTH110, PTH115, PTH118, PTH119, PTH120 - pathlib would weigh on the memory of every function measured

import errno
import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

CREDENTIALS = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
DOCUMENTED_ROOT = "/var/user"
HANDLER_NOT_FOUND = 437
USER_CODE_ERROR = 443
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# Audit events that change the file system: for each path among the event's arguments, its place and that of the
# directory it is relative to (https://docs.python.org/3/library/audit_events.html).
CHANGES: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.link": ((1, 3),),
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.removexattr": ((0, None),),
    "os.rename": ((0, 2), (1, 3)),
    "os.rmdir": ((0, 1),),
    "os.setxattr": ((0, None),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.utime": ((0, 3),),
}

Handler = Callable[[Any, dict[str, Any]], Any]


def main(channel: int, handler: str, code_root: str) -> None:
    """Load the function and serve requests until there are no more.

    Args:
        channel: Where requests are read and answers are written.
        handler: `module.function`, the module standing at the root of the code.
        code_root: The folder of the function's code.
    """
    os.set_inheritable(channel, False)  # noqa: FBT003 - positional-only. A program that the function starts must not hold it open
    requests, replies = os.fdopen(channel, "rb"), os.fdopen(channel, "wb", closefd=False)
    prepare(code_root)
    function = load(handler, code_root, replies)
    if function is not None:
        for line in requests:
            reply(replies, run(function, json.loads(line), code_root))


def prepare(code_root: str) -> None:
    """Make this process look like SCF's: nothing importable but the code and the standard library, files read-only."""
    import site  # noqa: PLC0415 - -S kept it from adding site-packages, but exit and quit are builtins users know

    site.setquit()
    del sys.path[0]  # the folder of this script
    sys.argv = [""]
    sys.addaudithook(read_only_files(code_root))


def read_only_files(code_root: str) -> Callable[[str, tuple[Any, ...]], None]:
    """Make the audit hook (PEP 578) that leaves only /tmp writable, as SCF's file system does, to root as well.

    Args:
        code_root: The folder of the code, read-only though it may itself lie below /tmp.

    Returns:
        The hook. It raises OSError EROFS. Programs started by the function are not under it.
    """
    changes, root = CHANGES, os.path.realpath(code_root)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & WRITING:
                refuse_outside_tmp(path, None, root)
        elif event in changes:
            for place, folder in changes[event]:
                refuse_outside_tmp(arguments[place], None if folder is None else arguments[folder], root)

    return hook


def refuse_outside_tmp(path: Any, folder: int | None, code_root: str) -> None:
    """Raise OSError EROFS if the path, relative to the folder's descriptor if given, is not one that may change."""
    if isinstance(path, int):
        return  # an open file: it was judged when it was opened
    name = os.fsdecode(path)
    if folder is not None and folder >= 0:
        name = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name)
    place = os.path.join(os.path.realpath(os.path.dirname(name) or "."), os.path.basename(name))
    if not (is_writable(place, code_root) and is_writable(os.path.realpath(place), code_root)):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), name)


def is_writable(place: str, code_root: str) -> bool:
    """Tell whether it lies in /tmp or /dev, save the code itself."""
    if place == code_root or place.startswith(code_root + "/"):
        return False
    return (place + "/").startswith(("/tmp/", "/dev/"))  # noqa: S108 - SCF's one writable folder


def load(handler: str, code_root: str, replies: BinaryIO) -> Handler | None:
    """Import the function and say how that went.

    Args:
        handler: `module.function`.
        code_root: The folder of the code.
        replies: Where the answer is written.

    Returns:
        The function, or None after it answered why there is none.
    """
    module, _, name = handler.rpartition(".")
    entry = f"{code_root}/{module.replace('.', '/')}"
    if not any(os.path.exists(entry + ending) for ending in (".py", ".pyc", "/__init__.py")):
        message = f"Handler not found: the entry file of '{handler}' is not in the root of the code package"
        reply(replies, {"status": HANDLER_NOT_FOUND, "message": message})
        return None
    try:
        function: Handler = getattr(importlib.import_module(module), name)
    except Exception as error:  # noqa: BLE001 - whatever a user's module raises is reported as SCF does
        reply(replies, {"status": USER_CODE_ERROR, "message": trace(error, code_root)})
        return None
    reply(replies, {"ready": True})
    return function


def run(function: Handler, request: dict[str, Any], code_root: str) -> dict[str, Any]:
    """Run the function once.

    Args:
        function: The user's handler.
        request: Event, context and credentials.
        code_root: The folder of the code, shown under its documented name in stack traces.

    Returns:
        The answer. sys.exit is not caught: on SCF it ends the process, too.
    """
    set_credentials(request["credentials"])
    try:
        result = function(json.loads(request["event"]), request["context"])
        return {"result": json.dumps(result, allow_nan=False)}
    except Exception as error:  # noqa: BLE001 - whatever a user's function raises is reported as SCF does
        return {"trace": trace(error, code_root)}


def set_credentials(credentials: list[str] | None) -> None:
    """Put the execution role's temporary keys into the environment; without a role there are none."""
    for name in CREDENTIALS:
        os.environ.pop(name, None)
    os.environ.update(zip(CREDENTIALS, credentials or (), strict=False))


def trace(error: Exception, code_root: str) -> str:
    """Return the stack trace from the user's code on, without this script's frame; "?" stands for what is no text."""
    import traceback  # noqa: PLC0415 - a megabyte that only failing functions need

    frames = error.__traceback__.tb_next if error.__traceback__ else None
    text = "".join(traceback.format_exception(type(error), error, frames)).encode(errors="replace").decode()
    return text.replace(code_root, DOCUMENTED_ROOT).rstrip("\n")


def reply(replies: BinaryIO, answer: dict[str, Any]) -> None:
    """Write one answer."""
    replies.write(json.dumps(answer).encode() + b"\n")
    replies.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
