"""Providers: text messages and phone calls for the plugin `sms_ivr`, and offline speech recognisers for the desk.

The dialogue of texts and calls is the plugin `sms_ivr`'s; a provider only carries it. Twilio is included. Another one
(Exotel, Gupshup, KooKoo, a police exchange) is one class that implements `SmsProvider` or `CallProvider`, offered by
the hook `satark_sms_providers` or `satark_call_providers`; it imports no plugin. Two-way SMS needs a provider in the
country: Twilio does not support it in India.

A call provider asks a webhook of ours how a call begins, and after each answer how it goes on. It says in its own
markup what it is given as verbs, one after the other.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from satark.api.channel import Endpoint, RawRequest, RawResponse
from satark.api.inbound import MediaRef
from satark.api.observability import Redacted
from satark.api.outbound import Call, SendResult

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Ask",
    "CallProvider",
    "CallRequest",
    "CallStep",
    "CallVerb",
    "CallWebhook",
    "GoOn",
    "HangUp",
    "IncomingSms",
    "Line",
    "NoDraft",
    "Pace",
    "Pause",
    "Record",
    "Say",
    "SigningProvider",
    "SmsProvider",
    "SmsWebhook",
    "TextCaller",
    "Transcriber",
]


class IncomingSms(Redacted, frozen=True, kw_only=True):
    """One text message that a provider delivered."""

    id: str
    """The id that the provider repeats when it delivers the same message again."""
    sender: str
    """The sender's number, in the form in which the provider expects it as a recipient."""
    body: str
    """The whole text: providers join the parts of a long one; where one does not, its plugin must."""
    media: tuple[MediaRef, ...] = ()
    unfetchable: int = 0
    """Number of attached files that can't be downloaded from this provider."""
    opted_out: bool = False
    """Whether the sender has opted out, so that the provider sends them no more messages."""
    answered_by_provider: bool = False
    """Whether the provider has replied itself, as it does to HELP: Satark sends no reply."""


class SmsWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one webhook."""

    messages: Sequence[IncomingSms] = ()
    chores: Sequence[Call] = ()
    """Calls that make the provider redact its copies."""
    ignored: int = 0


class SmsProvider(Protocol):
    """An SMS provider with one number. The sync methods are pure and fast."""

    @property
    def account(self) -> str:
        """The account's name: `sms:<number>`."""

    @property
    def inline(self) -> bool:
        """Whether what answers a message can stand in the response to its webhook.

        Where not, `reply` is given no text, and each answer is sent by `message_call`, as what Satark begins.
        """

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Its webhooks. A provider that signs nothing can have a secret in the path."""

    def verify(self, raw: RawRequest) -> bool:
        """Whether a request comes from the provider."""

    def parse(self, raw: RawRequest) -> SmsWebhook:
        """Parse a verified request.

        Raises:
            satark.api.channel.Malformed: it can't be parsed.
        """

    def reply(self, raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        """Return the response that sends these messages, in order. None: an empty response."""

    def message_call(self, to: str, text: str) -> Call:
        """Return the call that sends a message outside a reply."""

    async def open(self) -> None:
        """Open the HTTP client."""

    async def close(self) -> None:
        """Close the HTTP client."""

    async def send(self, call: Call) -> SendResult:
        """Make a call: a message or a chore. Never raises for what the provider or the network does."""

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download an attached file; see `satark.api.channel.Channel.fetch`."""

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file at the provider."""


@runtime_checkable
class SigningProvider(Protocol):
    """A provider that can sign a request as its service does, for `satark replay`."""

    def sign(self, raw: RawRequest) -> RawRequest:
        """Return a request that `verify` takes, with the same method, path and body."""


CallStep: TypeAlias = Literal["start", "keys", "record"]
"""Why a provider asks: a call begins, `Ask` (or `GoOn`) has ended, `Record` has ended."""
Pace: TypeAlias = Literal["normal", "slow", "slowest"]

_TIP_NUMBER: Final = re.compile(r"(?<![0-9A-Z-])([0-9A-Z]{4}-[0-9A-Z]{4})(?![0-9A-Z-])")


class CallRequest(Redacted, frozen=True, kw_only=True):
    """One request of a call."""

    id: str
    """The call's id, the same in all of its requests."""
    step: CallStep
    caller: str = ""
    """The caller's number; empty if it is withheld, also where a network puts a number of its own in its place."""
    state: str = ""
    """The `state` of the verb that led here; fields of the provider's own beside it do no harm. Empty at the start."""
    keys: str = ""
    """The keys that were pressed: digits, `*`, `#`. At the step `record`: the one that ended the recording."""
    recording: MediaRef | None = None
    """What was recorded; None: nothing, or nothing that can be fetched."""
    seconds: int | None = None
    """The recording's length; None: the provider does not say."""


class CallWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one webhook."""

    request: CallRequest | None = None
    """None: it is a report that is answered by nothing, or of another account."""
    alarms: Sequence[str] = ()
    """Names of what an operator must know, such as `recording-absent`."""


class Line(Redacted, frozen=True, kw_only=True):
    """One line to read aloud. It has no control characters."""

    text: str
    """At most 4000 characters."""
    language: str
    """The language to read it in, such as `hi`."""
    clip: str = ""
    """The URL of a recording to play in its place; empty: there is none."""
    pace: Pace = "normal"
    """Anything but normal: single digits, which somebody writes down."""
    pause: int = 0
    """Seconds of silence after it."""

    def parts(self) -> Iterator[tuple[str, bool]]:
        """Yield its parts, each with whether to read it letter by letter: a tip's number is no word."""
        for number, part in enumerate(_TIP_NUMBER.split(self.text)):
            if part:
                yield part, number % 2 == 1


class Say(msgspec.Struct, frozen=True):
    """Read lines aloud."""

    lines: Sequence[Line]


class Pause(msgspec.Struct, frozen=True):
    """Be silent."""

    seconds: int


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Read lines aloud and wait for keys, which may be pressed at once. Where none is, the next verb follows."""

    lines: Sequence[Line]
    state: str
    """Put into the query of the address that the step `keys` calls. It is made for that, and holds nothing of a tip."""
    digits: int = 1
    """The most keys. With more than one, `#` ends them; alone, every key counts, `#` too."""
    seconds: int
    """How long to wait after the last line, and after each key."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Record what is said after a beep. Where nothing is, the next verb follows."""

    state: str
    """Put into the query of the address that the step `record` calls."""
    seconds: int
    """The longest recording."""
    silence: int
    """Seconds of silence that end it."""
    end_keys: str
    """The keys that end it."""


class GoOn(msgspec.Struct, frozen=True):
    """Ask at once how to go on, at the step `keys`, with no key pressed."""

    state: str


class TextCaller(Redacted, frozen=True):
    """Send the caller a text message. Given only to a provider that `texts`, and where the number is known."""

    text: str


class HangUp(msgspec.Struct, frozen=True):
    """End the call."""


CallVerb: TypeAlias = Say | Pause | Ask | Record | GoOn | TextCaller | HangUp


class CallProvider(Protocol):
    """A provider of phone calls with one number. The sync methods are pure and fast."""

    @property
    def account(self) -> str:
        """The account's name: `voice:<number>`."""

    @property
    def texts(self) -> bool:
        """Whether it can send a text message to a caller."""

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Its webhooks. A provider that signs nothing can have a secret in the path."""

    def verify(self, raw: RawRequest) -> bool:
        """Whether a request comes from the provider. The state in its query must not be forged."""

    def parse(self, raw: RawRequest) -> CallWebhook:
        """Parse a verified request.

        Raises:
            satark.api.channel.Malformed: it can't be parsed.
        """

    def reply(self, raw: RawRequest, verbs: Sequence[CallVerb]) -> RawResponse:
        """Return the response that does this, in order. None: an empty response."""

    def deletion_call(self, ref: MediaRef) -> Call | None:
        """Return the call that deletes a recording which nobody needs; None: the provider can't delete one."""

    async def open(self) -> None:
        """Open the HTTP client."""

    async def close(self) -> None:
        """Close the HTTP client."""

    async def send(self, call: Call) -> SendResult:
        """Make a call that `deletion_call` returned. Never raises for what the provider or the network does."""

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download a recording; see `satark.api.channel.Channel.fetch`."""

    async def discard(self, ref: MediaRef) -> None:
        """Delete a recording that was fetched, if the provider can."""


DraftFault: TypeAlias = Literal["busy", "late", "killed", "setup", "failed"]
"""Why there is no draft: others are being made; it took too long; its process was ended, as for want of memory; the
operator has something to put right; or it is not told further."""


class NoDraft(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A recogniser has no draft; the officer reads why."""

    def __init__(self, reason: DraftFault) -> None:
        super().__init__(reason)
        self.reason = reason


@runtime_checkable
class Transcriber(Protocol):
    """Transcribes a recording into a draft that an officer corrects. It must work offline, on this machine.

    The desk asks for a draft when an officer who may listen requests one, and stores only the officer's version of it.
    """

    @property
    def name(self) -> str:
        """Name and version of the recogniser, shown to officers and written into the custody log."""

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that it recognises, such as `hi`."""

    def transcribe(self, recording: Path, language: str) -> str:
        """Return what is said in a recording.

        Runs in a thread of the desk's process, without a time limit. `recording` is the undisguised clean copy, in a
        temporary folder in memory: leave no copy of it anywhere. Whatever is raised, the officer is told that there is
        no draft; of a `NoDraft` also why.
        """
