"""Sealed files in a backup: each is copied once, in chunks of one size, and removed when its tip is erased.

All forms of a file (already encrypted to the tip's key) are cut into chunks together. Each chunk is encrypted once
more, under a key that follows from the name key. `INDEX`, encrypted alike, tells which chunks a file has. Chunks are
written in the order of their names, which are random: neither name, size, time nor order joins two of them.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import Connection

from satark.api.sealing import size_class
from satark.backup.folder import SUMS, private
from satark.backup.sealed_stream import Damaged, measure
from satark.identity.random_bytes import random_bytes
from satark.store import envelopes
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS
from satark_files.file_store import PART, FileStore, Stored, forget_exact_times

CHUNK: Final = 1 << 17
"""Bytes of a chunk's content."""
INDEX: Final = "INDEX"
_HEAD: Final = 4096
"""Number of first bytes by which two encryptions of one content differ: an age header has a fresh key and a MAC."""
_NONCE: Final = 12


class _Form(msgspec.Struct, frozen=True, array_like=True):
    """One sealed form of a file."""

    name: str
    size: int
    head: bytes
    """SHA-256 of its first bytes."""


class _Bundle(msgspec.Struct, frozen=True, array_like=True):
    """All sealed forms of a file, which follow each other in its chunks."""

    id: bytes
    forms: tuple[_Form, ...]

    @property
    def size(self) -> int:
        return sum(form.size for form in self.forms)


_decoder = msgspec.msgpack.Decoder(dict[str, _Bundle])


