"""Tips for the checks of sinks, sealed as the host seals tips, and the reader with which a sink opens them."""

import asyncio
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec

from satark.api.routing import Destination
from satark.api.sealing import new_identity, seal
from satark.api.services import WorkerContext
from satark.api.sink import Delivery, SealedFile, SealedMessage
from satark.api.tip import Envelope, Evidence, Header, Message, Tip
from satark.casework.errors import NoSuchTip
from satark.delivery.destination_reader import DestinationReader, FoundTip, OpenedDelivery
from satark.identity.signatures import name_of, verifier_for
from satark.routing.authors import signed_by_tipster
from satark.routing.sent import TIPSTER_USE, signed_as_sent
from satark.store.sealed_files import StoredForm, open_sealed, put_in_place, seal_file
from satark.store.workspace import workspace_dir
from satark_files.file_store import FolderStore
from satark_testing.contracts.rules import BrokenRule

_Files: TypeAlias = Mapping[str, bytes | Literal["due", "lost"]]
WORDS: Final = "कट्टानिशान"
"""A word that every answer and message of a sample tip contains, and that occurs nowhere else."""
SAID: Final = f"  {WORDS} लंका में 🚨, हर रात दस बजे के बाद पुल के नीचे.\n“{WORDS}” \u0930\u094d\u200d\u092f €5,  "
"""A text that is easily damaged: double spaces, an emoji, a line break, a joiner, more than a screen's width."""
PLACE: Final = {"text": f"{WORDS} घाट", "latitude": 25.30765, "longitude": 82.97391}
CLEAN: Final = bytes(range(256)) * 16
_FILES: Final[_Files] = {"1": CLEAN, "2": CLEAN[::-1]}
_PARTLY: Final[_Files] = {"1": CLEAN * 80, "2": "lost", "3": CLEAN[::-1], "4": "due"}
"""The files of an incomplete tip, by number. The first is longer than a chunk in which it is read."""
_ORIGINAL: Final = b"an original: only a desk opens it"
_BEGINNING: Final = "0190aef0" * 3
"""Prefix of the keys of deliveries that were made in one moment."""
_CATEGORY: Final = "arms"
_RECEIVED: Final = "2026-11-24T06/PT6H"


class SampleTips:
    """Makes deliveries of tips to one destination.

    Args:
        destination: `<sink>:<name>`.
        recipient: the destination's age recipient; empty: one whose key nobody has.
    """

    def __init__(self, destination: str, recipient: str = "") -> None:
        self._destination = destination
        self._recipient = recipient or new_identity()[0]
        self._keys: dict[str, tuple[str, str]] = {}
        self._files: dict[str, tuple[SealedFile, ...]] = {}
        self._made: dict[tuple[str, int], Delivery] = {}
        self._plain: dict[tuple[str, int], dict[str, bytes]] = {}

    def plain(self, delivery: Delivery) -> dict[str, bytes]:
        """Return the parts of a delivery that a reading destination may show, by the names of `unpack`."""
        return self._plain[delivery.tip, delivery.revision]

    def delivery(
        self, folder: Path, *, revision: int = 1, tip: str = "a" * 32, attempt: int = 1, partly: bool = False
    ) -> Delivery:
        """Return a delivery with two files and messages, as the delivery worker makes it.

        Args:
            folder: for the file's sealed clean copy; it is created.
            revision: 1 for the tip as it was submitted; each later one has a message more.
            tip: the tipster's key, 32 hex digits: the tip's id follows from it.
            attempt: 1 for the first.
            partly: one file more is lost, and one more is still due.
        """
        known = self._made.get((tip, revision)) or self._seal(folder, revision, tip, _PARTLY if partly else _FILES)
        self._made[tip, revision] = known
        return msgspec.structs.replace(known, attempt=attempt)

    def _seal(self, folder: Path, revision: int, key: str, files: _Files) -> Delivery:
        verifier = verifier_for(key, TIPSTER_USE)
        tip = name_of(verifier)
        recipient, identity = self._keys.setdefault(tip, new_identity())
        files = {number: tip.encode() + one if isinstance(one, bytes) else one for number, one in files.items()}
        if tip not in self._files:  # later revisions have the same copies
            self._files[tip] = tuple(
                _file(folder, (tip, key, recipient), ordinal, content)
                if isinstance(content, bytes)
                else SealedFile(ordinal=ordinal, state=content)
                for ordinal, content in files.items()
            )
        document = seal(_document(tip, files), recipient)
        about: Any = {
            "tip": tip,
            "desk": str(self._destination),
            "identity": identity,
            "header": _header(_document(tip, files)),
        }
        about |= {"document_sha256": hashlib.sha256(document).hexdigest()}
        envelope = signed_as_sent(Envelope(**about, tipster_verifier=verifier), key)
        told = {seq: Message(sender="tipster", text=f"{SAID}{tip[:4]} {seq}  ") for seq in range(1, revision + 1)}
        self._plain[tip, revision] = _plain(_document(tip, files), [one.text for one in told.values()], files) | {
            "revision": str(revision).encode(),
            "destination": Destination(self._destination).name.encode(),
        }
        signed = {seq: signed_by_tipster(one, tip, seq, key) for seq, one in told.items()}
        messages = tuple(SealedMessage(seq, seal(one, recipient)) for seq, one in signed.items())
        return Delivery(
            idempotency_key=_BEGINNING + hashlib.sha256(f"{tip} {revision}".encode()).hexdigest()[:8],
            tip=tip,
            destination=self._destination,
            desk="sp",
            revision=revision,
            attempt=1,
            envelope=seal(envelope, self._recipient),
            document=document,
            files=self._files[tip],
            messages=messages,
        )

    def alarm(self) -> Delivery:
        """Return a delivery without a tip."""
        return Delivery(
            idempotency_key="alarm-1",
            tip="alarm:1790000000",
            destination=self._destination,
            desk="",
            revision=1,
            attempt=1,
            envelope=b"",
            document=b"",
        )


