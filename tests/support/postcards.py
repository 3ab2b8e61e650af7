"""A small channel that keeps the contract, for tests that break one part of the channel."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from satark.api.channel import Endpoint, MediaGone, Outcome, RawRequest, RawResponse
from satark.api.inbound import Address, Batch, Event, Inbound, Malformed, MediaRef, Text
from satark.api.outbound import Accepted, Call, SendResult
from satark.api.prompt import Capabilities, Prompt
from satark_testing.contracts.channel import ChannelCase

PHONE = "919876543210"
BODY = b'{"from":"919876543210","id":"Hi","name":"Sunita","text":"Hi"}'


class Message(msgspec.Struct):
    """The only kind of message of this medium."""

    text: str
    id: str = ""


class Postcards:
    """A small, complete channel that keeps the contract. Each test breaks one part of it."""

    name = "postcards"
    accounts: Sequence[str] = ("postcards:1",)
    capabilities = Capabilities(kind="sms", text=100, body=100, inline=True)
    endpoints: Sequence[Endpoint] = (Endpoint(path="/postcards", methods=("POST",), limit=1000),)

    def verify(self, raw: RawRequest) -> bool:
        expected = hmac.digest(b"key", raw.body, "sha256").hex()
        return hmac.compare_digest(raw.headers.get("signature", "").encode(), expected.encode())

    def parse(self, raw: RawRequest) -> Batch:
        try:
            message = msgspec.json.decode(raw.body, type=Message)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Malformed("no postcard") from None
        return Batch(inbound=[self.inbound(Text(message.text), event_key=f"key {message.id}")])

    def inbound(self, event: Event, **parts: Any) -> Inbound:
        fields: dict[str, Any] = {
            "account": self.accounts[0],
            "event_key": "key",
            "senders": (Address(PHONE),),
            "event": event,
        }
        return Inbound(**{**fields, **parts})

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        return []

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        return self.render(prompt, account, to)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        return RawResponse(body=b"\n".join(prompt.text.encode() for prompt in outcome.prompts))

    async def open(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def send(self, call: Call, call_id: str) -> SendResult:
        return Accepted()

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        raise MediaGone

    async def discard(self, ref: MediaRef) -> None:
        """Do nothing: postcards carry no files."""


def case(channel: Postcards, **changed: Any) -> ChannelCase:
    second = BODY.replace(b"Hi", b"Bye")
    fields: dict[str, Any] = {
        "channel": channel,
        "to": Address(PHONE),
        "genuine": [signed(BODY), signed(second)],
        "identifiers": (PHONE, "Sunita"),
        "texts": ("Hi", "Bye"),
        **changed,
    }
    return ChannelCase(**fields)


def signed(body: bytes) -> RawRequest:
    signature = hmac.digest(b"key", body, "sha256").hex()
    return RawRequest(method="POST", path="/postcards", headers={"signature": signature}, body=body)
