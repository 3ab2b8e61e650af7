"""Sealed files in a backup: each is copied once, in chunks of one size, and removed when its tip is erased.

All forms of a file (already encrypted to the tip's key) are cut into chunks together. Each chunk is encrypted once
more, under a key that is derived from the name key. A list, encrypted in the same way, tells which chunks a file has.
Chunks are written in the order of their names, which are random: neither name, size, time nor order joins two of them.

Each list replaces the one before under the next number. If two processes write, one of them gets the number. The other
stops, so it removes no unknown chunk, and none of its own chunks counts.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection

from satark.api.sealing import size_class
from satark.backup.sealed_stream import Damaged
from satark.identity.random_bytes import random_bytes
from satark.store import envelopes
from satark_files.decoding import DECODING_ERRORS
from satark_files.file_store import FileStore, Part, Stored, at_once, in_groups

CHUNK: Final = 1 << 17
"""Size in bytes of a chunk's content."""
LISTS: Final = "lists"
"""Folder of the lists, whose names are numbers."""
_SEALED: Final = CHUNK + 16
_WITHOUT: Final = "without it, all files are copied anew"
_HEAD: Final = 4096
"""Number of first bytes by which two encryptions of one content differ: an age header has a fresh key and a MAC."""
_NONCE: Final = 12
_TOGETHER: Final = 64
"""Number of chunks that are flushed together."""
_FILES: Final = 2000
"""Number of files after which the list is written. After an interruption, none of them is sent again."""


class Busy(Exception):  # noqa: N818 - it reads as what it says
    """Another process writes a backup to the same folder."""


class _Form(msgspec.Struct, frozen=True, array_like=True):
    name: str
    size: int
    head: bytes
    """SHA-256 of the form's first bytes."""


class _Bundle(msgspec.Struct, frozen=True, array_like=True):
    """All sealed forms of a file, which follow each other in its chunks."""

    id: bytes
    forms: tuple[_Form, ...]

    @property
    def size(self) -> int:
        return sum(form.size for form in self.forms)


class _Written(msgspec.Struct, frozen=True, array_like=True):
    """A list as it is written. The owners of the chunks are sealed."""

    sums: dict[str, bytes]
    """Chunk → its SHA-256."""
    sum: bytes
    """SHA-256 of `sealed`."""
    sealed: bytes


class _Sealed(msgspec.Struct, frozen=True, array_like=True):
    bundles: dict[str, _Bundle]
    note: bytes


class _List(NamedTuple):
    number: int
    sums: Mapping[str, bytes]
    bundles: Mapping[str, _Bundle]
    note: bytes = b""


_written = msgspec.msgpack.Decoder(_Written)
_sealed = msgspec.msgpack.Decoder(_Sealed)


