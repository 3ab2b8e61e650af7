"""Edge key: pseudonyms, and the sealing of drafts, reply handles and calls. No other module sees an address.

Everything here is derived from the edge key: 32 random bytes in a file of mode 0600, never in a database. Without it, a
pseudonym can't be computed from a phone number (a bare hash could: all Indian mobile numbers hash in about an hour).
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from satark import atomic_files
from satark.channel import Address, Batch, Call

_NONCE = 12
_SIZE = 32


class EdgeKeyError(Exception):
    """The edge key can't be used; the message says what is wrong with its file."""


class BrokenSeal(Exception):  # noqa: N818 - it reads as what it says
    """A sealed value was altered, or sealed under another edge key or for another place."""


class Handle(msgspec.Struct, frozen=True):
    """Where a conversation can be answered. It is only ever stored sealed."""

    account: str
    address: str
    language: str = ""
    heard: int = 0
    """When the sender last wrote, Unix seconds: providers take free messages only for a while after it."""

    def __repr__(self) -> str:
        return "Handle(…)"


class Identity:
    """All that is derived from the edge key. Each use has a key of its own (HMAC-SHA256 of a label)."""

    def __init__(self, edge_key: bytes) -> None:
        if len(edge_key) != _SIZE:
            raise EdgeKeyError(f"the edge key must be {_SIZE} bytes, not {len(edge_key)}")
        self._root = edge_key
        self._pseudonym = self._derive(b"pseudonym")
        self._event = self._derive(b"event")
        self._draft = self._derive(b"draft")
        self._link = self._derive(b"link")
        self._box = ChaCha20Poly1305(self._derive(b"box"))
        self._spool = ChaCha20Poly1305(self._derive(b"spool"))
        self.receipt_salt = self._derive(b"receipt salt")
        self.receipt_lookup = self._derive(b"receipt lookup")

    def __repr__(self) -> str:
        return "Identity(…)"

    def pseudonym(self, account: str, address: Address) -> bytes:
        """Give the name under which the database knows a sender on an account: 32 bytes."""
        return _mac(self._pseudonym, account, address.reveal())

    def event(self, account: str, event_key: str) -> bytes:
        """Give the keyed hash under which an event is remembered as taken: 16 bytes."""
        return _mac(self._event, account, event_key)[:16]

    def link(self, kind: str, value: bytes | str) -> bytes:
        """Give the row id that joins two things for whoever has the edge key, and for nobody else: 16 bytes."""
        text = value if isinstance(value, str) else value.hex()
        return _mac(self._link, kind, text)[:16]

    def seal_draft(self, conversation: bytes, plain: bytes) -> bytes:
        """Encrypt a session under the key of its conversation."""
        return _seal(self._draft_box(conversation), plain, conversation)

    def open_draft(self, conversation: bytes, sealed: bytes) -> bytes:
        """Decrypt a session.

        Raises:
            BrokenSeal: it is not this conversation's, or was altered.
        """
        return _open(self._draft_box(conversation), sealed, conversation)

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Encrypt a short-lived value (a call to be sent, a handle, a media reference) for one place in the store."""
        return _seal(self._box, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Decrypt such a value.

        Raises:
            BrokenSeal: it was altered or belongs elsewhere.
        """
        return _open(self._box, sealed, place)

    def seal_call(self, call: Call, place: bytes) -> bytes:
        """Encrypt a provider call for the outbox."""
        return self.seal(_encode(call), place)

    def open_call(self, sealed: bytes, place: bytes) -> Call:
        """Decrypt a provider call of the outbox."""
        return _decode_call(self.open(sealed, place))

    def seal_handle(self, handle: Handle, place: bytes) -> bytes:
        """Encrypt a reply handle."""
        return self.seal(_encode(handle), place)

    def open_handle(self, sealed: bytes, place: bytes) -> Handle:
        """Decrypt a reply handle."""
        return _decode_handle(self.open(sealed, place))

    def seal_batch(self, batch: Batch, place: bytes) -> bytes:
        """Encrypt what a webhook carried, addresses and all, to be taken later."""
        return _seal(self._spool, _encode_batch(batch), place)

    def open_batch(self, sealed: bytes, place: bytes) -> Batch:
        """Decrypt such a batch.

        Raises:
            BrokenSeal: it was altered, belongs elsewhere, or was written by a version that knew other events.
        """
        try:
            return _decode_batch(_open(self._spool, sealed, place))
        except msgspec.MsgspecError:
            raise BrokenSeal("a sealed batch can't be read") from None

    def _derive(self, label: bytes) -> bytes:
        return hmac.digest(self._root, b"satark/1/" + label, "sha256")

    def _draft_box(self, conversation: bytes) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(hmac.digest(self._draft, conversation, "sha256"))


def load_edge_key(path: Path, *, create: bool) -> bytes:
    """Read the edge key, or make one where there is none and `create` allows it.

    Raises:
        EdgeKeyError: it is missing, has the wrong length, or others may read it.
    """
    if not path.exists():
        if not create:
            raise EdgeKeyError(f"there is no edge key at {path}")
        atomic_files.create(path, os.urandom(_SIZE))
    if path.stat().st_mode & 0o077:
        raise EdgeKeyError(f"others can read the edge key: chmod 600 {path}")
    return path.read_bytes()


def _mac(key: bytes, *parts: str) -> bytes:
    # Lengths before the parts, so that ("a", "bc") and ("ab", "c") differ.
    message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in map(str.encode, parts))
    return hmac.digest(key, message, sha256)


def _seal(box: ChaCha20Poly1305, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + box.encrypt(nonce, plain, place)


def _open(box: ChaCha20Poly1305, sealed: bytes, place: bytes) -> bytes:
    try:
        return box.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
    except (InvalidTag, ValueError):
        raise BrokenSeal("a sealed value does not open") from None


_encode = msgspec.msgpack.Encoder().encode
_decode_call = msgspec.msgpack.Decoder(Call).decode
_decode_handle = msgspec.msgpack.Decoder(Handle).decode


def _revealed(value: object) -> object:
    if isinstance(value, Address):
        return value.reveal()
    raise NotImplementedError


def _hidden(_kind: type, value: object) -> Address:
    return Address(str(value))


_encode_batch = msgspec.msgpack.Encoder(enc_hook=_revealed).encode
_decode_batch = msgspec.msgpack.Decoder(Batch, dec_hook=_hidden).decode
