"""Any payload of any trigger → items: interfaces, a command, ignored, invalid (platform.md sections 1, 2 and 5)."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handler import jsontext, schema
from handler.errors import attempted
from handler.intake import cloudaudit
from handler.model import Command, Failure, History, Ignored, Interface, Invalid, Item
from handler.schema import Unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    _Reader = Callable[[Mapping[str, Any], int], Iterable[Item]]

MAX_NESTING = 4
"""A dead letter of a CMQ message of an EventBridge event is three deep; what is deeper is no trigger's work."""
MAX_UNZIPPED_BYTES = 6 * 1024 * 1024
"""The most that a synchronous event may hold (doc 583/11637), also for what CLS has zipped."""

COMMANDS = ("ensure", "backfill", "redrive", "status", "repair", "sweep")


def read(payload: Any, nesting: int = 0) -> list[Item]:
    """Unwrap, validate and normalise whatever came in.

    Args:
        payload: the function's event, of any JSON type.
        nesting: how many triggers' wrappings have been taken off already.

    Returns:
        At least one item for each thing that came in. Nothing is raised: what no schema accepts is an Invalid item.
    """
    if not isinstance(payload, dict):
        return [Invalid(f"$: must be object, not {_json_type(payload)}", payload)]
    if nesting > MAX_NESTING:
        return [Invalid(f"$: wrapped in more than {MAX_NESTING} triggers", payload)]
    for is_shape, reader in _SHAPES:
        if is_shape(payload):
            try:
                return list(reader(payload, nesting))
            except Unusable as error:
                return [Invalid(str(error), payload)]
    return [Invalid("$: no payload that this function knows; README.md lists them", payload)]


def read_text(text: Any, nesting: int = 0) -> list[Item]:
    """Read a payload that is carried as JSON text; `nesting` is that of the payload."""
    try:
        return read(_parsed(text, "$"), nesting)
    except Unusable as error:
        return [Invalid(str(error), text)]


def items_of(reader: Callable[[Any], list[Item]], payload: Any) -> list[Item]:
    """What `read` or `read_text` makes of a payload; an invalid item, where a fault of this program kept it from it."""
    items = attempted(lambda: reader(payload))
    return [Invalid(items.message, payload)] if isinstance(items, Failure) else items


def _parsed(value: Any, path: str) -> Any:
    """What stands at a path, which may be JSON text.

    Raises:
        Unusable: it is text, and no JSON.
    """
    try:
        return jsontext.parse(value) if isinstance(value, str) else value
    except jsontext.NotJson as error:
        raise Unusable(f"{path}: {error}") from None


def _event_list(payload: Mapping[str, Any], nesting: int) -> Iterator[Item]:
    """EventBridge's batch delivery (doc 248/87558)."""
    yield from _each(payload, "EventList", lambda event: read(event, nesting + 1))


def _records(payload: Mapping[str, Any], nesting: int) -> Iterator[Item]:
    """CKafka and CMQ triggers (doc 583/31927)."""
    yield from _each(payload, "Records", lambda record: _message(record, nesting))


def _each(payload: Mapping[str, Any], key: str, reader: Callable[[Any], list[Item]]) -> Iterator[Item]:
    entries = payload[key]
    if not isinstance(entries, list) or not entries:
        raise Unusable(f"$.{key}: must be array with at least one entry")
    for entry in entries:
        yield from reader(entry)


def _message(record: Any, nesting: int) -> list[Item]:
    for kind in ("Ckafka", "CMQ"):
        message = record.get(kind) if isinstance(record, dict) else None
        if isinstance(message, dict) and "msgBody" in message:
            return read_text(message["msgBody"], nesting + 1)
    return [Invalid("$.Records[]: must have Ckafka or CMQ with msgBody", record)]


def _cls(payload: Mapping[str, Any], nesting: int) -> Iterator[Item]:
    """A CLS trigger: base64 of gzip of JSON, each record's content being one CloudAudit record (doc 583/31927)."""
    data = payload["clslogs"].get("data") if isinstance(payload["clslogs"], dict) else None
    if not isinstance(data, str):
        raise Unusable("$.clslogs.data: must be string")
    try:
        content = jsontext.parse(_unzip(data))
    except ValueError as error:
        # What could not be read cannot be redacted either: only its print is kept.
        seen = {"clslogs": {"characters": len(data), "sha256_begins": _digest(data)}}
        yield Invalid(f"$.clslogs.data: {error}", seen)
        return
    records = content.get("records") if isinstance(content, dict) else None
    if not isinstance(records, list) or not records:
        yield Invalid("$.clslogs.data.records: must be array with at least one entry", content)
        return
    for record in records:
        yield from read_text(record.get("content") if isinstance(record, dict) else None, nesting + 1)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _unzip(data: str) -> bytes:
    """Undo base64 and gzip, of bounded size: a few kilobytes can unzip to gigabytes."""
    try:
        zipped = base64.b64decode(data, validate=True)
    except ValueError:
        raise ValueError("not base64") from None
    unzipper = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = unzipper.decompress(zipped, MAX_UNZIPPED_BYTES)
    except zlib.error:
        raise ValueError("not gzip") from None
    if unzipper.unconsumed_tail:
        raise ValueError(f"unzips to more than {MAX_UNZIPPED_BYTES} bytes")
    if not unzipper.eof:
        raise ValueError("gzip cut short")
    if unzipper.unused_data.strip(b"\0"):
        raise ValueError("more than one gzip")
    return content


