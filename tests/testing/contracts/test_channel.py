"""The contract suite notices a channel that breaks the contract."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest

from satark.channel import (
    Address,
    Batch,
    Call,
    Endpoint,
    Inbound,
    Malformed,
    MediaRef,
    Outcome,
    RawRequest,
    RawResponse,
    Text,
)
from satark.prompt import Capabilities, Prompt
from satark.send_result import Accepted, SendResult
from satark.testing.contracts.channel import ChannelCase, check_channel

PHONE = "919876543210"
BODY = b'{"from":"919876543210","name":"Sunita","text":"Hi"}'
EVENT_KEY = "key"


class Message(msgspec.Struct):
    """The only kind of message of this medium."""

    text: str


class Postcards:
    """A small, complete channel that keeps the contract; each test breaks one part of it."""

    name = "postcards"
    accounts: Sequence[str] = ("postcards:1",)
    capabilities = Capabilities(
        kind="chat", text=100, body=50, buttons=2, button_label=9, rows=3, row_label=9, token=30
    )
    endpoints: Sequence[Endpoint] = (Endpoint(path="/postcards", methods=("POST",), limit=1000),)

    def verify(self, raw: RawRequest) -> bool:
        expected = hmac.digest(b"key", raw.body, "sha256").hex()
        return hmac.compare_digest(raw.headers.get("signature", ""), expected)

    def parse(self, raw: RawRequest) -> Batch:
        try:
            text = msgspec.json.decode(raw.body, type=Message).text
        except msgspec.DecodeError:
            raise Malformed("no postcard") from None
        return Batch(inbound=[self.inbound(Text(text))])

    def inbound(self, event: Text, **parts: Any) -> Inbound:
        fields: dict[str, Any] = {
            "account": self.accounts[0],
            "event_key": EVENT_KEY,
            "senders": (Address(PHONE),),
            "event": event,
        }
        return Inbound(**{**fields, **parts})

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        body = msgspec.json.encode([to.reveal(), prompt.text, [c.token for c in prompt.choices]])
        return [Call(account=account, method="post", body=body)]

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
        raise NotImplementedError

    async def discard(self, ref: MediaRef) -> None:
        """Postcards carry no files."""


def accepts(call: Call) -> None:
    _, text, tokens = msgspec.json.decode(call.body)
    assert len(text) <= 100
    assert len(tokens) <= 3


def case(channel: Postcards) -> ChannelCase:
    signature = hmac.digest(b"key", BODY, "sha256").hex()
    raw = RawRequest(method="POST", path="/postcards", headers={"signature": signature}, body=BODY)
    return ChannelCase(
        channel=channel, to=Address(PHONE), genuine=[raw], identifiers=(PHONE, "Sunita"), accepts=accepts
    )


def test_a_channel_that_keeps_the_contract_passes() -> None:
    check_channel(case(Postcards()))


def test_an_inline_channel_answers_in_the_response() -> None:
    channel = Postcards()
    channel.capabilities = Capabilities(kind="sms", text=100, body=100, inline=True)
    check_channel(case(channel))
    channel.reply = lambda raw, outcome: RawResponse()  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match="lacks the prompt"):
        check_channel(case(channel))


def a_leaking_error(raw: RawRequest) -> Batch:
    if raw.body == BODY:
        return Batch(inbound=[Postcards().inbound(Text("Hi"))])
    raise Malformed(f"what {PHONE} sent")


def another_key(raw: RawRequest) -> Batch:
    key = str(next(COUNTER))
    return Batch(inbound=[Postcards().inbound(Text("Hi"), event_key=key)])


COUNTER = iter(range(10**6))


def one(event: Text = Text("Hi"), **parts: Any) -> Callable[[RawRequest], Batch]:  # noqa: B008 - it is immutable
    return lambda raw: Batch(inbound=[Postcards().inbound(event, **parts)])


BREACHES: dict[str, tuple[dict[str, Any], str]] = {
    "a foreign account name": ({"name": "other"}, "must begin"),
    "no account": ({"accounts": ()}, "no account"),
    "an endpoint without limit": ({"endpoints": (Endpoint(path="/x", methods=(), limit=0),)}, "limit"),
    "accepts everything": ({"verify": lambda raw: True}, "forged"),
    "accepts nothing": ({"verify": lambda raw: False}, "genuine"),
    "no event": ({"parse": lambda raw: Batch()}, "no genuine request"),
    "a name in an event": ({"parse": one(Text("from Sunita"))}, "an event shows identifier number 1"),
    "no sender": ({"parse": one(senders=())}, "has no sender"),
    "no key": ({"parse": one(event_key="")}, "has no key"),
    "a stranger's account": ({"parse": one(account="postcards:2")}, "not configured"),
    "keys that change": ({"parse": another_key}, "other event keys"),
    "a phone in an error": ({"parse": a_leaking_error}, "the error shows identifier number 0"),
    "no call": ({"render": lambda prompt, account, to: []}, "no call"),
    "another account's call": (
        {"render": lambda prompt, account, to: [Call(account="postcards:2", method="post", body=b'["","",[]]')]},
        "another account",
    ),
    "a phone in a call's name": (
        {"render": lambda prompt, account, to: [Call(account=account, method=to.reveal(), body=b"")]},
        "the repr of a call",
    ),
    "a lost choice": (
        {"render": lambda prompt, account, to: [Call(account=account, method="post", body=b'["","",[]]')]},
        "a choice is missing",
    ),
}


@pytest.mark.parametrize("name", BREACHES)
def test_each_breach_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parts, message = BREACHES[name]
    channel = Postcards()
    for part, broken in parts.items():
        monkeypatch.setattr(channel, part, broken)
    with pytest.raises(AssertionError, match=message):
        check_channel(case(channel))
