"""Providers: text messages and phone calls for the plugin `sms_ivr`, and offline speech recognisers for the desk.

The plugin `sms_ivr` runs the dialogue by text message and phone call; a provider only carries it. Twilio is included.
Any other provider (Exotel, Gupshup, KooKoo, a police exchange) is one class that implements `SmsProvider` or
`CallProvider`. The hook `satark_sms_providers` or `satark_call_providers` returns it. It imports no plugin. Two-way SMS
needs a provider in the country: Twilio does not support it in India.

At the start of a call and after each answer, the provider's service asks a webhook of Satark what to do next. The
`CallProvider` is given verbs and returns them, in order, in its service's markup.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from satark.api.channel import Endpoint, RawRequest, RawResponse
from satark.api.inbound import Address, MediaRef
from satark.api.observability import Redacted
from satark.api.outbound import Call, Permanent, SendResult

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Ask", "CallProvider", "CallRequest", "CallStep", "CallVerb", "CallWebhook", "GoOn", "HangUp", "IncomingSms",
    "Line", "ListeningCallProvider", "NoDraft", "Pace", "Pause", "Record", "Say", "SmsProvider", "SmsWebhook",
    "Transcriber",
]  # fmt: skip


class IncomingSms(Redacted, frozen=True, kw_only=True):
    """One text message that a provider delivered."""

    id: str
    """The message's id, which is the same if the provider delivers the message again."""
    sender: str
    """The sender's number, in the format that the provider accepts as a recipient."""
    body: str
    """The complete text. If the provider does not join the parts of a long message, the plugin must."""
    media: tuple[MediaRef, ...] = ()
    unfetchable: int = 0
    """Number of attached files that can't be downloaded from the provider."""
    opted_out: bool = False
    """Whether the sender has opted out, so that the provider sends them no more messages."""
    answered_by_provider: bool = False
    """Whether the provider has replied itself, as it does to HELP. If so, Satark sends no reply."""


class SmsWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one webhook."""

    messages: Sequence[IncomingSms] = ()
    chores: Sequence[Call] = ()
    """Calls that make the provider delete or redact its copies of the messages."""
    ignored: int = 0


class _Provider(Protocol):
    """A provider with one number. The sync methods must be pure and fast, since they run on the event loop."""

    @property
    def account(self) -> str:
        """The account's name: `sms:<number>` or `voice:<number>`."""

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The addresses of the webhooks. If the provider signs nothing, put a secret into the path."""

    def verify(self, raw: RawRequest) -> bool:
        """Return whether the provider sent the request. Compare secrets in constant time.

        Check the query too: in a call it contains the call's state.
        """

    async def open(self) -> None:
        """Open the HTTP client."""

    async def close(self) -> None:
        """Close the HTTP client."""

    async def send(self, call: Call) -> SendResult:
        """Send a call that another method returned, once. Return every failure of the provider or network as a
        result."""

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download an attached file or a recording; see `satark.api.channel.Channel.fetch`."""

    async def discard(self, ref: MediaRef) -> None:
        """Delete a fetched file at the provider, if the provider can."""


