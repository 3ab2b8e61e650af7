"""Padded frames, the only form in which content travels between the host and an office. All frames have one size.

The plain content of a frame is 65,536 bytes: an Ed25519 signature (64), a length (4, big-endian), the encoded `Frame`,
zeros. It is sealed with age to the receiving machine. The size of an age file depends on the kind of the key, so a sent
frame is a length (4), the age file, and zeros again.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

import msgspec

from satark.api import sealing
from satark.api.observability import Redacted
from satark.api.sealing import CantOpen
from satark.api.sink import MessageRejected
from satark.identity.random_bytes import random_bytes
from satark.identity.signatures import is_signed
from satark.remote.link_keys import LinkKey, LinkPublicKeys
from satark.roster.rules import DESK_NAME
from satark_files.decoding import DECODING_ERRORS

FRAME_SIZE = 65_536
"""Size in bytes of a frame's plain content."""
WIRE_SIZE = FRAME_SIZE + 4096
"""Size in bytes of a frame as it is sent."""
CHUNK_SIZE = 65_000
"""Most bytes of a message or a file in one frame; the rest is for the signature and the frame's own fields."""
MOST_CHUNKS = 20_000
"""Most chunks of one message or file: more than a gigabyte, far above the limit on files."""

Direction: TypeAlias = Literal["to_office", "to_host"]

_SIGNATURE, _LENGTH = 64, 4
_DOMAIN = b"satark/1/frame\0"


class Frame(Redacted, frozen=True, kw_only=True, array_like=True):
    """One chunk of a message or of a sealed file, between the host and one desk's office."""

    desk: Annotated[str, msgspec.Meta(pattern=rf"\A{DESK_NAME.pattern}\Z")]
    direction: Direction
    kind: Literal["message", "file", "cover"]
    """`cover`: an empty frame. It stands for a tip or for nothing, so that frames tell nobody which desk has a tip."""
    transfer_id: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    """Id of the message or file that the chunk belongs to: 16 bytes, the same for the same content."""
    index: int
    total: int
    body: bytes


class OpenedFrame(Redacted, frozen=True):
    """A decrypted frame whose signature is not verified yet."""

    frame: Frame
    signed: bytes
    signature: bytes

    def verified(self, sender: LinkPublicKeys) -> Frame:
        """Return the frame.

        Raises:
            MessageRejected: `sender` did not sign it.
        """
        if not is_signed(sender.verifier, self.signature, self.signed):
            raise MessageRejected("signature")
        return self.frame


def message_frames(desk: str, direction: Direction, message: bytes) -> Iterator[Frame]:
    transfer_id = sha256(f"{desk}/{direction}/".encode() + message).digest()[:16]
    total = count_chunks(len(message))
    for index in range(total):
        body = message[index * CHUNK_SIZE : (index + 1) * CHUNK_SIZE]
        yield Frame(
            desk=desk, direction=direction, kind="message", transfer_id=transfer_id, index=index, total=total, body=body
        )


def file_frames(desk: str, transfer_id: bytes, total: int, chunks: Iterable[tuple[int, bytes]]) -> Iterator[Frame]:
    """Make frames of some chunks (number, content) of a sealed file with `total` chunks."""
    for number, body in chunks:
        yield Frame(
            desk=desk, direction="to_office", kind="file", transfer_id=transfer_id, index=number, total=total, body=body
        )


def cover_frame(desk: str) -> Frame:
    """Make an empty frame, which nobody but its receiver can tell from others."""
    transfer_id = random_bytes(16)
    return Frame(desk=desk, direction="to_office", kind="cover", transfer_id=transfer_id, index=0, total=1, body=b"")


def count_chunks(size: int) -> int:
    """Return the number of chunks of `size` bytes, at least one."""
    return max(1, -(-size // CHUNK_SIZE))


def seal_frame(frame: Frame, by: LinkKey, to: LinkPublicKeys) -> bytes:
    """Sign and pad a frame, and seal it to the receiving machine."""
    encoded = _encode(frame)
    plain = by.sign(_DOMAIN + encoded) + len(encoded).to_bytes(_LENGTH, "big") + encoded
    sealed = sealing.encrypt(plain.ljust(FRAME_SIZE, b"\0"), to.recipient)
    if _LENGTH + len(sealed) > WIRE_SIZE:
        raise ValueError("a sealed frame is larger than the wire allows: every frame would be refused")
    return (len(sealed).to_bytes(_LENGTH, "big") + sealed).ljust(WIRE_SIZE, b"\0")


def open_frame(message: bytes, key: LinkKey) -> OpenedFrame:
    """Decrypt a frame that is sealed to this machine. Trust its content only after `OpenedFrame.verified`.

    Raises:
        MessageRejected: the frame is not sealed to this machine, was altered, or is none.
    """
    if len(message) != WIRE_SIZE:
        raise MessageRejected("size")
    end = _LENGTH + int.from_bytes(message[:_LENGTH], "big")
    try:
        plain = sealing.decrypt(message[_LENGTH:end], key.identity)
    except CantOpen:
        raise MessageRejected("seal") from None
    start = _SIGNATURE + _LENGTH
    encoded = plain[start : start + int.from_bytes(plain[_SIGNATURE:start], "big")]
    try:
        frame = _decode(encoded)
    except DECODING_ERRORS:
        raise MessageRejected("content") from None
    if len(plain) != FRAME_SIZE or not 0 <= frame.index < frame.total <= MOST_CHUNKS:
        raise MessageRejected("content")
    return OpenedFrame(frame, _DOMAIN + encoded, plain[:_SIGNATURE])


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode
