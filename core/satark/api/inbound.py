"""Inbound events: what senders did, as a channel's `parse` returns it.

`parse` has dropped everything that identifies a person (phone, user id, profile name, user agent, file name), except
the opaque `Address`, which only `satark.identity` opens.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec

from satark.api.observability import Redacted, describe_error, log
from satark.api.outbound import Call, Delivered
from satark_files.decoding import DECODING_ERRORS

__all__ = [
    "Address", "Batch", "CompleteTip", "Edited", "Event", "FormPage", "Inbound", "Malformed", "Media", "MediaKind",
    "MediaRef", "Moved", "Pin", "Revoked", "Tap", "Text", "Unsupported", "parse_each",
]  # fmt: skip

T = TypeVar("T")


class Address:
    """One opaque address of a sender at a provider: a phone number, a business-scoped user id or a chat id.

    `str`, `repr` and formatting don't show the address, and it can't be pickled. Only `reveal` returns it. Only
    `satark.identity.edge_key` and the channel's own `render` and `parse` may call `reveal`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the address in plain text.

        Only `satark.identity.edge_key` and the channel that made the address may call this.
        """
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
    """A reference to a file at the provider, with which `fetch` of the same channel can download it."""

    account: str
    id: str
    """The provider's media id, or a URL path. Never a file name. The id is stored only sealed, so a provider that keeps
    no files may put a short recording itself here."""
    mime: str = ""
    """MIME type that the provider announced. The evidence pipeline determines the type from the bytes."""
    sha256: str = ""
    """SHA-256 that the provider announced, in hex; empty: none. `fetch` must not deliver bytes with another digest."""
    content: str = ""
    """Where there is no SHA-256: what the provider gives for the same content again, and for no other; empty: nothing.
    Within a tip, the same content counts as one file."""
    size: int = 0
    """Size that the provider announced, in bytes; 0: none."""


MediaKind: TypeAlias = Literal["image", "video", "audio", "voice", "document", "sticker"]
"""What a provider says that a file is."""

SPOKEN: Final[frozenset[MediaKind]] = frozenset({"audio", "voice"})
"""The kinds of files that can reveal a person by their voice."""


class Text(Redacted, frozen=True, tag="text"):
    """A typed message, unchanged: neither folded nor trimmed."""

    body: str


class Tap(Redacted, frozen=True, tag="tap"):
    """A tapped button or list row. `token` is the `Choice.token` that the core gave it; `title` is its label."""

    token: str
    title: str = ""


class Pin(Redacted, frozen=True, tag="pin"):
    """A location in degrees (WGS 84). If the sender picked a named place, it has that place's name and address."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


class Media(Redacted, frozen=True, tag="media"):
    """One file. An album arrives as several `Media`, each with its own event key."""

    ref: MediaRef
    kind: MediaKind
    caption: str = ""


class CompleteTip(Redacted, frozen=True, tag="whole"):
    """A complete tip in one message, from a medium that has a form for it.

    It is submitted at once, unless the sender has a draft.
    """

    content: Text | Media
    last: bool = False
    """Whether the sender will send nothing more. If so, an existing draft is submitted together with this tip, so that
    neither is lost."""
    typed: Text | None = None
    """The message as typed, with the word that marks it as a tip. If the sender has a draft, this text is handled as an
    answer instead."""


class FormPage(Redacted, frozen=True, tag="filled"):
    """A page of a form. Its answers go to the questions that they name, whichever question is current, all in one turn.

    An empty `Text` means that the question was left blank. A `Tap` holds only an option's code, or `@clear` to erase
    the files of its question. Several taps for one question choose several options.
    """

    answers: tuple[tuple[str, Text | Tap | Pin | Media], ...]
    """Pairs of a step's id and an answer to it. With an open mailbox: `@mailbox` and a message to the police."""
    language: str = ""
    """Code of the page's language, used if the conversation has none yet or none any more."""
    token: str = ""
    """The token with which the form was offered (`Prompt.form`). A page with the token of another conversation is
    refused. Empty: no form was offered."""


class Edited(Redacted, frozen=True, tag="edited"):
    """The sender edited an earlier message. `original` is that message's event key."""

    original: str
    body: str


class Revoked(Redacted, frozen=True, tag="revoked"):
    """The sender deleted an earlier message. `original` is that message's event key."""

    original: str


