"""TDMQ-CMQ's message API: form fields, HmacSHA256, temporary keys with their token (platform.md section 6)."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tencentcloud.common.sign import Sign

from handler import jsontext
from handler.cloud.connection import Connection, NoReply, TooLong
from handler.cloud.retry import Patience, delays
from handler.errors import QueueError
from handler.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.budget import Budget
    from handler.settings import Credentials

PATH = "/v2/index.php"
BATCH = 16
"""The most messages that one BatchReceiveMessage or BatchDeleteMessage takes."""
CALL_TIMEOUT_S = 5.0
ATTEMPTS = 5
NOTHING_TO_RECEIVE = 7000
STALE_HANDLE = 4430
SOME_FAILED, ALL_FAILED = 6010, 6020
TOO_LONG = HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value
"""Our own code for a reply that is too long to be read; the queue's have four digits."""
_TRANSIENT = (0, 4420, 4480, 6000)  # no answer; too fast; the server's own fault

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Message:
    """A received message.

    Attributes:
        body: what was sent.
        handle: deletes the message, until it can be received again.
        message_id: stays the same, however often it is received.
        visible_at: when it can be received again, in seconds since 1970 by the queue's clock; 0 if that was not said.
    """

    body: str
    handle: str
    message_id: str
    visible_at: float = 0.0

    @property
    def key(self) -> tuple[str, int]:
        """Tells messages apart: a queue may repeat an id, or give none."""
        return self.message_id, hash(self.body)


class Queue:
    """One queue, spoken to with the keys of this invocation."""

    def __init__(self, endpoint: str, name: str, credentials: Callable[[], Credentials], budget: Budget) -> None:
        """Take an address, with or without its path.

        Args:
            endpoint: such as https://cmq-gz.public.tencenttdmq.com.
            name: the queue's.
            credentials: reads the keys, at each call: they may rotate while a sweep runs.
            budget: the time for calls and their retries.
        """
        self._endpoint = endpoint
        scheme, _, place = endpoint.rpartition("://")
        host, _, path = place.partition("/")
        scheme = scheme or "https"
        # As it goes over the wire, for it is signed: in small letters, without the scheme's own port.
        self._host = host.lower().removesuffix({"https": ":443", "http": ":80"}.get(scheme, ""))
        self._path = PATH if path.strip("/") in ("", "v2") else f"/{path.strip('/')}"
        self._url = f"{scheme}://{self._host}{self._path}"
        self.name = name
        self._credentials = credentials
        self._budget = budget
        self._connection = Connection(budget, CALL_TIMEOUT_S)

    def within(self, budget: Budget) -> Queue:
        """The same queue, with another time for its calls."""
        return Queue(self._endpoint, self.name, self._credentials, budget)

    def send(self, body: str) -> str:
        """Send one message of at most 1 MB and return its id.

        Raises:
            QueueError: the queue refused it, or did not answer in time.
        """
        return str(self._call("SendMessage", {"msgBody": body, "delaySeconds": 0}).get("msgId") or "")

    def send_many(self, bodies: Sequence[str]) -> None:
        """Send up to 16 messages of at most 1 MB together, in one call that is not retried.

        Raises:
            QueueError: see `send`; some of them may have been sent.
        """
        self._once("BatchSendMessage", {f"msgBody.{number}": body for number, body in enumerate(bodies)})

    def receive(self, number: int = BATCH) -> list[Message]:
        """Receive up to 16 messages, none if there is nothing to receive.

        Raises:
            QueueError: see `send`.
        """
        try:
            reply = self._call("BatchReceiveMessage", {"numOfMsg": number, "pollingWaitSeconds": 0})
        except QueueError as error:
            if error.code == NOTHING_TO_RECEIVE:
                return []
            if error.code == TOO_LONG and number > 1:  # whoever else writes to it may send messages of 1 MB
                return self.receive(1)
            raise
        return [_message(each) for each in jsontext.objects(reply.get("msgInfoList"))]

    def delete(self, handles: Sequence[str]) -> None:
        """Delete received messages, none to 16. A stale handle is no error: somebody else has the message now.

        Raises:
            QueueError: see `send`.
        """
        if not handles:
            return
        fields = {f"receiptHandle.{number}": handle for number, handle in enumerate(handles)}
        try:
            self._call("BatchDeleteMessage", fields)
        except QueueError as error:
            if error.code not in (STALE_HANDLE, SOME_FAILED, ALL_FAILED):
                raise

    def _call(self, action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        patience = Patience(self._budget.wait, delays(ATTEMPTS))
        while True:
            try:
                return self._once(action, fields)
            except QueueError as error:
                if error.code not in _TRANSIENT or not patience.again():
                    raise

    def _once(self, action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        if self._budget.left() <= 0:
            raise QueueError(0, "the invocation's time ran out")
        try:
            reply = self._connection.request("POST", self._url, urlencode(self._signed(action, fields)), _FORM)
            if reply.status_code != HTTPStatus.OK:
                raise QueueError(0, f"HTTP status {reply.status_code}")
            content = jsontext.parse(reply.content)
        except TooLong as error:
            raise QueueError(TOO_LONG, str(error)) from None
        except (NoReply, jsontext.NotJson) as error:
            raise QueueError(0, str(error)) from None
        if not isinstance(content, dict) or type(content.get("code")) is not int:  # JSON's false is no zero
            raise QueueError(0, "a reply without code")
        if content["code"] != 0:
            raise QueueError(content["code"], str(redact(content.get("message") or ""))[:200])
        return content

    def _signed(self, action: str, fields: Mapping[str, Any]) -> dict[str, str]:
        keys = self._credentials()
        form = {
            "Action": action,
            "queueName": self.name,
            "SecretId": keys.secret_id,
            "Timestamp": str(int(time.time())),
            "Nonce": str(random.SystemRandom().randint(1, 2**31)),
            "RequestClient": "eni-flowlog",
            "SignatureMethod": "HmacSHA256",
            **{key: str(value) for key, value in fields.items()},
        }
        if keys.token:
            form["Token"] = keys.token
        text = "&".join(f"{key.replace('_', '.')}={form[key]}" for key in sorted(form))
        plain = f"POST{self._host}{self._path}?{text}"
        form["Signature"] = Sign.sign(keys.secret_key, plain, "HmacSHA256")
        return form


def _message(entry: Mapping[str, Any]) -> Message:
    """A message of BatchReceiveMessage's msgInfoList (doc 1496/61031)."""
    visible_at, body = entry.get("nextVisibleTime"), entry.get("msgBody", "")
    return Message(
        body if isinstance(body, str) else json.dumps(body),
        str(entry.get("receiptHandle") or ""),
        str(entry.get("msgId") or ""),
        float(visible_at) if isinstance(visible_at, (int, float)) else 0.0,
    )