class ChunkedFiles:
    """The sealed files of backups. `place`: the name of the store, for messages; `key`: from `files_key`."""

    def __init__(self, store: FileStore, place: str, key: bytes) -> None:
        self._store, self._place = store, place
        self._key = key
        self._box = ChaCha20Poly1305(key)

    def update(
        self, source: FileStore, names: Iterable[str], erased: Callable[[], Callable[[str], bool]], note: bytes = b""
    ) -> tuple[int, int]:
        """Copy these files if they are new or changed, and remove those of erased tips.

        `erased` is called once all are copied. It returns a function that tells if a tip's id is erased. `note` is
        stored for `note()`.

        Returns:
            The number of copied forms, and their bytes.

        Raises:
            Busy: another process writes a backup.
            Damaged: the list is damaged, or another installation's.
        """
        there = {one.name: one.bytes for one in self._store.files()}
        now = self._newest()
        new = {name: one for name, one in _bundles(source, set(names)) if not self._has(now, name, one, there)}
        forms: list[_Form] = []
        sent: set[str] = set()
        for group in in_groups(sorted(new), _FILES):
            sums, bundles = self._send(source, {name: new[name] for name in group})
            sent |= sums.keys()
            forms += (form for bundle in bundles.values() for form in bundle.forms)
            now = self._write_list(now.number + 1, {**now.bundles, **bundles}, {**now.sums, **sums}, now.note)
        is_erased = erased()
        kept = {name: one for name, one in now.bundles.items() if not is_erased(name.rpartition("-")[0])}
        now = self._write_list(now.number + 1, kept, now.sums, note)
        older = {_list_name(number) for number in _numbers(self._store) if number < now.number}
        self._store.remove(((there.keys() | sent) - now.sums.keys() - {_list_name(now.number)}) | older)
        return len(forms), sum(form.size for form in forms)

    def restore(self, target: FileStore, names: Iterable[str]) -> tuple[int, list[str]]:
        """Copy these files out of the backup; return how many forms, and the names of those that are damaged.

        Raises:
            Damaged: the list is damaged, or another installation's.
        """
        bundles, copied, damaged = self._newest().bundles, 0, []
        wanted = (bundles[name] for name in sorted(set(names) & bundles.keys()))
        for bundle, lost in at_once(lambda one: (one, self._restore(target, one)), wanted):
            copied += len(bundle.forms) - len(lost)
            damaged += lost
        return copied, damaged

    def note(self) -> bytes:
        """Return the note of the last backup; empty: there is none.

        Raises:
            Damaged: the list is damaged, or another installation's.
        """
        return self._newest().note

    def _chunks(self, bundle: _Bundle) -> list[str]:
        """Return the names of a bundle's chunks, in the order of its content."""
        numbers = range(-(-bundle.size // CHUNK))
        return [hmac.digest(self._key, bundle.id + number.to_bytes(4), "sha256")[:16].hex() for number in numbers]

    def _has(self, now: _List, name: str, bundle: _Bundle, there: Mapping[str, int]) -> bool:
        known = now.bundles.get(name)
        if known is None or known.forms != bundle.forms:
            return False
        return all(chunk in now.sums and there.get(chunk) == _SEALED for chunk in self._chunks(known))

    def _send(self, source: FileStore, bundles: dict[str, _Bundle]) -> tuple[dict[str, bytes], dict[str, _Bundle]]:
        """Send the chunks of these files; return their sums, and the files that were not erased meanwhile."""
        plan = sorted(
            _Chunk(chunk, name, n) for name, one in bundles.items() for n, chunk in enumerate(self._chunks(one))
        )
        sums: dict[str, bytes] = {}
        gone: set[str] = set()
        for some in in_groups(plan, _TOGETHER):
            contents = at_once(lambda chunk: _content(source, bundles[chunk.bundle], chunk.number), some)
            with ExitStack() as given_up:
                parts: list[Part] = []
                for chunk, content in zip(some, contents, strict=True):
                    if content is None:
                        gone.add(chunk.bundle)
                        continue
                    # A chunk's nonce is from its random name, under which it is written once.
                    name = bytes.fromhex(chunk.name)
                    sealed = self._box.encrypt(name[:_NONCE], content.ljust(CHUNK, b"\0"), name)
                    sums[chunk.name] = hashlib.sha256(sealed).digest()
                    parts.append(self._store.begin(chunk.name))
                    given_up.callback(parts[-1].discard)
                    parts[-1].file.write(sealed)
                self._store.finish(*parts)
        return sums, {name: bundle for name, bundle in bundles.items() if name not in gone}

    def _restore(self, target: FileStore, bundle: _Bundle) -> list[str]:
        """Copy a file; return the names of its damaged forms."""
        start, damaged = 0, []
        for form in bundle.forms:
            part = target.begin(form.name)
            try:
                part.file.writelines(self._read(bundle, start, form.size))
                target.finish(part)
            except Damaged:
                damaged.append(form.name)
            finally:
                part.discard()
            start += form.size
        return damaged

    def _read(self, bundle: _Bundle, start: int, size: int) -> Iterator[bytes]:
        chunks, end = self._chunks(bundle), start + size
        for number in range(start // CHUNK, -(-end // CHUNK)):
            name = bytes.fromhex(chunks[number])
            try:
                content = self._box.decrypt(name[:_NONCE], self._store.read(chunks[number]), name)
            except (FileNotFoundError, InvalidTag, ValueError):
                raise Damaged(f"{self._place}/{chunks[number]} is missing or was altered") from None
            first = number * CHUNK
            yield content[max(0, start - first) : end - first]

    def _newest(self) -> _List:
        number, written = _read_list(self._store, self._place)
        if written is None:
            return _List(0, {}, {})
        name, sealed = _list_name(number), written.sealed
        try:
            plain = self._box.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
            found = _sealed.decode(plain[4 : 4 + int.from_bytes(plain[:4])])
            return _List(number, written.sums, found.bundles, found.note)
        except (InvalidTag, ValueError, *DECODING_ERRORS):
            raise Damaged(f"{self._place}/{name} was altered, or is another installation's: {_WITHOUT}") from None

    def _write_list(self, number: int, bundles: Mapping[str, _Bundle], sums: Mapping[str, bytes], note: bytes) -> _List:
        encoded = msgspec.msgpack.encode(_Sealed(dict(bundles), note))
        nonce, name = random_bytes(_NONCE), _list_name(number)
        plain = (len(encoded).to_bytes(4) + encoded).ljust(size_class(len(encoded) + 4, CHUNK, 4), b"\0")
        sealed = nonce + self._box.encrypt(nonce, plain, name.encode())
        listed = {chunk: sums[chunk] for bundle in bundles.values() for chunk in self._chunks(bundle)}
        written = _Written(dict(sorted(listed.items())), hashlib.sha256(sealed).digest(), sealed)
        try:
            self._store.put(name, msgspec.msgpack.encode(written), new=True)
        except FileExistsError:
            raise Busy(f"another process writes a backup to {self._place}") from None
        if _numbers(self._store)[-1] != number:
            raise Busy(f"another process wrote a backup to {self._place}")
        return _List(number, listed, bundles, note)


class _Chunk(NamedTuple):
    """A chunk to be written; chunks are sorted by their names."""

    name: str
    bundle: str
    number: int


def files_key(keys: Connection) -> bytes:
    """Return the key of the chunks, which is derived from the name key."""
    return hashlib.sha256(b"satark/1/backup files\0" + envelopes.tag(keys, "", "backup files")).digest()


def damaged_files(store: FileStore, place: str) -> list[str]:
    """Return the problems of the list and of chunks: missing, or not as listed. Reads all chunks."""
    try:
        _, written = _read_list(store, place)
    except Damaged as damaged:
        return [str(damaged)]
    sums = written.sums if written else {}
    return [
        f"{place}/{name} is missing or was altered"
        for name, digest in at_once(lambda name: (name, _digest(store, name)), sorted(sums))
        if digest != sums[name]
    ]


def _digest(store: FileStore, name: str) -> bytes:
    try:
        return hashlib.sha256(store.read(name)).digest()
    except FileNotFoundError:
        return b""


def _list_name(number: int) -> str:
    return f"{LISTS}/{number:08}"


def _numbers(store: FileStore) -> list[int]:
    names = (one.name.rpartition("/")[2] for one in store.files(LISTS))
    return sorted(int(name) for name in names if name.isdecimal())


def _read_list(store: FileStore, place: str) -> tuple[int, _Written | None]:
    """Return the newest list with its number; None: there is none. Raises Damaged: it was altered."""
    while numbers := _numbers(store):
        with suppress(FileNotFoundError):  # meanwhile a newer one replaced it
            try:
                written = _written.decode(store.read(_list_name(numbers[-1])))
            except DECODING_ERRORS:
                written = None
            if written is None or hashlib.sha256(written.sealed).digest() != written.sum:
                raise Damaged(f"{place}/{_list_name(numbers[-1])} was altered: {_WITHOUT}")
            return numbers[-1], written
    return 0, None


def _bundles(source: FileStore, wanted: set[str]) -> Iterator[tuple[str, _Bundle]]:
    found = (one for one in source.files() if one.name.partition(".")[0] in wanted and one.name.endswith(".age"))
    read = at_once(lambda one: (one.name.partition(".")[0], _form(source, one)), sorted(found))
    for name, pairs in groupby(read, lambda one: one[0]):
        forms = tuple(form for _, form in pairs)
        if None not in forms:
            yield name, _Bundle(random_bytes(16), tuple(filter(None, forms)))


def _form(source: FileStore, stored: Stored) -> _Form | None:
    """Return the description of a form; None: the form was erased meanwhile."""
    try:
        return _Form(stored.name, stored.bytes, hashlib.sha256(source.read(stored.name, most=_HEAD)).digest())
    except FileNotFoundError:
        return None


def _content(source: FileStore, bundle: _Bundle, number: int) -> bytes | None:
    """Read the content of a chunk from the forms that are in it; None: they were erased meanwhile."""
    start, content = number * CHUNK, b""
    try:
        for form in bundle.forms:
            if 0 <= start < form.size and len(content) < CHUNK:
                content += source.read(form.name, start, min(CHUNK - len(content), form.size - start))
            start = max(0, start - form.size)
    except FileNotFoundError:
        return None
    return content
