"""The contract suite notices a channel that breaks the contract."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest

from satark.api.channel import Endpoint, Malformed, MediaGone, Outcome, RawRequest, RawResponse
from satark.api.inbound import Address, Batch, Inbound, MediaRef, Text
from satark.api.outbound import Accepted, Call, SendResult
from satark.api.prompt import Capabilities, Prompt
from satark_testing.contracts.channel import BrokenRule, ChannelCase, check_channel

PHONE = "919876543210"
BODY = b'{"from":"919876543210","name":"Sunita","text":"Hi"}'


class Message(msgspec.Struct):
    """The only kind of message of this medium."""

    text: str


class Postcards:
    """A small, complete channel that keeps the contract; each test breaks one part of it."""

    name = "postcards"
    accounts: Sequence[str] = ("postcards:1",)
    capabilities = Capabilities(kind="sms", text=100, body=100, inline=True)
    endpoints: Sequence[Endpoint] = (Endpoint(path="/postcards", methods=("POST",), limit=1000),)

    def verify(self, raw: RawRequest) -> bool:
        expected = hmac.digest(b"key", raw.body, "sha256").hex()
        return hmac.compare_digest(raw.headers.get("signature", "").encode(), expected.encode())

    def parse(self, raw: RawRequest) -> Batch:
        try:
            text = msgspec.json.decode(raw.body, type=Message).text
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Malformed("no postcard") from None
        return Batch(inbound=[self.inbound(Text(text), event_key=f"key {text}")])

    def inbound(self, event: Text, **parts: Any) -> Inbound:
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
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def send(self, call: Call, call_id: str) -> SendResult:
        return Accepted()

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        raise MediaGone

    async def discard(self, ref: MediaRef) -> None:
        """Postcards carry no files."""


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


async def test_an_inline_channel_answers_in_the_response() -> None:
    await check_channel(case(Postcards()))
    channel = Postcards()
    channel.reply = lambda raw, outcome: RawResponse()  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C23 an inline medium answers with the whole prompt"):
        await check_channel(case(channel))


async def test_a_channel_that_makes_calls_must_describe_its_provider() -> None:
    channel = Postcards()
    channel.render = lambda prompt, account, to: [Call(account=account, method="post", body=b"")]  # type: ignore[method-assign]
    with pytest.raises(BrokenRule, match="C30 a channel that sends describes its peer"):
        await check_channel(case(channel))


async def test_a_case_with_one_message_can_show_nothing_of_keys() -> None:
    with pytest.raises(BrokenRule, match="C05"):
        await check_channel(case(Postcards(), genuine=[signed(BODY)], texts=("Hi",)))


async def test_the_message_names_the_rule_the_request_and_what_was_expected() -> None:
    channel = Postcards()
    channel.verify = lambda raw: "signature" in raw.headers  # type: ignore[method-assign]
    with pytest.raises(BrokenRule) as caught:
        await check_channel(case(channel))
    assert str(caught.value).splitlines() == [
        "C07 a forged request changes nothing",
        "  tried: POST /postcards, 51 bytes, signature cut by a character",
        "  expected: `verify` returns False",
    ]


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
