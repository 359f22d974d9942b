"""The signature of CMQ's message API, held against one computed by hand (platform.md section 6)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

import pytest

from handler.budget import Budget
from handler.cloud import queue
from handler.cloud.queue import Queue
from handler.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = Credentials("AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA", "Gu5t9xGARNpq86cd98joQYCN3Cozk1qA", "token/+=")


def signed(endpoint: str, keys: Credentials, fields: Mapping[str, object]) -> dict[str, str]:
    return Queue(endpoint, "eni-flowlog-dlq", lambda: keys, Budget(1.0))._signed("SendMessage", fields)  # noqa: SLF001 - else its address must be met


def by_hand(text: str) -> str:
    return base64.b64encode(hmac.new(KEYS.secret_key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_the_signature_is_the_documented_one() -> None:
    """HMAC-SHA256 over method, host, path and the sorted fields, unencoded, `_` in a key as `.`."""
    form = signed("https://cmq-gz.public.tencenttdmq.com", KEYS, {"msgBody": '{"a b":"_&=/ü"}', "x_y": 1})
    assert form["Signature"] == by_hand(
        "POSTcmq-gz.public.tencenttdmq.com/v2/index.php?Action=SendMessage"
        f"&Nonce={form['Nonce']}&RequestClient=eni-flowlog&SecretId={KEYS.secret_id}&SignatureMethod=HmacSHA256"
        f'&Timestamp={form["Timestamp"]}&Token=token/+=&msgBody={{"a b":"_&=/ü"}}'
        "&queueName=eni-flowlog-dlq&x.y=1"
    )
    assert form["x_y"] == "1"


def test_permanent_keys_have_no_token() -> None:
    """An empty Token would be a wrong one."""
    assert "Token" not in signed("q.example", Credentials("id", "key"), {})


@pytest.mark.parametrize(
    ("endpoint", "place"),
    [
        ("q.example", "q.example/v2/index.php"),
        ("https://q.example/", "q.example/v2/index.php"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080/v2/index.php"),
        ("http://127.0.0.1:80", "127.0.0.1/v2/index.php"),
        ("https://CMQ-gz.Example:443", "cmq-gz.example/v2/index.php"),
        ("https://q.example/v2/", "q.example/v2/index.php"),
        ("https://q.example/v2/index.php/", "q.example/v2/index.php"),
        ("https://q.example/other/path", "q.example/other/path"),
    ],
)
def test_the_address_with_and_without_its_path(endpoint: str, place: str) -> None:
    """What is signed is where it is sent."""
    form = signed(endpoint, KEYS, {})
    fields = "&".join(f"{key}={form[key]}" for key in sorted(form.keys() - {"Signature"}))
    assert form["Signature"] == by_hand(f"POST{place}?{fields}")


def test_requests_differ() -> None:
    """The nonce keeps two sends in one second apart."""
    assert len({signed("q.example", KEYS, {})["Nonce"] for _ in range(20)}) > 1
    assert queue.BATCH == 16