def _file(folder: Path, of: tuple[str, str, str], ordinal: str, content: bytes) -> SealedFile:
    (tip, key, recipient), copies = of, []
    for form, plain in (("original", _ORIGINAL), ("clean", content)):
        copy = StoredForm(FolderStore(folder), f"{tip[:8]}.{ordinal}.{form}")
        put_in_place(seal_file(io.BytesIO(plain), copy, recipient))
        copies.append(copy)
    record = seal(signed_by_tipster(_record(ordinal, content), tip, 0, key), recipient)
    return SealedFile(ordinal=ordinal, state="sealed", record=record, original=copies[0], clean=copies[1])


def _plain(tip: Tip, thread: Sequence[str], files: _Files) -> dict[str, bytes]:
    text: dict[str, str] = {"number": tip.number, "place": f"{PLACE['latitude']},{PLACE['longitude']}"}
    text |= {"answer what": tip.answers["what"], "answer place": str(PLACE["text"])}
    text |= {f"message {number}": one for number, one in enumerate(thread, 1)}
    text |= {state: ordinal for ordinal, state in files.items() if not isinstance(state, bytes)}
    parts = {name: one.encode() for name, one in text.items()}
    return parts | {f"file {ordinal}": one for ordinal, one in files.items() if isinstance(one, bytes)}


def sample_delivery(destination: str, folder: Path) -> Delivery:
    """Return one delivery, sealed to a key that nobody has; see `SampleTips.delivery`."""
    return SampleTips(destination).delivery(folder)


def _document(tip: str, files: Iterable[str]) -> Tip:
    return Tip(
        number=f"{tip[:4].upper()}-2345",
        revision=1,
        flow="0" * 64,
        language="hi",
        channel="chat",
        category=_CATEGORY,
        received=_RECEIVED,
        answers={"category": _CATEGORY, "what": f"{SAID}{tip[:4]}  ", "place": PLACE},
        meanings={"place": "place"},
        evidence=tuple(files),
        district="varanasi",
        station="lanka",
    )


def _header(tip: Tip) -> Header:
    return Header(
        number=tip.number, revision=tip.revision, category=tip.category, language=tip.language, received=tip.received
    )


def _record(ordinal: str, content: bytes) -> Evidence:
    return Evidence(
        ordinal=ordinal,
        role="evidence",
        kind="document",
        mime="text/plain",
        bytes=len(_ORIGINAL),
        sha256=hashlib.sha256(_ORIGINAL).hexdigest(),
        clean_mime="text/plain",
        clean_bytes=len(content),
        clean_sha256=hashlib.sha256(content).hexdigest(),
    )


def sample_context(identity: str) -> WorkerContext:
    """Return a context for tests of a sink that reads; of all services it has `reader` alone.

    Args:
        identity: the private half of the case's `recipient`; see `satark.api.new_identity`.
    """
    return cast("WorkerContext", _Context(identity))


class _Context:
    def __init__(self, identity: str) -> None:
        self._identity = identity

    def reader(self, to: str) -> "_Reader":
        return _Reader(to, self._identity)


class _Reader(DestinationReader):
    def __init__(self, to: str, identity: str) -> None:
        self.to, self._identity = to, identity

    def open(self, delivery: Delivery) -> OpenedDelivery:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            raise BrokenRule("S13", "deliveries", "`reader.open` is called in the event loop")
        return super().open(delivery)

    def find(self, number: str) -> FoundTip:
        raise NoSuchTip

    def read(self, envelope: Envelope, key: str, ordinal: str, sealed: StoredForm, expected: str) -> Iterator[bytes]:
        workspace = workspace_dir(Path(gettempdir()))
        return open_sealed(sealed, envelope.identity, workspace, expected)
