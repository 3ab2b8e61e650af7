"""Edge key: makes pseudonyms, and seals drafts, reply handles and calls. No other module sees an address.

Everything here is derived from the edge key: 32 random bytes in a file of mode 0600, never in a database. Nobody can
compute a phone number's pseudonym without the edge key. (Anybody can compute bare hashes: those of all Indian mobile
numbers take about an hour.)

Short-lived values, and every look-up of a sender, also need the key of an epoch (`satark.identity.epoch_keys`). Once
an epoch's key is destroyed, the edge key opens no copy of such a value, and nobody can try phone numbers against it.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from satark.api.inbound import Address, Batch
from satark.api.observability import Redacted
from satark.api.outbound import Call
from satark.identity.epoch_keys import EPOCH_ID, Epoch, EpochKeys
from satark.identity.random_bytes import drawn_by_the_block, random_bytes
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

_NONCE = 12
_SALT = 16
"""Size in bytes of the salt of receipt codes, the only one that libsodium accepts."""
KEY_BYTES = 32
CHANGED_KEY_BYTES = 80
"""Size of an edge key that was changed: the new key, the first one, and a checksum of both."""
_BLOCK = 64
"""Block size of SHA-256, in bytes."""
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_DRAFT_STEP, _BOX_STEP = 1024, 256
"""Drafts and spooled batches, and short-lived values, are padded to a multiple of these sizes in bytes."""
_DRAFT, _BOX, _SPOOL, _SENDER = b"draft", b"box", b"spool", b"sender"
_MACHINES: Final = b"machines"
"""Use of the key for messages between machines, the only seal without an epoch's key."""

KeyedHash: TypeAlias = Callable[[bytes], bytes]
"""Takes a message; returns its HMAC-SHA-256 under one key, 32 bytes."""


class EdgeKeyError(Exception):
    """The edge key can't be used; the message says what is wrong with its file."""


class BrokenSeal(Exception):  # noqa: N818 - it reads as what it says
    """A sealed value was altered, or sealed under another edge key or for another place."""


class Handle(Redacted, frozen=True):
    """The account and address at which a conversation can be answered. A handle is stored only sealed."""

    account: str
    address: str
    language: str = ""
    heard: int = 0
    """Unix time at which the sender last wrote. For a while after it, providers accept messages without a template."""
    aloud: bool = False
    """Whether prompts to this address are also read out."""
    notified: bool = False
    """Whether the sender was told of news after they last opened their mailbox."""
    notified_of: int = 0
    """Position in the thread of the newest message that the sender was told of."""
    missed: bool = False
    """Whether the notice of the newest message did not arrive. If so, the sender is told when they write again."""
    until: int = 0
    """Unix time at which the handle ends, whatever rows say; 0: it ends with its conversation."""
    forgotten: int = 0
    """How often its tip's handle was deleted before. One that was deleted since counts no more, if it is put back."""


