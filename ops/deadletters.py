"""The messages of the dead-letter queue as an operator sees them: our records, the platform's, and whatever else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handler import jsontext, schema
from handler.cloud.queue import BATCH
from handler.errors import CloudError
from handler.intake.events import platform_body
from handler.model import Failure
from handler.redaction import redact
from ops import console
from ops.deployment.cloud import TDMQ, moment_of
from ops.deployment.invoke import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from handler.cloud.queue import Message
    from ops.session import Session

_DEFAULT_VISIBILITY_S = 30


@dataclass(frozen=True)
class Record:
    """A message of the queue.

    Attributes:
        received: the message; its handle deletes it until the visibility time-out is over.
        ident: the record's id, which stays the same when it fails again; of other messages, the request's or its own.
        kind: interface, event or command; `platform` for SCF's native messages, `unknown` for what is neither.
        what: in a few words, what could not be done.
        error: why, of which class (as in `schemas/dead-letter.schema.json`), and with which code.
        attempts: how often it was run; 0 where that is not known.
        exhausted: it has failed too often, and a redrive leaves it alone.
        since: when it failed first; None where that is not known.
        content: the whole record, without secrets.
    """

    received: Message = field(repr=False)
    ident: str
    kind: str
    what: str
    error: Failure
    attempts: int = 0
    exhausted: bool = False
    since: datetime | None = None
    content: Any = None

    def as_dict(self) -> dict[str, Any]:
        """The record as `dlq list --json` gives it."""
        return {
            "id": self.ident,
            "kind": self.kind,
            "what": self.what,
            "error": {"class": self.error.kind, "code": self.error.code, "message": self.error.message},
            "attempts": self.attempts,
            "exhausted": self.exhausted,
            "since": self.since.strftime("%Y-%m-%dT%H:%M:%SZ") if self.since else None,
            "record": self.content,
        }


@dataclass(frozen=True)
class Depth:
    """How many messages a queue holds; None where that is not known.

    Attributes:
        readable: can be received, or are held by this machine.
        hidden: somebody else has received them.
        visibility_s: for how many seconds a message is hidden from all others by who receives it.
    """

    readable: int | None = None
    hidden: int | None = None
    visibility_s: int = _DEFAULT_VISIBILITY_S


def depth(run: Session) -> Depth:
    """Ask the queue's management API how much there is: not known where the keys may not, or it does not say."""
    try:
        reply = run.cloud.call(TDMQ, "DescribeCmqQueueDetail", {"QueueName": run.queue.name}, run.settings.dlq_region)
    except CloudError:
        return Depth()
    queue = reply.get("QueueDescribe") or {}
    visible, hidden, visibility = (queue.get(name) for name in ("ActiveMsgNum", "InactiveMsgNum", "VisibilityTimeout"))
    if not isinstance(visible, int) or not isinstance(hidden, int):
        return Depth()
    held = len(run.queue.held)
    return Depth(visible + held, max(0, hidden - held), visibility or _DEFAULT_VISIBILITY_S)


def receive(run: Session, limit: int | None = None) -> Iterator[list[Record]]:
    """Receive the queue's messages, up to 16 at a time, each once: those first that this machine still holds.

    Args:
        run: its stop ends the work.
        limit: the most messages.

    Raises:
        QueueError: the queue could not be read.
    """
    seen: set[str] = set()
    while not run.stop.asked and (limit is None or len(seen) < limit):
        received = run.queue.receive(BATCH if limit is None else min(BATCH, limit - len(seen)))
        new = [each for each in received if each.message_id not in seen]
        if not new:
            return
        seen.update(each.message_id for each in new)
        yield [record_of(each) for each in new]


def record_of(message: Message) -> Record:
    """Read a message, whatever it holds."""
    try:
        content = jsontext.parse(message.body)
    except jsontext.NotJson:
        return _unknown(message, message.body)
    if not schema.problems("dead-letter", content):
        return _own(message, content)
    if isinstance(content, dict) and "ClientContext" in platform_body(content):
        return _platform(message, content)
    return _unknown(message, content)


def _own(message: Message, letter: Mapping[str, Any]) -> Record:
    error = letter["error"]
    return Record(
        message,
        ident=letter["id"],
        kind=letter["kind"],
        what=_what(letter),
        error=Failure(error["class"], error["code"], redact(error["message"])),
        attempts=letter["attempts"],
        exhausted=letter.get("exhausted", False),
        since=moment_of(letter["first_failed_at"]),
        content=redact(letter),
    )


def _what(letter: Mapping[str, Any]) -> str:
    interface = letter.get("interface")
    if interface:
        ids = (interface.get(name) for name in ("interface_id", "instance_id", "subnet_id", "vpc_id"))
        return f"{interface['region']} {next(filter(None, ids))}"
    event = letter.get("event")
    if letter["kind"] != "command" or not isinstance(event, dict):
        return "event"
    meant = event.get("interfaces")
    if isinstance(meant, list):
        return f"{event.get('command')} {console.counted(len(meant), 'interface')}"
    return " ".join([str(event.get("command")), *map(str, event.get("regions") or ())])


def _platform(message: Message, letter: Mapping[str, Any]) -> Record:
    """SCF's native dead letter (doc 583/39704)."""
    body = platform_body(letter)
    retries = body.get("RetryNum")
    return Record(
        message,
        ident=str(body.get("RequestId") or letter.get("RequestId") or message.message_id),
        kind="platform",
        what=str(
            redact(f"{body.get('FunctionName') or 'function'} ({body.get('RequestSource') or 'unknown trigger'})")
        ),
        error=Failure("platform", str(letter.get("ErrorCode") or ""), reason_of(str(letter.get("ErrorMessage") or ""))),
        attempts=retries + 1 if isinstance(retries, int) else 0,
        since=moment_of(str(body.get("PushTime") or "")),
        content=redact(letter),
    )


def _unknown(message: Message, content: Any) -> Record:
    problem = "neither a record of ours nor the platform's: a redrive reads it as an event"
    error = Failure("invalid", "NotARecord", problem)
    return Record(message, message.message_id, "unknown", "message", error, content=redact(content))