def _timer(payload: Mapping[str, Any]) -> Iterator[Item]:
    """A timer: its Message is a command; an empty one means sweep."""
    message = payload.get("Message")
    if message is None or (isinstance(message, str) and not message.strip()):
        message = {"command": "sweep"}
    command = _parsed(message, "$.Message")
    if not isinstance(command, dict):
        raise Unusable("$.Message: must be a command")
    yield from _command(command)


def _command(payload: Mapping[str, Any]) -> Iterator[Item]:
    name = payload.get("command")
    if name not in COMMANDS:
        raise Unusable(f"$.command: must be one of {', '.join(COMMANDS)}")
    schema.accept("command", payload, str(name))
    if name == "ensure":
        yield from (_named(each) for each in payload["interfaces"])
    else:
        yield Command(str(name), {key: _whole(value) for key, value in payload.items()})


def _interface_event(payload: Mapping[str, Any]) -> Iterator[Item]:
    """The project's own event, for other producers."""
    schema.accept("interface-event", payload)
    yield _named(payload)


def _named(fields: Mapping[str, Any], history: History | None = None) -> Interface:
    return Interface(
        fields["region"],
        interface_id=fields.get("interface_id", ""),
        vpc_id=fields.get("vpc_id", ""),
        subnet_id=fields.get("subnet_id", ""),
        instance_id=fields.get("instance_id", ""),
        attaching="interface_id" not in fields,
        since=fields.get("since", ""),
        history=history,
    )


def _platform_letter(payload: Mapping[str, Any], nesting: int) -> Iterator[Item]:
    """SCF's native dead letter: the original event is the JSON text in Body.ClientContext (doc 583/39704)."""
    yield from read_text(platform_body(payload)["ClientContext"], nesting + 1)


def _own_letter(payload: Mapping[str, Any], nesting: int) -> Iterator[Item]:
    """Our own dead letter, coming back: what is in it is run again, and its history kept."""
    schema.accept("dead-letter", payload)
    attempts, code = _whole(payload["attempts"]), payload["error"]["code"]
    history = History(payload["id"], attempts, payload["first_failed_at"], code)
    if payload["kind"] == "interface":
        yield _named(payload["interface"], history)
        return
    for item in read(payload["event"], nesting + 1):
        yield item if isinstance(item, Ignored) else replace(item, history=history)


def _cloud_event(payload: Mapping[str, Any]) -> Iterator[Item]:
    """An EventBridge event, whose data is a CloudAudit record (doc 248/87543)."""
    data = _parsed(payload["data"], "$.data")
    if not isinstance(data, dict):
        raise Unusable(f"$.data: must be object, not {_json_type(data)}")
    items = cloudaudit.read(data, payload)
    if isinstance(items[0], Invalid):
        raise Unusable(items[0].problem.replace("$", "$.data", 1))
    if isinstance(items[0], Interface):
        schema.accept("event", {**payload, "data": ""}, "cloudEvent")
    yield from items


def _looked_up(payload: Mapping[str, Any], nesting: int) -> Iterator[Item]:
    """A row of CloudAudit's DescribeEvents: its record as text, or, where that was cut out, what the row says of it."""
    if payload.get("CloudAuditEvent"):
        yield from read_text(payload["CloudAuditEvent"], nesting + 1)
        return
    resources = payload.get("Resources")
    fields = {
        "eventName": payload["EventName"],
        "eventTime": payload.get("EventTime"),
        "eventRegion": payload.get("EventRegion"),
        "errorCode": payload.get("ErrorCode"),
        "resourceSet": [{"resourceRegion": payload.get("ResourceRegion")}],
        "resourceName": resources.get("ResourceName") if isinstance(resources, dict) else None,
    }
    for item in cloudaudit.read(fields):
        yield replace(item, payload=payload) if isinstance(item, Invalid) else item


def _flat(reader: Callable[[Mapping[str, Any]], Iterable[Item]]) -> _Reader:
    """A reader of what holds no other payload."""
    return lambda payload, _nesting: reader(payload)


def _has(*keys: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda payload: all(key in payload for key in keys)


def _is_platform_letter(payload: Mapping[str, Any]) -> bool:
    return "ClientContext" in platform_body(payload)


def platform_body(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The Body of SCF's native dead letter, which may be JSON text; empty for any other payload."""
    body = jsontext.said(payload.get("Body"))
    return body if isinstance(body, dict) else {}


# The first shape that fits reads the payload.
_SHAPES: tuple[tuple[Callable[[Mapping[str, Any]], bool], _Reader], ...] = (
    (_has("EventList"), _event_list),
    (_has("Records"), _records),
    (_has("clslogs"), _cls),
    (lambda payload: payload.get("Type") == "Timer", _flat(_timer)),
    (_has("command"), _flat(_command)),
    (_has("schema_version", "kind", "error"), _own_letter),
    (_is_platform_letter, _platform_letter),
    (_has("eventName"), _flat(cloudaudit.read)),
    (_has("data"), _flat(_cloud_event)),
    (_has("event"), _flat(_interface_event)),
    (_has("EventName", "EventTime"), _looked_up),
)


def _whole(value: Any) -> Any:
    """JSON Schema's integer takes 1.0 as well: what is a whole number becomes one, all else stays as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _json_type(value: Any) -> str:
    names = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "string", list: "array"}
    return names.get(type(value), "object")