class Moved(msgspec.Struct, frozen=True, tag="moved"):
    """The provider says that the sender's address changed: `Inbound.senders` holds the old ones and the new ones.

    The core links the addresses, so that the conversation continues, and sends no reply.
    """


class Unsupported(msgspec.Struct, frozen=True, tag="unsupported"):
    """A message that the channel can't handle, such as a poll, a call or an order. Satark tells the sender so and
    stores nothing of it.
    """

    what: str


Event: TypeAlias = Text | CompleteTip | FormPage | Tap | Pin | Media | Edited | Revoked | Moved | Unsupported
"""What a tipster did."""


class Inbound(Redacted, frozen=True, kw_only=True):
    """One event from one sender, as `parse` returns it.

    `event_key` identifies the event: it is the same in every delivery. Only its keyed hash is stored, since WhatsApp's
    contains a phone number. Nobody may be able to guess it from a sender: this hash is kept for a month.
    """

    account: str
    event_key: str
    message_key: str = ""
    """The id by which an edit or a deletion names this message, if not the event key. Erased with the session."""
    senders: tuple[Address, ...]
    """Every address that the provider gave for this sender, the most permanent first. Replies go to the first."""
    chat_account: str = ""
    """The senders' account in a chat, if the event came by another medium, as from a call inside a messenger. The event
    belongs to their conversation in that chat. Empty: `account`."""
    event: Event
    sent_at: int | None = None
    """Unix time in seconds when the message was sent. None, unless the provider gives the same time in every delivery.
    An event that was sent longer ago than `seen_days` is not taken: somebody replays it."""
    provider_message_id: str = ""
    """The provider's id of the message, if the channel can delete it later (`ErasingChannel`); else empty."""
    seen: Call | None = None
    """A call that shows the message as read to the sender. The call is made soon after the reply, never stored and
    never retried."""
    busy: Call | None = None
    """A call that also shows "typing". The call is made in place of `seen` while the reply still waits."""
    answer: Call | None = None
    """A call for which the sender's app waits, such as one that ends the progress sign on a tapped button. The call is
    made at once, never stored and never retried."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one webhook request. It may carry many events of several accounts."""

    inbound: Sequence[Inbound] = ()
    delivered: Sequence[Delivered] = ()
    ignored: int = 0
    """Number of items that need no handling, such as read marks and reactions. They are counted, never logged."""
    unread: int = 0
    """Number of items that could not be read because the channel failed. The operator is told."""
    chores: Sequence[Call] = ()
    """Calls to make once the whole batch is ingested, such as those that make the provider delete its copies. They
    belong to no sender.

    They go through the outbox, so that neither a crash nor a provider's outage loses them. Repeating one must be
    harmless.
    """
    alarms: Sequence[str] = ()
    """Error codes that the provider reports about the account itself, such as a lost message or a reached limit.

    Each must be one of the provider's own short codes, which is safe as a metric's label and for the operator to see.
    """


class Malformed(ValueError):  # noqa: N818 - it reads as what it says where it is raised
    """`parse` raises this if it can't read a correctly signed body.

    The host counts it and answers 200, since the provider would retry after a 4xx for days.
    """


def parse_each(items: Iterable[T], parse: Callable[[T], Batch]) -> Batch:
    """Parse each item of a request by itself, and return one batch: one that can't be read costs no other.

    An item that is `Malformed` or can't be decoded counts as ignored. One for which `parse` raises anything else counts
    as unread, which is reported to the operator.
    """
    batches = [_parsed(item, parse) for item in items]
    if len(batches) == 1:
        return batches[0]
    lists = ("inbound", "delivered", "chores", "alarms")
    joined: dict[str, Any] = {name: [one for batch in batches for one in getattr(batch, name)] for name in lists}
    counts = {name: sum(getattr(batch, name) for batch in batches) for name in ("ignored", "unread")}
    return Batch(**joined, **counts)


def _parsed(item: T, parse: Callable[[T], Batch]) -> Batch:
    try:
        return parse(item)
    except (Malformed, *DECODING_ERRORS):
        return Batch(ignored=1)
    except Exception as error:  # noqa: BLE001 - whatever it is, it costs this item alone
        log.error("an item of a request could not be read", **describe_error(error))
        return Batch(unread=1)