class ChunkedFiles:
    """The sealed files in a folder of backups.

    Args:
        folder: the folder of the chunks.
        key: from `files_key`.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._box = ChaCha20Poly1305(key)

    def copy_new(self, source: FileStore, names: Iterable[str]) -> tuple[int, int]:
        """Copy these files if they are new or changed; return how many forms were copied, and their bytes.

        Raises:
            Damaged: the index is damaged, or another installation's.
        """
        sums, bundles = _read_sums(self._folder), self._read_index()
        new = {}
        for name, bundle in _bundles(source, set(names)):
            known = bundles.get(name)
            if known is None or known.forms != bundle.forms or not self._is_complete(known, sums):
                new[name] = bundle
        plan = sorted(
            _Chunk(chunk, name, number) for name, one in new.items() for number, chunk in enumerate(self._chunks(one))
        )
        for chunk, name, number in plan:
            try:
                sums[chunk] = self._write(chunk, _content(source, new[name], number))
            except (KeyError, FileNotFoundError):  # erased meanwhile: its tip is on the list of erased tips
                new.pop(name, None)
        self._write_index(bundles | new, sums)
        forms = [form for bundle in new.values() for form in bundle.forms]
        return len(forms), sum(form.size for form in forms)

    def remove_erased(self, is_erased: Callable[[str], bool]) -> None:
        """Remove the files of erased tips. `is_erased` takes a tip's id."""
        bundles = self._read_index()
        kept = {name: bundle for name, bundle in bundles.items() if not is_erased(name.rpartition("-")[0])}
        self._write_index(kept, _read_sums(self._folder))

    def restore(self, target: FileStore, names: Iterable[str]) -> tuple[int, list[str]]:
        """Copy these files out of the backup; return how many forms, and the names of those that are damaged.

        Raises:
            Damaged: the index is damaged, or another installation's.
        """
        bundles, copied, damaged = self._read_index(), 0, []
        for bundle in (bundles[name] for name in sorted(set(names) & bundles.keys())):
            start = 0
            for form in bundle.forms:
                part = target.begin(form.name)
                try:
                    part.file.writelines(self._read(bundle, start, form.size))
                    target.finish(part)
                    copied += 1
                except Damaged:
                    damaged.append(form.name)
                finally:
                    part.discard()
                start += form.size
        return copied, damaged

    def check(self) -> None:
        """Check that the index can be read.

        Raises:
            Damaged: it is damaged, or another installation's.
        """
        self._read_index()

    def _chunks(self, bundle: _Bundle) -> list[str]:
        """Return the names of a bundle's chunks, in the order of its content."""
        numbers = range(-(-bundle.size // CHUNK))
        return [hmac.digest(self._key, bundle.id + number.to_bytes(4), "sha256")[:16].hex() for number in numbers]

    def _is_complete(self, bundle: _Bundle, sums: dict[str, str]) -> bool:
        return all(chunk in sums and (self._folder / chunk).exists() for chunk in self._chunks(bundle))

    def _write(self, chunk: str, content: bytes) -> str:
        """Encrypt a chunk; return its SHA-256. Its nonce is from its random name, under which it is written once."""
        name = bytes.fromhex(chunk)
        sealed = self._box.encrypt(name[:_NONCE], content.ljust(CHUNK, b"\0"), name)
        part = self._folder / f"{chunk}{PART}"
        with open(part, "wb", opener=private) as out:
            out.write(sealed)
        forget_exact_times(part)
        part.replace(self._folder / chunk)
        return hashlib.sha256(sealed).hexdigest()

    def _read(self, bundle: _Bundle, start: int, size: int) -> Iterator[bytes]:
        chunks, end = self._chunks(bundle), start + size
        for number in range(start // CHUNK, -(-end // CHUNK)):
            name = bytes.fromhex(chunks[number])
            try:
                content = self._box.decrypt(name[:_NONCE], (self._folder / chunks[number]).read_bytes(), name)
            except (FileNotFoundError, InvalidTag, ValueError):
                raise Damaged(f"{self._folder / chunks[number]} is missing or was altered") from None
            first = number * CHUNK
            yield content[max(0, start - first) : end - first]

    def _read_index(self) -> dict[str, _Bundle]:
        path = self._folder / INDEX
        try:
            sealed = path.read_bytes()
            plain = self._box.decrypt(sealed[:_NONCE], sealed[_NONCE:], INDEX.encode())
            return _decoder.decode(plain[4 : 4 + int.from_bytes(plain[:4])])
        except FileNotFoundError:
            return {}
        except (InvalidTag, ValueError, *DECODING_ERRORS):
            raise Damaged(
                f"{path} was altered, or is another installation's: without it, all files are copied anew"
            ) from None

    def _write_index(self, bundles: dict[str, _Bundle], sums: dict[str, str]) -> None:
        """Write the index and the sums of the chunks that it names, then remove all other chunks."""
        listed = {chunk for bundle in bundles.values() for chunk in self._chunks(bundle)}
        encoded, nonce = msgspec.msgpack.encode(bundles), random_bytes(_NONCE)
        plain = (len(encoded).to_bytes(4) + encoded).ljust(size_class(len(encoded) + 4, CHUNK, 4), b"\0")
        sealed = nonce + self._box.encrypt(nonce, plain, INDEX.encode())
        atomic_files.replace(self._folder / INDEX, [sealed])
        kept = {name: digest for name, digest in sums.items() if name in listed}
        kept[INDEX] = hashlib.sha256(sealed).hexdigest()
        atomic_files.replace(self._folder / SUMS, [f"{kept[name]}  {name}\n".encode() for name in sorted(kept)])
        for path in self._folder.iterdir():
            if path.name not in listed and path.name not in {INDEX, SUMS}:
                path.unlink()


class _Chunk(NamedTuple):
    """A chunk to be written; chunks are sorted by their names."""

    name: str
    bundle: str
    number: int


def files_key(keys: Connection) -> bytes:
    """Return the key of the chunks, which follows from the name key."""
    return hashlib.sha256(b"satark/1/backup files\0" + envelopes.tag(keys, "", "backup files")).digest()


def damaged_files(folder: Path) -> list[str]:
    """Return the names of chunks that are missing or differ from their list. Reads all chunks."""
    return [
        name
        for name, digest in sorted(_read_sums(folder).items())
        if not (folder / name).is_file() or measure(folder / name).sha256 != digest
    ]


def _bundles(source: FileStore, wanted: set[str]) -> Iterator[tuple[str, _Bundle]]:
    found = [one for one in source.files() if one.name.partition(".")[0] in wanted and one.name.endswith(".age")]
    for name, forms in groupby(sorted(found), lambda one: one.name.partition(".")[0]):
        try:
            yield name, _Bundle(random_bytes(16), tuple(_form(source, one) for one in forms))
        except FileNotFoundError:  # erased meanwhile
            continue


def _form(source: FileStore, stored: Stored) -> _Form:
    return _Form(stored.name, stored.bytes, hashlib.sha256(source.read(stored.name, most=_HEAD)).digest())


def _content(source: FileStore, bundle: _Bundle, number: int) -> bytes:
    """Read the content of a chunk from the forms that are in it."""
    start, content = number * CHUNK, b""
    for form in bundle.forms:
        if 0 <= start < form.size and len(content) < CHUNK:
            content += source.read(form.name, start, min(CHUNK - len(content), form.size - start))
        start = max(0, start - form.size)
    return content


def _read_sums(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text("ascii", "replace").splitlines()  # a damaged name is one of no file
    except FileNotFoundError:
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
