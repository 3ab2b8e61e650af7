"""Requests of a channel: genuine ones pass, forged ones change nothing."""

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


async def test_a_case_with_one_message_can_show_nothing_of_keys() -> None:
    with pytest.raises(BrokenRule, match="C05"):
        await check_channel(case(Postcards(), genuine=[signed(BODY)], texts=("Hi",)))


@pytest.mark.parametrize(
    ("proven_by", "fields"), [("query", {"query": "key=4711"}), ("path", {"path": "/postcards/4711"})]
)
async def test_a_secret_may_stand_in_the_query_or_the_path(proven_by: str, fields: dict[str, str]) -> None:
    """A channel that accepts everything is found out wherever its secret is."""

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
    with pytest.raises(BrokenRule, match="C08 a request without its secret is refused"):
        await check_channel(case(channel, **changed))
