"""Messages between the host and an office. Sealed content stays sealed: the machines can't read it."""

from typing import Annotated, TypeAlias, TypeVar

import msgspec

from satark.api.observability import Redacted
from satark.api.sealing import CantOpen, check_recipient
from satark.api.sink import MessageRejected
from satark.retention.schedule import Rule
from satark.roster.entries import KeyChange
from satark.store.sealed_files import SealedForm
from satark_files.decoding import DECODING_ERRORS

T = TypeVar("T")

SmallNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
"""A number that fits into an `Integer` column of both databases."""
Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""A number that fits into a `BigInteger` column of both databases."""

ANSWER_DOMAIN = b"satark/1/answer\0"
"""Prefix of an encoded answer when a desk signs it, so that the signature is valid for nothing else."""


class AnnouncedFile(Redacted, frozen=True, kw_only=True, array_like=True):
    """One sealed form of a file of evidence; its content travels in frames of its own."""

    form: SealedForm
    transfer_id: bytes
    """The `Frame.transfer_id` of its chunks."""
    size: Number
    """Size in bytes of the sealed file."""


class FileEntry(Redacted, frozen=True, kw_only=True, array_like=True):
    ordinal: str
    state: str
    """As in the `file` table: due, sealed or lost."""
    record: bytes
    sealed: tuple[AnnouncedFile, ...]


class ThreadEntry(Redacted, frozen=True, kw_only=True, array_like=True):
    seq: SmallNumber
    sealed: bytes


class CustodyEntry(Redacted, frozen=True, kw_only=True, array_like=True):
    """One entry of the host's custody log."""

    file: str
    entry: bytes
    """SHA-256 of the entry before it was sealed; the entry contains a salt."""
    sealed: bytes


class TipMessage(Redacted, frozen=True, kw_only=True, tag="tip"):
    """The complete state of a tip, except the content of its files."""

    tip: str
    number: str
    revision: SmallNumber
    recipient: str
    key_changes: bytes
    """New keys of the tip since it was submitted, as in the `tip` table."""
    day: SmallNumber
    envelope: bytes
    document: bytes
    thread: tuple[ThreadEntry, ...]
    files: tuple[FileEntry, ...]
    custody: tuple[CustodyEntry, ...]


class ErasureMessage(Redacted, frozen=True, kw_only=True, tag="erased"):
    """The host erased a tip: the office erases its copy."""

    tip: str
    rule: Rule


class DirectoryMessage(Redacted, frozen=True, kw_only=True, tag="desks"):
    """The host's roster, which lists its desks, and the destinations that belong to them."""

    version: Number
    """The host's time in nanoseconds. An office takes no older list of tips, unless its own is from the future."""
    roster: tuple[bytes, ...]
    """The roster's entries. The office verifies them, and refuses entries that contradict its own."""
    destination_rules: bytes
    """Rules as `routing.destinations.encode_rules` returns them."""
    tips: bytes = b""
    """Ids of the desk's tips, 16 bytes each, padded with zeros. They show the office which tips a carrier withholds."""
    erased: tuple[ErasureMessage, ...] = ()
    """The orders to erase that the office was sent. A carrier may have withheld one."""


class RefusalMessage(Redacted, frozen=True, kw_only=True, tag="refused"):
    """The host refuses an answer: the desk never had the tip, or no longer has it."""

    answer: bytes


HostMessage: TypeAlias = TipMessage | DirectoryMessage | RefusalMessage | ErasureMessage
"""A message from the host to an office."""


class DirectedDestination(Redacted, frozen=True, kw_only=True, array_like=True):
    """A tip's key, sealed to a destination of the desk that the tip is directed to."""

    to: str
    recipient: str
    """The key to which the tip's key was sealed; empty: the destination has no key of its own."""
    envelope: bytes


class DirectedDesk(Redacted, frozen=True, kw_only=True):
    """A tip's key, sealed to the desk that the tip is directed to."""

    desk: str
    recipient: str
    """The key to which the tip's key was sealed. The host checks that the desk still has it."""
    envelope: bytes
    destinations: tuple[DirectedDestination, ...] = ()
    """The desk's destinations that get this tip, as far as the office knows them."""
    is_release: bool = False
    """Whether the envelope has the key of a release, or the desk keeps its envelope with one."""


class OfficeAnswer(Redacted, frozen=True, kw_only=True):
    """An officer's answer at an office; with `new_key`, the announcement that the desk's key was changed."""

    id: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    """16 random bytes; the host accepts each id once."""
    desk: str
    tip: Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{32})?\Z")]
    """Empty if the answer announces a key."""
    sealed: bytes
    """A `tip.Message`, sealed with age to the tip's recipient, and to the receipt's if it is for the tipster."""
    internal: bool
    directed_to: DirectedDesk | None = None
    new_key: KeyChange | None = None

    def __post_init__(self) -> None:
        # A desk with a key that nothing can be sealed to would keep every tip of its district from being submitted.
        if self.new_key is not None:
            try:
                check_recipient(self.new_key.recipient)
            except CantOpen as error:
                raise ValueError("nothing can be sealed to this key") from error


class SignedAnswer(Redacted, frozen=True, kw_only=True, array_like=True):
    """An encoded `OfficeAnswer` with the desk's signature, as an office sends it to the host."""

    answer: bytes
    signature: bytes


def encode(message: HostMessage | OfficeAnswer | SignedAnswer) -> bytes:
    return _encode(message)


def decode(kind: msgspec.msgpack.Decoder[T], encoded: bytes) -> T:
    """Decode a message. Trust an answer only after the signature beside it is verified.

    Raises:
        MessageRejected: the bytes are no message.
    """
    try:
        return kind.decode(encoded)
    except DECODING_ERRORS:
        raise MessageRejected("content") from None


_encode = msgspec.msgpack.Encoder().encode
HOST_MESSAGE: msgspec.msgpack.Decoder[HostMessage] = msgspec.msgpack.Decoder(HostMessage)
SIGNED_ANSWER = msgspec.msgpack.Decoder(SignedAnswer)
ANSWER = msgspec.msgpack.Decoder(OfficeAnswer)
