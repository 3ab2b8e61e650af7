"""Contract: providers of phone calls. The dialogue of calls is the plugin `sms_ivr`'s; a provider only carries it.

A provider asks a webhook of ours how a call begins, and after each answer how it goes on. It says in its own markup
what it is given as verbs, one after the other. Twilio is included; another one (Exotel, KooKoo, a police exchange) is
one class that implements `CallProvider`, offered by the hook `satark_call_providers`. It imports no plugin.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from satark.api.channel import Call, Endpoint, MediaRef, RawRequest, RawResponse
from satark.api.redacted import Redacted
from satark.api.send_result import SendResult

__all__ = [
    "Ask",
    "CallProvider",
    "CallRequest",
    "CallStep",
    "CallVerb",
    "CallWebhook",
    "GoOn",
    "HangUp",
    "Line",
    "Pace",
    "Pause",
    "Record",
    "Say",
    "TextCaller",
]

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
