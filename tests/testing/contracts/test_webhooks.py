"""The kit sends a channel genuine requests, which must pass, and forged ones, which must not."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
import pytest

from satark.api.channel import (
    RawRequest,
)
from satark_testing.contracts.channel import BrokenRule, check_channel
from support.postcards import BODY, Postcards, case, signed


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
