"""The channel `sms`: numbered text messages, answered in the response to the provider's request."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from satark.channel import (
    Address,
    Batch,
    Call,
    CompleteTip,
    Endpoint,
    Event,
    Inbound,
    Media,
    MediaKind,
    MediaRef,
    Outcome,
    RawRequest,
    RawResponse,
    SendResult,
    Tap,
    Text,
    Unsupported,
)
from satark.choice_tokens import NEXT_PAGE
from satark.prompt import Capabilities, Prompt
from satark_sms_ivr.paging import pages
from satark_sms_ivr.provider import Received, SmsProvider

CAPABILITIES: Final = Capabilities(kind="sms", text=1600, body=1600, unit="utf16", inline=True)
"""1600 characters are the most that Twilio takes (error 21617); what is shown at once is three segments."""

_MORE: Final = frozenset({"m", "м", "म"})
_WHOLE: Final = re.compile(r"\s*(?:tip|सूचना|soochna|suchna)(?=[\s:.,-]|$)[\s:.,-]*(.*)", re.IGNORECASE | re.DOTALL)
_KINDS: Final[dict[str, MediaKind]] = {"image": "image", "video": "video", "audio": "audio"}


class SmsChannel:
    """Text messages over any provider. Implements `satark.channel.Channel`."""

    name: Final = "sms"
    capabilities: Final[Capabilities] = CAPABILITIES

    def __init__(self, provider: SmsProvider) -> None:
        self._provider = provider

    @property
    def accounts(self) -> Sequence[str]:
        """The one number."""
        return (self._provider.account,)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The provider's webhooks."""
        limit = self._provider.webhook_max_bytes
        return tuple(Endpoint(path=path, methods=("POST",), limit=limit) for path in self._provider.paths)

    def verify(self, raw: RawRequest) -> bool:
        """Ask the provider's signature."""
        return self._provider.verify(raw)

    def parse(self, raw: RawRequest) -> Batch:
        """Read the messages of a webhook; the sender's number goes into an address and nowhere else.

        Raises:
            satark.channel.Malformed: the provider can't read it.
        """
        post = self._provider.read(raw)
        inbound = [one for message in post.messages for one in self._events(message)]
        return Batch(inbound=inbound, chores=post.chores, ignored=post.ignored + (0 if inbound else 1))

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer with the newest prompt, and with every one that must arrive.

        To an opt-out nothing is said: the provider would refuse to send it.
        """
        silent = not outcome.prompts or any(m.opted_out or m.answered for m in self._provider.read(raw).messages)
        shown = [] if silent else [p for p in outcome.prompts[:-1] if p.must_arrive] + [outcome.prompts[-1]]
        return self._provider.answer(raw, [page for prompt in shown for page in pages(prompt.text)])

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Send a text that we begin, in as many messages as it takes."""
        del account
        return [self._provider.call(to.reveal(), page) for page in pages(prompt.text)]

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Send news that we begin; its words are neutral, since anybody may read them on a locked screen."""
        return self.render(prompt, account, to)

    async def open(self) -> None:
        """Open the provider's client."""
        await self._provider.open()

    async def close(self) -> None:
        """Close the provider's client."""
        await self._provider.close()

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make one call. The providers know no reference of ours."""
        del call_id
        return await self._provider.send(call)

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open an attached file at the provider."""
        return self._provider.fetch(ref)

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file at the provider."""
        await self._provider.discard(ref)

    def _events(self, message: Received) -> Iterator[Inbound]:
        if message.answered:
            return
        for number, event in enumerate(_read(message)):
            yield Inbound(
                account=self._provider.account,
                event_key=f"{message.id}:{number}",
                senders=(Address(message.sender),),
                event=event,
            )


def _read(message: Received) -> Iterator[Event]:
    """The events of a message: its files, the text below the first of them; or its text alone."""
    if message.opted_out:
        yield Text("forget")
        return
    captions = iter([message.body])
    for ref in message.media:
        kind = _KINDS.get(ref.mime.partition("/")[0], "document")
        yield Media(ref, kind, next(captions, ""))
    if message.lost:
        yield Unsupported("media")
    if not message.media and (message.body.strip() or not message.lost):
        yield _text(message.body)


def _text(body: str) -> Event:
    if body.strip().casefold() in _MORE:
        return Tap(NEXT_PAGE)
    whole = _WHOLE.fullmatch(body)
    if whole is None:
        return Text(body)
    return CompleteTip(Text(whole[1].strip()), typed=Text(body)) if whole[1].strip() else Text("hi")
