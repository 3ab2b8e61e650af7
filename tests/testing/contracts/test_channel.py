"""The contract of channels accepts a correct channel and detects a faulty one."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
import pytest

from satark.api.channel import (
    RawRequest,
    RawResponse,
)
from satark_testing.contracts.channel import BrokenRule, check_channel
from support.postcards import BODY, Postcards, case, signed


async def test_an_inline_channel_answers_in_the_response() -> None:
    await check_channel(case(Postcards()))
    channel = Postcards()
    channel.reply = lambda raw, outcome: RawResponse()  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C23 the response of an inline channel holds the whole prompt"):
        await check_channel(case(channel))


async def test_a_case_with_one_message_cannot_test_event_keys() -> None:
    with pytest.raises(BrokenRule, match="C05"):
        await check_channel(case(Postcards(), genuine=[signed(BODY)], texts=("Hi",)))


@pytest.mark.parametrize(
    ("proven_by", "fields"), [("query", {"query": "key=4711"}), ("path", {"path": "/postcards/4711"})]
)
async def test_a_channel_that_ignores_its_secret_is_detected_wherever_the_secret_is(
    proven_by: str, fields: dict[str, str]
) -> None:
    """The kit detects a channel that accepts every request, wherever its secret is."""

    def proven(raw: RawRequest) -> bool:
        (name, expected), *_ = fields.items()
        return hmac.compare_digest(str(getattr(raw, name)).encode(), expected.encode())

    genuine = [
        msgspec.structs.replace(signed(body), headers={}, **fields) for body in (BODY, BODY.replace(b"Hi", b"Bye"))
    ]
    channel = Postcards()
    channel.verify = proven  # type: ignore[method-assign]
    changed: dict[str, Any] = {"genuine": genuine, "proven_by": proven_by, "covers_body": False}
    await check_channel(case(channel, **changed))
    with pytest.raises(BrokenRule, match=r'C08(.*\n)*.*say where its secret is, such as `proven_by="path"`'):
        await check_channel(case(channel, **{**changed, "proven_by": "headers"}))
    channel.verify = lambda raw: True  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C08 `verify` refuses a request without its signature or secret"):
        await check_channel(case(channel, **changed))
