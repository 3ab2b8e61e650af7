"""What the host and an office write to each other. What is sealed in a letter stays sealed: machines can't read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar

import msgspec

from satark.carrier import Refused
from satark.desk import Level
from satark.redacted import Redacted
from satark.store.sealed_files import clean_path, disguised_path, original_path, preview_path

T = TypeVar("T")

Form: TypeAlias = Literal["original", "clean", "disguised", "preview"]

FORMS: Mapping[Form, Callable[[Path, str], Path]] = MappingProxyType(
    {"original": original_path, "clean": clean_path, "disguised": disguised_path, "preview": preview_path}
)
"""Where each form of a file is sealed, given the evidence folder and the file's name."""

ANSWER_DOMAIN = b"satark/1/answer\0"
"""What stands before an encoded answer where a desk signs it."""


class AnnouncedFile(Redacted, frozen=True, kw_only=True, array_like=True):
    """One of the sealed files of a piece of evidence, which travels apart."""

    form: Form
    whole: bytes
    """What its cells name."""
    size: int
    """Bytes of the sealed file."""


class FileEntry(Redacted, frozen=True, kw_only=True, array_like=True):
    """One piece of evidence."""

    ordinal: str
    state: str
    """As in the store: due, sealed or lost."""
    record: bytes
    sealed: tuple[AnnouncedFile, ...]


class ThreadEntry(Redacted, frozen=True, kw_only=True, array_like=True):
    """One message of a tip's thread."""

    seq: int
    sealed: bytes
    answer: bytes
    """The id of the office's own answer that this is; empty for everybody else's messages."""


class CustodyEntry(Redacted, frozen=True, kw_only=True, array_like=True):
    """What was done with a file, from the host's custody log."""

    file: str
    entry: bytes
    """SHA-256 of what is sealed, which is salted."""
    sealed: bytes


class TipMessage(Redacted, frozen=True, kw_only=True, tag="tip"):
    """A tip as it is now, all but its files' content."""

    tip: str
    number: str
    revision: int
    recipient: str
    receipt_recipient: str
    day: int
    envelope: bytes
    document: bytes
    thread: tuple[ThreadEntry, ...]
    files: tuple[FileEntry, ...]
    custody: tuple[CustodyEntry, ...]


class DeskEntry(Redacted, frozen=True, kw_only=True, array_like=True):
    """A desk that tips may be directed to."""

    name: str
    title: str
    level: Level
    area: str
    recipient: str


class DirectoryMessage(Redacted, frozen=True, kw_only=True, tag="desks"):
    """Every desk of the host, and the destinations that belong to them."""

    version: int
    """Grows; an older one that comes later is laid aside."""
    desks: tuple[DeskEntry, ...]
    destination_rules: bytes
    """`destination_rules.to_tell`."""


class KeyAcceptedMessage(Redacted, frozen=True, kw_only=True, tag="key"):
    """The host has taken over a desk's new key."""

    answer: bytes


class RefusalMessage(Redacted, frozen=True, kw_only=True, tag="refused"):
    """The host won't take an answer: the desk has no such tip (any more)."""

    answer: bytes


Down: TypeAlias = TipMessage | DirectoryMessage | KeyAcceptedMessage | RefusalMessage


class DirectedOn(Redacted, frozen=True, kw_only=True, array_like=True):
    """The tip's key, sealed to a destination of the desk that the tip is directed to."""

    to: str
    recipient: str
    """The key that it was sealed to; empty where the destination has none of its own."""
    envelope: bytes


class Directed(Redacted, frozen=True, kw_only=True):
    """The tip's key, sealed to another desk."""

    desk: str
    recipient: str
    """The key that it was sealed to: the host checks that it still is that desk's."""
    envelope: bytes
    on: tuple[DirectedOn, ...] = ()
    """The desk's destinations that take this tip, as far as the office knows them."""


class NewKey(Redacted, frozen=True, kw_only=True):
    """A desk's new key, as in an `OfficeCard`."""

    recipient: str
    answers: str


class OfficeAnswer(Redacted, frozen=True, kw_only=True):
    """What an officer wrote; or, with `new_key`, that the desk's key was changed."""

    id: bytes
    """16 random bytes: it is taken once."""
    desk: str
    tip: str
    sealed: bytes
    """age, to the tip's recipient, and to the receipt's if it is for the tipster: a `tip.Message`."""
    internal: bool
    directed: Directed | None = None
    new_key: NewKey | None = None


class SignedAnswer(Redacted, frozen=True, kw_only=True, array_like=True):
    """An encoded `OfficeAnswer`, under the desk's signature."""

    answer: bytes
    signature: bytes


def encode(letter: Down | OfficeAnswer | SignedAnswer) -> bytes:
    """Encode a letter or a part of one."""
    return _encode(letter)


def decode_down(encoded: bytes) -> Down:
    """Decode a letter of the host.

    Raises:
        Refused: it is none.
    """
    return _decoded(_down, encoded)


def decode_answer_letter(encoded: bytes) -> SignedAnswer:
    """Decode an office's letter.

    Raises:
        Refused: it is none.
    """
    return _decoded(_letter, encoded)


def decode_answer(encoded: bytes) -> OfficeAnswer:
    """Decode what an officer wrote, once its signature was checked.

    Raises:
        Refused: it is none.
    """
    return _decoded(_answer, encoded)


_encode = msgspec.msgpack.Encoder().encode
_down: msgspec.msgpack.Decoder[Down] = msgspec.msgpack.Decoder(Down)
_letter = msgspec.msgpack.Decoder(SignedAnswer)
_answer = msgspec.msgpack.Decoder(OfficeAnswer)


def _decoded(decoder: msgspec.msgpack.Decoder[T], encoded: bytes) -> T:
    try:
        return decoder.decode(encoded)
    except msgspec.MsgspecError:
        raise Refused("content") from None