class Identity:
    """All keys derived from the edge key. Each use has a key of its own (HMAC-SHA256 of a label).

    Receipts, row ids and the keys of ingested events stay valid if the edge key changes: they are always derived from
    the first edge key. Seals and look-ups of senders are derived from the present edge key.

    `edge_key`: 32 bytes, 80 if it was changed. Without `epochs`, use epoch keys that end with this process. `before`
    opens earlier seals while the edge key is being changed.

    Raises:
        EdgeKeyError: the edge key has another size, or was altered.
    """

    def __init__(self, edge_key: bytes, epochs: EpochKeys | None = None, before: Identity | None = None) -> None:
        self._edge_key = edge_key
        self._root, self._first = _roots(edge_key)
        self._opener = before or self
        self.epochs = epochs or EpochKeys.in_memory()
        self._pseudonym, self._event, self._link = (
            keyed_hash(self._derive_first(label)) for label in (b"pseudonym", b"event", b"link")
        )
        self._lookups: dict[bytes, KeyedHash] = {}
        self._labels = {label: self._derive(label) for label in (_DRAFT, _BOX, _SPOOL, _SENDER)}
        self._boxes: dict[tuple[bytes, bytes], ChaCha20Poly1305] = {}
        self.receipt_salt = self._derive_first(b"receipt salt")[:_SALT]
        self.receipt_lookup = self._derive_first(b"receipt lookup")
        self.canary = self._derive(b"canary")[:16]
        """16 bytes that the database stores, to recognise another edge key."""

    def __repr__(self) -> str:
        return "Identity(…)"

    def with_epochs(self, epochs: EpochKeys) -> Identity:
        """Return the same identity with other epoch keys."""
        return Identity(self._edge_key, epochs)

    def changed(self) -> tuple[bytes, Identity]:
        """Make another edge key. Return this key, and the identity that seals with it and still opens earlier seals."""
        both = os.urandom(KEY_BYTES) + self._first
        edge_key = both + _checksum(both)
        return edge_key, Identity(edge_key, self.epochs, before=self)

    @contextmanager
    def in_one_go(self) -> Iterator[None]:
        """Seal and open the values of a transaction with few system calls. See `EpochKeys.one_look` for its conditions.

        Each system call gives up the interpreter's lock. With all of them, sealing four values beside a busy thread
        takes 180 µs.
        """
        with self.epochs.one_look(), drawn_by_the_block():
            yield

    def pseudonym(self, account: str, address: Address) -> bytes:
        """Return the pseudonym of a sender on an account: 32 bytes. The database has it sealed, with its `lookup`."""
        return _mac(self._pseudonym, account, address.reveal())

    def lookup(self, pseudonym: bytes) -> bytes:
        """Return the look-up by which the database finds a sender in the current epoch: 32 bytes."""
        return self._lookup(self.epochs.current(), pseudonym)

    def lookups(self, pseudonym: bytes) -> list[bytes]:
        """Return every look-up under which a sender may be stored, one for each epoch whose key exists."""
        return [self._lookup(epoch, pseudonym) for epoch in self.epochs.live()]

    def event(self, account: str, event_key: str) -> bytes:
        """Return the keyed hash under which an ingested event is stored: 16 bytes."""
        return _mac(self._event, account, event_key)[:16]

    def link(self, kind: str, value: bytes | str) -> bytes:
        """Return a row id, 16 bytes. Only somebody with the edge key can tell the value that it is derived from."""
        text = value if isinstance(value, str) else value.hex()
        return _mac(self._link, kind, text)[:16]

    def seal_draft(self, conversation: bytes, plain: bytes) -> bytes:
        """Encrypt a session for its conversation. The size is rounded up, so that it tells little about the answers."""
        return self._seal(_DRAFT, _padded(plain, _DRAFT_STEP), conversation)

    def open_draft(self, conversation: bytes, sealed: bytes) -> bytes:
        """Decrypt a session.

        Raises:
            BrokenSeal: the session is another conversation's, was altered, or its epoch's key is destroyed.
        """
        return _unpadded(self._open(_DRAFT, sealed, conversation))

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Encrypt a short-lived value (a call to be sent, a handle, a media reference) for one place in the store."""
        return self._seal(_BOX, _padded(plain, _BOX_STEP), place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Decrypt a value that `seal` encrypted for the same place.

        Raises:
            BrokenSeal: the value was altered, belongs to another place, or its epoch's key is destroyed.
        """
        return _unpadded(self._open(_BOX, sealed, place))

    def seals(self, sealed: bytes, place: bytes, plain: bytes) -> bool:
        """Whether a sealed value is exactly this value, encrypted for this place."""
        try:
            return self.open(sealed, place) == plain
        except BrokenSeal:
            return False

    def seal_call(self, call: Call, place: bytes) -> bytes:
        """Encrypt a provider call for the outbox."""
        return self.seal(_encode(call), place)

    def open_call(self, sealed: bytes, place: bytes) -> Call:
        """Decrypt a provider call of the outbox."""
        return _decode_call(self.open(sealed, place))

    def seal_handle(self, handle: Handle, place: bytes) -> bytes:
        return self.seal(_encode(handle), place)

    def open_handle(self, sealed: bytes, place: bytes) -> Handle | None:
        """Decrypt a reply handle. None: it is empty, was altered, or its key is destroyed, so nobody can be reached."""
        try:
            return _decode_handle(self.open(sealed, place))
        except BrokenSeal:
            return None

    def seal_batch(self, batch: Batch, place: bytes) -> bytes:
        """Encrypt a webhook's batch, including its addresses, to ingest it later."""
        return self._seal(_SPOOL, _padded(_encode_batch(batch), _DRAFT_STEP), place)

    def open_batch(self, sealed: bytes, place: bytes) -> Batch:
        """Decrypt a batch that `seal_batch` encrypted.

        Raises:
            BrokenSeal: the batch was altered, belongs to another place, or is of a version with other events.
        """
        try:
            return _decode_batch(_unpadded(self._open(_SPOOL, sealed, place)))
        except DECODING_ERRORS:
            raise BrokenSeal("a sealed batch can't be read") from None

    def reseal_batch(self, sealed: bytes, place: bytes) -> bytes:
        """Encrypt an encrypted batch anew, under the current epoch.

        Raises:
            BrokenSeal: the batch does not open.
        """
        return self._seal(_SPOOL, self._open(_SPOOL, sealed, place), place)

    def seal_for_machines(self, plain: bytes, place: bytes, code: bytes = b"") -> bytes:
        """Encrypt a value that only machines with this edge key may read or write, for one place in the store.

        `code`: a further secret that they must know.
        """
        nonce = random_bytes(_NONCE)
        return nonce + ChaCha20Poly1305(self._derive(_MACHINES + code)).encrypt(nonce, plain, place)

    def open_for_machines(self, sealed: bytes, place: bytes, code: bytes = b"") -> bytes:
        """Decrypt what `seal_for_machines` encrypted for the same place.

        Raises:
            BrokenSeal: the value was altered, or belongs to another edge key, place or code.
        """
        try:
            box = ChaCha20Poly1305(self._derive(_MACHINES + code))
            return box.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except (InvalidTag, ValueError):
            raise BrokenSeal("a sealed value does not open") from None

    def _derive(self, label: bytes) -> bytes:
        return hmac.digest(self._root, b"satark/1/" + label, "sha256")

    def _derive_first(self, label: bytes) -> bytes:
        return hmac.digest(self._first, b"satark/1/" + label, "sha256")

    def _lookup(self, epoch: Epoch, pseudonym: bytes) -> bytes:
        lookup = self._lookups.get(epoch.id)
        if lookup is None:
            live = {one.id for one in self.epochs.live()}
            lookup = keyed_hash(hmac.digest(epoch.key, self._labels[_SENDER], sha256))
            self._lookups = {id_: one for id_, one in self._lookups.items() if id_ in live}
            self._lookups[epoch.id] = lookup
        return lookup(pseudonym)

    def _seal(self, label: bytes, plain: bytes, place: bytes) -> bytes:
        epoch, nonce = self.epochs.current(), random_bytes(_NONCE)
        return epoch.id + nonce + self._box(label, epoch).encrypt(nonce, plain, place)

    def _open(self, label: bytes, sealed: bytes, place: bytes) -> bytes:
        epoch = self.epochs.find(sealed[:EPOCH_ID])
        if epoch is None:
            raise BrokenSeal("a sealed value does not open")
        nonce, content = sealed[EPOCH_ID : EPOCH_ID + _NONCE], sealed[EPOCH_ID + _NONCE :]
        try:
            return self._opener._box(label, epoch).decrypt(nonce, content, place)  # noqa: SLF001 - another of this class
        except (InvalidTag, ValueError):
            raise BrokenSeal("a sealed value does not open") from None

    def _box(self, label: bytes, epoch: Epoch) -> ChaCha20Poly1305:
        """Return the cipher for a use in an epoch. Making a new one also forgets the ciphers of destroyed epochs."""
        box = self._boxes.get((label, epoch.id))
        if box is None:
            live = {one.id for one in self.epochs.live()}
            box = ChaCha20Poly1305(hmac.digest(epoch.key, self._labels[label], sha256))
            self._boxes = {place: one for place, one in self._boxes.items() if place[1] in live}
            self._boxes[label, epoch.id] = box
        return box


