"""The channel `sms`: numbered text messages. If the provider allows, the response to a webhook holds the reply."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from satark.api import (
    NEXT_PAGE,
    Address,
    Batch,
    Call,
    Capabilities,
    CompleteTip,
    Event,
    Inbound,
    IncomingSms,
    Media,
    MediaKind,
    Outcome,
    Prompt,
    RawRequest,
    RawResponse,
    SendResult,
    SmsProvider,
    Tap,
    Text,
    Unsupported,
    parse_each,
)
from satark_sms_ivr.call_texts import listed_words
from satark_sms_ivr.dlt import ApprovedTexts
from satark_sms_ivr.provider_channel import ProviderChannel
from satark_sms_ivr.segments import split_into_pages

CAPABILITIES: Final = Capabilities(kind="sms", text=1600, body=1600, unit="utf16", inline=True)
"""Twilio accepts 1600 characters (error 21617 above it); one message is at most three segments."""
SENT: Final = replace(CAPABILITIES, inline=False, resends=False)
"""The capabilities if the provider accepts no reply in the response. No provider resends for a whole outage."""

_KINDS: Final[dict[str, MediaKind]] = {"image": "image", "video": "video", "audio": "audio"}


class SmsChannel(ProviderChannel[SmsProvider]):
    """Text messages over an SMS provider. Implements `satark.api.Channel`."""

    name: Final = "sms"

    def __init__(self, provider: SmsProvider, approved: ApprovedTexts | None = None) -> None:
        super().__init__(provider)
        self._approved = approved
        """The texts that may be sent; None: every text may be."""

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities of text messages. Calls send approved texts, each with its template's id."""
        return CAPABILITIES if self._provider.inline and self._approved is None else SENT

    def parse(self, raw: RawRequest) -> Batch:
        """Parse the messages of a webhook. Only the address of an event holds the sender's number.

        Raises:
            satark.api.Malformed: the provider can't parse the webhook.
        """
        webhook = self._provider.parse(raw)
        batch = parse_each(webhook.messages, lambda message: Batch(inbound=list(self._events(message))))
        ignored = webhook.ignored + (0 if batch.inbound or batch.unread else 1)
        return replace(batch, chores=webhook.chores, ignored=ignored)

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Reply with the newest prompt, and with every other prompt that must arrive.

        An opt-out gets no reply, since the provider would not send one.
        """
        silent = (
            not outcome.prompts
            or not self.capabilities.inline
            or any(m.opted_out or m.answered_by_provider for m in self._provider.parse(raw).messages)
        )
        shown = [] if silent else [p for p in outcome.prompts[:-1] if p.must_arrive] + [outcome.prompts[-1]]
        return self._provider.reply(raw, [page for prompt in shown for page in split_into_pages(prompt.text)])

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Render a prompt as a message per page, or only in approved texts."""
        pages = [(page, "") for page in split_into_pages(prompt.text)]
        texts = self._approved.messages(prompt.text, prompt.language) if self._approved else pages
        return [self._provider.message_call(to.reveal(), text, template) for text, template in texts]

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Render a notice. Its text is neutral, since it appears on a locked screen."""
        return self.render(prompt, account, to)

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make one call. Providers have no field for `call_id`."""
        del call_id
        return await self._provider.send(call)

    def _events(self, message: IncomingSms) -> Iterator[Inbound]:
        if message.answered_by_provider:
            return
        for number, event in enumerate(_message_events(message)):
            yield Inbound(
                account=self._provider.account,
                event_key=f"{message.id}:{number}",
                senders=(Address(message.sender),),
                event=event,
            )


def _message_events(message: IncomingSms) -> Iterator[Event]:
    """Yield one event per file of a message, the first with the text as its caption. Without files, yield the text."""
    if message.opted_out:
        yield Text("forget me")
        return
    captions = iter([message.body])
    for ref in message.media:
        kind = _KINDS.get(ref.mime.partition("/")[0], "document")
        yield Media(ref, kind, next(captions, ""))
    if message.unfetchable:
        yield Unsupported("media")
    if not message.media and (message.body.strip() or not message.unfetchable):
        yield _text_event(message.body)


def _text_event(body: str) -> Event:
    if body.strip().casefold() in listed_words("sms.more.words"):
        return Tap(NEXT_PAGE)
    words = "|".join(map(re.escape, listed_words("sms.tip.words")))
    found = re.fullmatch(rf"\s*(?:{words})(?=[\s:.,-]|$)[\s:.,-]*(.*)", body, re.IGNORECASE | re.DOTALL)
    if found is None:
        return Text(body)
    tip = found[1].strip()
    return CompleteTip(Text(tip), typed=Text(body)) if tip else Text("hi")
