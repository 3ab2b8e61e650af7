"""What comes in: the events of senders, as a channel's `parse` hands them over.

Everything that identifies a person (phone, user id, profile name, user agent, file name) is dropped before, except the
opaque `Address`, which only `satark.identity` opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from satark.api.observability import Redacted
from satark.api.outbound import Call, Delivered

__all__ = [
    "Address",
    "Batch",
    "CompleteTip",
    "Edited",
    "Event",
    "FormPage",
    "Inbound",
    "Media",
    "MediaKind",
    "MediaRef",
    "Moved",
    "Pin",
    "Revoked",
    "Tap",
    "Text",
    "Unsupported",
]


class Address:
    """One opaque address of a sender at a provider (a phone, a BSUID, a chat id).

    It never shows itself: `str`, `repr`, formatting and pickling give or raise nothing of it. Only `reveal` does, and
    only `satark.identity.edge_key` and a channel's own `render` and `parse` may call that.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the address in clear. For `satark.identity.edge_key` and the channel that made it, and nobody else."""
        return self._value

    def __repr__(self) -> str:
        return "Address(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("an address is never pickled")


class MediaRef(Redacted, frozen=True, kw_only=True):
    """A file that still lies at the provider: enough for the same channel's `fetch` to get it, and nothing more."""

    account: str
    id: str
    """The provider's media id, or a URL path. Never a file name."""
    mime: str = ""
    """What the provider says it is; the evidence pipeline believes only the bytes."""
    sha256: str = ""
    """Hex digest announced by the provider, or empty. `fetch` must not deliver bytes that differ."""
    size: int = 0
    """Bytes announced by the provider, or 0 where it says nothing."""


MediaKind: TypeAlias = Literal["image", "video", "audio", "voice", "document", "sticker"]

SPOKEN: Final[frozenset[MediaKind]] = frozenset({"audio", "voice"})
"""The kinds that somebody can be known by when they are heard."""


class Text(Redacted, frozen=True, tag="text"):
    """A typed message, as typed (not folded, not trimmed)."""

    body: str


class Tap(Redacted, frozen=True, tag="tap"):
    """A tapped button or row: the `Choice.token` that the core gave it, back again. `title` is what it showed."""

    token: str
    title: str = ""


class Pin(Redacted, frozen=True, tag="pin"):
    """A location, in degrees (WGS 84), with the name and address of the place where the sender picked one."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Media(Redacted, frozen=True, tag="media"):
    """One file. An album arrives as several of these, each with an event key of its own."""

    ref: MediaRef
    kind: MediaKind
    caption: str = ""


class CompleteTip(Redacted, frozen=True, tag="whole"):
    """A complete tip in one message, on a medium that has a form for it. Submitted at once, unless one is under way."""

    content: Text | Media
    last: bool = False
    """Whether nothing more will come: a draft that is under way is then submitted with it, so that neither is lost."""
    typed: Text | None = None
    """The message as it was typed, with the word that marks it: with something under way it is an answer to that."""


class FormPage(Redacted, frozen=True, tag="filled"):
    """A page of a form: answers to the questions that it names, whichever is being asked now; all taken in one turn.

    Of an empty `Text` the question was left blank. A `Tap` holds the code of an option alone, or `@clear` to erase the
    files of its question. Several taps of one question choose several options.
    """

    answers: tuple[tuple[str, Text | Tap | Pin | Media], ...]
    """The id of a step, and what was answered to it; with a mailbox open: `@mailbox`, and a message to the police."""
    language: str = ""
    """The language of the page, for a conversation that knows none (any more)."""
    token: str = ""
    """What the form was offered under (`Prompt.form`): one of another conversation is refused; empty: no form was."""


class Edited(Redacted, frozen=True, tag="edited"):
    """The sender rewrote an earlier message. `original` is that message's event key."""

    original: str
    body: str


class Revoked(Redacted, frozen=True, tag="revoked"):
    """The sender took an earlier message back. `original` is that message's event key."""

    original: str


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """The provider says that the sender's address changed: `Inbound.senders` holds the old ones and the new ones.

    The core links them, so that the conversation goes on; nothing is answered.
    """


class Unsupported(msgspec.Struct, frozen=True, tag="unsupported"):
    """Something this channel can't take (a poll, a call, an order). It is answered politely and kept nowhere."""

    what: str


Event: TypeAlias = Text | CompleteTip | FormPage | Tap | Pin | Media | Edited | Revoked | Moved | Unsupported


class Inbound(Redacted, frozen=True, kw_only=True):
    """One event from one sender, as `parse` hands it over.

    `event_key` is what each delivery of it repeats. Only a keyed hash is stored: WhatsApp's has a phone number in it.
    """

    account: str
    event_key: str
    senders: tuple[Address, ...]
    """Every address that the provider gave for this one sender, the most lasting first. Replies go to the first."""
    event: Event
    sent_at: int | None = None
    """When it, or what it answers, was sent (Unix seconds), if the provider says the same at each delivery."""
    provider_message_id: str = ""
    """The provider's id of the message, where the channel can delete it later (`ErasingChannel`); else empty."""
    seen: Call | None = None
    """A best-effort call that shows the sender "read", made soon after the reply; never stored, never retried."""
    busy: Call | None = None
    """The same, but showing "typing" too: made instead while the reply still waits."""
    answer: Call | None = None
    """A best-effort call that a phone waits for (a tapped button turns until then), made at once; not stored either."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one webhook carried. One webhook may carry many events of several accounts."""

    inbound: Sequence[Inbound] = ()
    delivered: Sequence[Delivered] = ()
    ignored: int = 0
    """How many items were understood and need nothing (read marks, reactions); counted, never logged."""
    chores: Sequence[Call] = ()
    """Calls to make once everything is taken, whoever sent it: to have the provider delete what it keeps.

    They go through the outbox, so that a crash or a dead provider does not lose them. To repeat one must do no harm.
    """
    alarms: Sequence[str] = ()
    """Error codes that the provider reports about the account itself (a message it lost, a limit reached).

    They are the provider's own short codes, safe to count by and to show to the operator.
    """