def seal_for(address: Address, plain: bytes) -> bytes:
    """Encrypt a value under a sender's address, if only the sender knows that address."""
    nonce = random_bytes(_NONCE)
    return nonce + _senders_box(address).encrypt(nonce, plain, None)


def open_for(address: Address, sealed: bytes) -> bytes:
    """Decrypt a value that `seal_for` encrypted under the same address."""
    return _senders_box(address).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)


def _senders_box(address: Address) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(hmac.digest(address.reveal().encode(), b"satark/1/sender's own", sha256))


def _roots(edge_key: bytes) -> tuple[bytes, bytes]:
    if len(edge_key) == KEY_BYTES:
        return edge_key, edge_key
    if len(edge_key) != CHANGED_KEY_BYTES:
        raise EdgeKeyError(f"the edge key must be {KEY_BYTES} or {CHANGED_KEY_BYTES} bytes, not {len(edge_key)}")
    both, checksum = edge_key[: 2 * KEY_BYTES], edge_key[2 * KEY_BYTES :]
    if not hmac.compare_digest(checksum, _checksum(both)):
        raise EdgeKeyError("the edge key was altered: take an unaltered copy of it")
    return both[:KEY_BYTES], both[KEY_BYTES:]


def _checksum(both: bytes) -> bytes:
    return sha256(b"satark/edge" + both).digest()[: CHANGED_KEY_BYTES - 2 * KEY_BYTES]


def load_edge_key(path: Path, *, create: bool, what: str = "edge key") -> bytes:
    """Read the edge key, or another key of 32 bytes. If there is none and `create` is true, make it.

    Raises:
        EdgeKeyError: the file is missing, has the wrong length, or others may read it.
    """
    if not path.exists():
        if not create:
            raise EdgeKeyError(f"there is no {what} at {path}")
        atomic_files.create(path, os.urandom(KEY_BYTES))
    if path.stat().st_mode & 0o077:
        raise EdgeKeyError(f"others can read the {what}: chmod 600 {path}")
    return path.read_bytes()


def keyed_hash(key: bytes) -> KeyedHash:
    """Prepare HMAC-SHA-256 (RFC 2104) under a key of 32 bytes: both of its hashes have read the key already.

    This HMAC keeps the interpreter lock. `hmac.digest` gives the lock up for two microseconds, and gets it back from
    a busy thread only after a millisecond or two. Copying an `hmac.HMAC` takes twice as long as this HMAC.
    """
    block = key.ljust(_BLOCK, b"\0")
    inner, outer = (sha256(block.translate(pad)) for pad in (_INNER, _OUTER))

    def digest(message: bytes) -> bytes:
        one, other = inner.copy(), outer.copy()
        one.update(message)
        other.update(one.digest())
        return other.digest()

    return digest


def _mac(hashed: KeyedHash, first: str, second: str) -> bytes:
    # Lengths before the parts, so that ("a", "bc") and ("ab", "c") differ.
    one, other = first.encode(), second.encode()
    return hashed(b"".join((len(one).to_bytes(4), one, len(other).to_bytes(4), other)))


def _padded(plain: bytes, step: int) -> bytes:
    return len(plain).to_bytes(4) + plain + bytes(-(len(plain) + 4) % step)


def _unpadded(padded: bytes) -> bytes:
    return padded[4 : 4 + int.from_bytes(padded[:4])]


_encode = msgspec.msgpack.Encoder().encode
_decode_call = msgspec.msgpack.Decoder(Call).decode
_decode_handle = msgspec.msgpack.Decoder(Handle).decode


def _hidden(_kind: type, value: object) -> Address:
    return Address(str(value))


_encode_batch = msgspec.msgpack.Encoder(enc_hook=Address.reveal).encode
_decode_batch = msgspec.msgpack.Decoder(Batch, dec_hook=_hidden).decode
