"""Cells: all that ever travels between the host and an office. Every one has the same size, whatever is in it.

A cell's plain content is 65,536 bytes: an Ed25519 signature (64), a length (4, big-endian), the encoded `Frame`, zeros.
It is sealed with age to the machine that it is for. Age files of equal content differ in size (the library adds a
recipient of random length, against ossification), so what travels is a length (4), the age file, and zeros again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Literal

import msgspec
import pyrage
from pyrage import x25519

from satark.carrier import Refused
from satark.redacted import Redacted
from satark.remote.link_keys import LinkCard, LinkKey, is_signed

SIZE = 65_536
"""Bytes of a cell's plain content."""
WIRE = SIZE + 4096
"""Bytes of a cell as it travels."""
BODY = 65_000
"""Most bytes of a letter or a file in one cell; the rest is for the signature and the cell's own fields."""
MOST_CELLS = 20_000
"""Most cells of one letter or file: more than a gigabyte, far over what a file may have."""

_SIGNATURE, _LENGTH = 64, 4
_DOMAIN = b"satark/1/cell\0"


class Frame(Redacted, frozen=True, kw_only=True, array_like=True):
    """A piece of a letter or of a sealed file, on its way between the host and one desk's office."""

    desk: str
    way: Literal["down", "up"]
    """`down` to the office, `up` to the host."""
    kind: Literal["letter", "file"]
    whole: bytes
    """What it is a piece of: 16 bytes, the same for the same content."""
    index: int
    total: int
    body: bytes


class OpenedFrame(Redacted, frozen=True):
    """A cell that opened, and what is to be checked once it is known whose it should be."""

    cell: Frame
    signed: bytes
    signature: bytes

    def checked(self, sender: LinkCard) -> Frame:
        """Give the cell.

        Raises:
            Refused: it was not signed by `sender`.
        """
        if not is_signed(sender.verifier, self.signature, self.signed):
            raise Refused("signature")
        return self.cell


def letter_cells(desk: str, way: Literal["down", "up"], letter: bytes) -> Iterator[Frame]:
    """Cut a letter into cells."""
    whole = sha256(f"{desk}/{way}/".encode() + letter).digest()[:16]
    total = cells_of(len(letter))
    for index in range(total):
        body = letter[index * BODY : (index + 1) * BODY]
        yield Frame(desk=desk, way=way, kind="letter", whole=whole, index=index, total=total, body=body)


def file_cells(desk: str, whole: bytes, total: int, pieces: Iterable[tuple[int, bytes]]) -> Iterator[Frame]:
    """Make cells of some pieces (number, content) of a sealed file that takes `total`."""
    for number, body in pieces:
        yield Frame(desk=desk, way="down", kind="file", whole=whole, index=number, total=total, body=body)


def cells_of(size: int) -> int:
    """How many cells so many bytes take."""
    return max(1, -(-size // BODY))


def seal_cell(cell: Frame, by: LinkKey, to: LinkCard) -> bytes:
    """Sign a cell and seal it."""
    encoded = _encode(cell)
    plain = by.sign(_DOMAIN + encoded) + len(encoded).to_bytes(_LENGTH, "big") + encoded
    sealed = pyrage.encrypt(plain.ljust(SIZE, b"\0"), [x25519.Recipient.from_str(to.recipient)])
    return (len(sealed).to_bytes(_LENGTH, "big") + sealed).ljust(WIRE, b"\0")


def open_cell(message: bytes, key: LinkKey) -> OpenedFrame:
    """Open a cell that is for this machine; whose it is must be checked before anything in it is believed.

    Raises:
        Refused: it is not for this machine, was altered, or is no cell.
    """
    if len(message) != WIRE:
        raise Refused("size")
    end = _LENGTH + int.from_bytes(message[:_LENGTH], "big")
    try:
        plain = pyrage.decrypt(message[_LENGTH:end], [x25519.Identity.from_str(key.identity)])
    except pyrage.DecryptError:
        raise Refused("seal") from None
    start = _SIGNATURE + _LENGTH
    encoded = plain[start : start + int.from_bytes(plain[_SIGNATURE:start], "big")]
    try:
        cell = _decode(encoded)
    except msgspec.MsgspecError:
        raise Refused("content") from None
    if len(plain) != SIZE or not 0 <= cell.index < cell.total <= MOST_CELLS:
        raise Refused("content")
    return OpenedFrame(cell, _DOMAIN + encoded, plain[:_SIGNATURE])


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode
