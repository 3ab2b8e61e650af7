"""Each answer of Telegram, and of proxies in between, gives its send result, without Telegram's text."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from satark.api.outbound import Blocked, Misconfigured, Permanent, SendResult, Throttled, Transient
from satark_telegram.errors import BotApiError, read, result_of


def error(description: str, **parameters: Any) -> str:
    return json.dumps({"ok": False, "error_code": 1, "description": description, "parameters": parameters})


@pytest.mark.parametrize(
    ("status", "content", "result"),
    [
        (429, error("Too Many Requests: retry after 7", retry_after=7), Throttled(7, "conversation")),
        (429, error("Too Many Requests"), Throttled(9, "conversation")),
        (429, error("Too Many Requests", retry_after="soon"), Throttled(9, "conversation")),
        (429, "slow down", Throttled(9, "conversation")),
        (400, "[1]", Transient("network")),
        (403, error("Forbidden: bot was blocked by the user"), Blocked()),
        (403, error("Forbidden: user is deactivated"), Blocked()),
        (400, error("Bad Request: chat not found"), Blocked()),
        (400, error("Bad Request: PEER_ID_INVALID"), Blocked()),
        (400, error("Bad Request: message is too long"), Permanent("bad-request")),
        (400, error("Bad Request: file is too big"), Permanent("too-large")),
        (413, error("Request Entity Too Large"), Permanent("bad-request")),
        (401, error("Unauthorized"), Misconfigured("unauthorized")),
        (404, error("Not Found"), Misconfigured("unauthorized")),
        (409, error("Conflict: terminated by other getUpdates request"), Misconfigured("conflict")),
        (404, '{"error":"upstream"}', Transient("network")),
        (404, "<html>", Transient("network")),
        (404, "", Transient("network")),
        (500, error("Internal Server Error"), Transient("network")),
        (502, "<html>502</html>", Transient("network")),
        (302, "", Transient("network")),
        (200, "not json", Transient("network")),
        (200, '{"ok":false,"result":true}', Transient("network")),
    ],
)
def test_a_failed_call_has_its_result(status: int, content: str, result: SendResult) -> None:
    with pytest.raises(BotApiError) as caught:
        result_of(status, content.encode(), "9")
    assert caught.value.result == result
    assert "Bad Request" not in repr(caught.value)


def test_throttling_without_a_time_pauses_five_seconds() -> None:
    with pytest.raises(BotApiError) as caught:
        result_of(429, b"")
    assert caught.value.result == Throttled(5, "conversation")


def test_a_result_of_another_shape_is_not_telegrams() -> None:
    assert read(result_of(200, b'{"ok":true,"result":[1]}'), list[int]) == [1]
    for content in (b'{"ok":true,"result":{}}', b'{"ok":true}'):
        with pytest.raises(BotApiError) as caught:
            read(result_of(200, content), list[msgspec.Raw])
        assert caught.value.result == Transient("unconfirmed")