class SmsProvider(_Provider, Protocol):
    """An SMS provider with one number."""

    @property
    def inline(self) -> bool:
        """Whether the response to a message's webhook can contain the reply.

        If not, `reply` is given no texts, and each reply is sent with `message_call`.
        """

    def parse(self, raw: RawRequest) -> SmsWebhook:
        """Parse a verified request.

        Raises:
            satark.api.channel.Malformed: it can't be parsed.
        """

    def reply(self, raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        """Return the response that sends these texts to the sender, in order; for no texts, an empty response."""

    def message_call(self, to: str, text: str, template: str = "") -> Call:
        """Return the call that sends a text to a number, outside of a webhook's response.

        `template`: the id under which the text was registered (DLT); empty: no registered texts are configured.
        """


CallStep: TypeAlias = Literal["start", "keys", "record"]
"""The reason for a provider's request: `start`, a call begins; `keys`, an `Ask` or a `GoOn` has ended; `record`, a
`Record` has ended."""
Pace: TypeAlias = Literal["normal", "slow", "slowest"]
"""How fast a text is read out."""

_TIP_NUMBER: Final = re.compile(r"(?<![0-9A-Z-])([0-9A-Z]{4}-[0-9A-Z]{4})(?![0-9A-Z-])")


class CallRequest(Redacted, frozen=True, kw_only=True):
    """One request that the provider's service makes during a call."""

    id: str
    """The call's id, the same in all requests of the call. A caller on the telephone network has no other name: anybody
    may show any number, and would hear of its owner's draft."""
    step: CallStep
    senders: tuple[Address, ...] = ()
    """The caller's addresses in a messenger that vouches for them; empty on the telephone network."""
    chat_account: str = ""
    """As in `Inbound`: the account on which the caller also writes."""
    continues: bool = False
    """At the start: whether the caller tapped "call" in their chat. If so, that chat's draft continues at once."""
    state: str = ""
    """The `state` of the verb that led to this request, possibly with further fields of the provider's own. Empty at
    the start."""
    keys: str = ""
    """The pressed keys: digits, `*`, `#`. At the step `record`: the key that ended the recording."""
    recording: MediaRef | None = None
    """The recording; None: nothing was recorded, or it can't be fetched."""
    seconds: int | None = None
    """The recording's length in seconds; None: the provider does not tell."""


class CallWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one webhook."""

    request: CallRequest | None = None
    """The request of a call. None: the webhook is a report that needs no answer, or is for another account."""
    alarms: Sequence[str] = ()
    """Short codes of faults that the operator must know of, such as `recording-absent`."""
    chores: Sequence[Call] = ()
    """Calls that make the provider delete its records of a call that ended."""


class Line(Redacted, frozen=True, kw_only=True):
    """One line to read aloud."""

    text: str
    """The text of the line, at most 4000 characters, without control characters."""
    language: str
    """Code of the language in which to read the line, such as `hi`."""
    clip: str = ""
    """URL of a recording to play instead of reading the text; empty: there is none."""
    pace: Pace = "normal"
    """Speed of reading. Single digits, which the caller writes down, are read slower than `normal`."""
    pause: int = 0
    """Seconds of silence after the line."""

    def parts(self) -> Iterator[tuple[str, bool]]:
        """Yield the parts of the text, each with whether it must be spelt letter by letter, as a tip's number."""
        for number, part in enumerate(_TIP_NUMBER.split(self.text)):
            if part:
                yield part, number % 2 == 1


class Say(msgspec.Struct, frozen=True):
    """Read lines aloud."""

    lines: Sequence[Line]


class Pause(msgspec.Struct, frozen=True):
    """Pause in silence."""

    seconds: int


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Read lines aloud and wait for keys, which may be pressed at any time. If none is pressed, the next verb
    follows."""

    lines: Sequence[Line]
    state: str
    """State to put into the query of the URL for the step `keys`. It is safe in a URL and holds nothing of a tip."""
    digits: int = 1
    """Largest number of keys. With more than one, `#` ends the input. With one, any key is the answer, `#` too."""
    seconds: int
    """Seconds to wait after the last line and after each key."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Record what the caller says after a beep. If nothing is recorded, the next verb follows."""

    state: str
    """State to put into the query of the URL for the step `record`, as in `Ask.state`."""
    seconds: int
    """Longest recording, in seconds."""
    silence: int
    """Seconds of silence that end the recording."""
    end_keys: str
    """Keys that end the recording."""


class GoOn(msgspec.Struct, frozen=True):
    """Make the next request at once: at the step `keys`, with no key pressed."""

    state: str


class HangUp(msgspec.Struct, frozen=True):
    """End the call."""


CallVerb: TypeAlias = Say | Pause | Ask | Record | GoOn | HangUp
"""What a call does next."""


class CallProvider(_Provider, Protocol):
    """A provider of phone calls with one number."""

    def parse(self, raw: RawRequest) -> CallWebhook:
        """Parse a verified request.

        Raises:
            satark.api.channel.Malformed: it can't be parsed.
        """

    def reply(self, raw: RawRequest, verbs: Sequence[CallVerb]) -> RawResponse:
        """Return the response that carries out these verbs, in order; for no verbs, an empty response."""

    def deletion_call(self, ref: MediaRef) -> Call | None:
        """Return the call that deletes a recording that nobody needs; None: the provider can't delete recordings."""


@runtime_checkable
class ListeningCallProvider(CallProvider, Protocol):
    """A provider whose calls this process carries itself. It has no webhooks; one with webhooks may stand beside it."""

    account: str = ""
    endpoints: Sequence[Endpoint] = ()

    @property
    def in_use(self) -> bool:
        """Whether a call is under way."""

    async def listen(self, ask: Callable[[CallRequest], Awaitable[Sequence[CallVerb]]]) -> None:
        """Carry calls until cancelled, in one or several processes of the web role. It is restarted when it fails.

        `ask` ingests a request and returns, after the commit, the verbs that the call carries out next.
        """

    def verify(self, raw: RawRequest) -> bool:
        """Refuse every request."""
        return False

    def parse(self, raw: RawRequest) -> CallWebhook:
        """Return nothing."""
        return CallWebhook()

    def reply(self, raw: RawRequest, verbs: Sequence[CallVerb]) -> RawResponse:
        """Return an empty response."""
        return RawResponse()

    async def send(self, call: Call) -> SendResult:
        """Refuse: no call comes from here."""
        return Permanent("method")

    def deletion_call(self, ref: MediaRef) -> Call | None:
        """Return None: nothing stores a recording before it is ingested."""
        return None

    async def discard(self, ref: MediaRef) -> None:
        """Do nothing."""
        return


DraftFault: TypeAlias = Literal["busy", "late", "killed", "setup", "failed"]
"""Why there is no draft. `busy`: other drafts are being made. `late`: it took too long. `killed`: its process was
killed, for example for lack of memory. `setup`: the operator must correct something. `failed`: any other reason."""


class NoDraft(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A recogniser raises this if it can't make a draft. The officer is shown the fault."""

    def __init__(self, reason: DraftFault) -> None:
        super().__init__(reason)
        self.reason = reason


@runtime_checkable
class Transcriber(Protocol):
    """Transcribes a recording. It must work offline, on this machine.

    The worker has each voice note transcribed, and reads its words for danger alone. The desk requests a draft for an
    officer who may hear the recording, and stores only the officer's version.
    """

    @property
    def name(self) -> str:
        """Name and version of the recogniser, shown to officers and written into the custody log."""

    @property
    def languages(self) -> frozenset[str]:
        """Codes of the languages that it recognises, such as `hi`."""

    def transcribe(self, recording: Path, language: str) -> str:
        """Return the words that are spoken in a recording.

        Called in a thread of the worker or the desk, without a time limit. `recording` is the clean copy with the
        undisguised voice, in a temporary folder in memory: leave no copy of it anywhere. After any exception the
        officer is told that there is no draft; after a `NoDraft` also why.

        Raises:
            NoDraft: the recogniser can't make a draft.
        """
