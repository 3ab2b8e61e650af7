"""Tips for the checks of sinks. They are sealed as the host seals tips, so a sink with the right key can open them."""

import hashlib
import io
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from satark.api.sealing import new_identity, seal
from satark.api.sink import Delivery, SealedFile, SealedMessage
from satark.api.tip import Envelope, Evidence, Header, Message, Tip
from satark.identity.signatures import name_of, verifier_for
from satark.routing.authors import signed_by_tipster
from satark.routing.sent import TIPSTER_USE, signed_as_sent
from satark.store.sealed_files import StoredForm, put_in_place, seal_file
from satark_files.file_store import FolderStore

WORDS: Final = "कट्टानिशान"
"""A word that every answer and message of a sample tip contains, and that occurs nowhere else."""
CLEAN: Final = bytes(range(256)) * 16
_FILES: Final = {"1": CLEAN, "2": CLEAN[::-1]}
_BEGINNING: Final = "0190aef0" * 3
"""What the keys of deliveries begin with that were made in one moment."""
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

    def delivery(self, folder: Path, *, revision: int = 1, tip: str = "a" * 32, attempt: int = 1) -> Delivery:
        """Return a delivery with two files and messages, as the delivery worker makes it.

        Args:
            folder: for the file's sealed clean copy; it is created.
            revision: 1 for the tip as it was submitted; each later one has a message more.
            tip: the tipster's key, 32 hex digits: the tip's id follows from it.
            attempt: 1 for the first.
        """
        known = self._made.get((tip, revision)) or self._seal(folder, revision, tip)
        self._made[tip, revision] = known
        return msgspec.structs.replace(known, attempt=attempt)

    def _seal(self, folder: Path, revision: int, key: str) -> Delivery:
        verifier = verifier_for(key, TIPSTER_USE)
        tip = name_of(verifier)
        recipient, identity = self._keys.setdefault(tip, new_identity())
        if tip not in self._files:  # later revisions have the same copies
            self._files[tip] = tuple(_file(folder, tip, key, recipient, ordinal) for ordinal in _FILES)
        document = seal(_document(tip), recipient)
        about: Any = {
            "tip": tip,
            "desk": str(self._destination),
            "identity": identity,
            "header": _header(_document(tip)),
        }
        about |= {"document_sha256": hashlib.sha256(document).hexdigest()}
        envelope = signed_as_sent(Envelope(**about, tipster_verifier=verifier), key)
        told = {seq: Message(sender="tipster", text=f"{WORDS} {seq}") for seq in range(1, revision + 1)}
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


def file_in_state(state: Literal["due", "lost"]) -> SealedFile:
    """Return a file in a state in which it has no copy here."""
    return SealedFile(ordinal="3", state=state)


def _file(folder: Path, tip: str, key: str, recipient: str, ordinal: str) -> SealedFile:
    clean = StoredForm(FolderStore(folder), f"{tip[:8]}.{ordinal}.clean")
    put_in_place(seal_file(io.BytesIO(_FILES[ordinal]), clean, recipient))
    record = seal(signed_by_tipster(_record(ordinal), tip, 0, key), recipient)
    return SealedFile(ordinal=ordinal, state="sealed", record=record, clean=clean)


def sample_delivery(destination: str, folder: Path) -> Delivery:
    """Return one delivery, sealed to a key that nobody has; see `SampleTips.delivery`."""
    return SampleTips(destination).delivery(folder)


def _document(tip: str) -> Tip:
    return Tip(
        number=f"{tip[:4].upper()}-2345",
        revision=1,
        flow="0" * 64,
        language="hi",
        channel="chat",
        category=_CATEGORY,
        received=_RECEIVED,
        answers={"category": _CATEGORY, "what": f"{WORDS} लंका में"},
        evidence=tuple(_FILES),
        district="varanasi",
        station="lanka",
    )


def _header(tip: Tip) -> Header:
    return Header(
        number=tip.number, revision=tip.revision, category=tip.category, language=tip.language, received=tip.received
    )


def _record(ordinal: str) -> Evidence:
    digest = hashlib.sha256(_FILES[ordinal]).hexdigest()
    return Evidence(
        ordinal=ordinal,
        role="evidence",
        kind="document",
        mime="text/plain",
        bytes=len(CLEAN),
        sha256=digest,
        clean_mime="text/plain",
        clean_bytes=len(CLEAN),
        clean_sha256=digest,
    )
