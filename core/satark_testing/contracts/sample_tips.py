"""Tips for the checks of sinks, sealed as the host seals tips."""

import errno
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypeAlias, cast, get_args
from unittest.mock import patch

import msgspec

from satark.api.routing import Destination
from satark.api.sealing import new_identity, seal
from satark.api.sink import Delivery, ReadableTip, SealedFile, SealedMessage
from satark.api.tip import Accused, Envelope, Evidence, Header, Message, Tip
from satark.identity.signatures import name_of, verifier_for
from satark.routing.authors import signed_by_tipster
from satark.routing.sent import TIPSTER_USE, signed_as_sent
from satark.store.sealed_files import StoredForm, put_in_place, seal_file
from satark_files.file_store import FolderStore
from satark_testing.contracts.sink_case import Cut, measured, written
from satark_words.graphemes import size

_State: TypeAlias = Literal["due", "lost", "unsent", "withheld"]
_Files: TypeAlias = Mapping[str, bytes | _State]
WORDS: Final = "कट्टानिशान"
"""A word that every answer and message of a sample tip contains, and that occurs nowhere else."""
SAID: Final = (
    f"  {WORDS} लंका में 🚨, हर रात दस बजे के बाद पुल के नीचे.\n"
    f"“{WORDS}” \u0930\u094d\u200d\u092f €5, A&B <क> \"x\" 'y' a\\b `z`,  "
)
"""A text that is easily damaged: double spaces, an emoji, a line break, a joiner, signs of HTML, JSON and Markdown, and
more than a screen's width."""
PLACE: Final = {"text": f"{WORDS} घाट"}
"""The place of a tip that has a pin too."""
CLEAN: Final = bytes(range(256)) * 16
_FILES: Final[_Files] = {"1": CLEAN, "2": CLEAN[::-1]}
_PARTLY: dict[str, bytes | _State] = {
    "1": CLEAN * 80,
    "2": "lost",
    "3": CLEAN[::-1],
    "4": "due",
    "5": "unsent",
    "6": "withheld",
}
_PARTLY |= {"7": "due", "8": "lost", "9": "unsent"}
"""The files of an incomplete tip, by number. The first is longer than a chunk in which it is read."""
_ARRIVED: Final[_Files] = {**_PARTLY, "4": CLEAN[1:]}
"""Those of its later revisions: one that was due is here."""
_LIMITS: Final[Sequence[Cut]] = (255, 300, 512, 1000, 1024, 2000, 4000, 4096, 5000)
"""Lengths at which destinations cut texts. In a long sample text each is inside a family of joined emoji."""
_FAMILY: Final = "👩‍👩‍👧"
_TAIL: Final = 40
"""Letters of a long text behind its last limit."""
_ORIGINAL: Final = b"an original: only a desk opens it"
_BEGINNING: Final = "0190aef0" * 3
"""Prefix of the keys of deliveries that were made in one moment."""
_ABOUT: Final[Sequence[Mapping[str, Any]]] = (
    {
        "category": "arms",
        "received": "2026-11-24T06/PT6H",
        "language": "hi",
        "district": "varanasi",
        "station": "lanka",
    },
    {
        "category": "drugs",
        "received": "2026-11-30T18/PT6H",
        "language": "en",
        "district": "ghazipur",
        "station": "kotwali",
    },
    {"category": "theft", "received": "2026-12-01T00/PT6H", "language": "hi", "district": "jaunpur", "station": "line"},
)
"""What sample tips are about. The last digit of a tip's key chooses one, as it chooses pin, flags and unit below."""
_ANSWERS: Final[Mapping[str, Any]] = {
    "count": 0,
    "seen": ["knife", "gun"],
    "since": "2026-11-02",
    "who": {"voice": "6"},  # the number of a recording, which never leaves the desk
    "vehicle": "",
    "helpers": [],
}
"""Answers of every other kind of value, also those that count as false."""
_PINS: Final[Sequence[tuple[float, float]]] = ((25.30765, 82.97391), (0.0, 82.5), (25.5, 0.0))
_FLAGS: Final[Sequence[tuple[str, ...]]] = (("danger:life", "night"), (), ("routing_failed",))
_ACCUSED: Final = (
    None,
    Accused(level="station", unit="rohania", also=(Accused(level="outpost", unit="sarnath"),)),
    Accused(level="district", unit="varanasi"),
)
_NOWHERE: Final = {"district": "", "station": ""}
_PRIORITIES: Final[Sequence[Any]] = ("normal", "urgent", "high")
_KINDS: Final[Mapping[Any, tuple[Any, str, str]]] = {
    1: ("document", "application/msword", "text/plain"),
    0: ("image", "image/heic", "image/jpeg"),
    "voice": ("voice", "audio/amr", "audio/ogg"),
}
"""Kind of files with an odd and an even number, and the types of the original and of the clean copy."""


class SampleTips:
    """Makes deliveries of tips to one destination.

    Args:
        destination: `<sink>:<name>`.
        recipient: the destination's age recipient; empty: one whose key nobody has.
        cuts: by kind, the longest text that the destination takes.
    """

    def __init__(self, destination: str, recipient: str = "", cuts: Mapping[str, Cut] | None = None) -> None:
        self._destination = destination
        self._cuts = cuts or {}
        self._recipient = recipient or new_identity()[0]
        self._keys: dict[str, tuple[str, str]] = {}
        self._files: dict[tuple[str, str, bool], SealedFile] = {}
        self._made: dict[tuple[str, int], Delivery] = {}
        self._plain: dict[tuple[str, int], dict[str, bytes]] = {}

    def plain(self, delivery: Delivery) -> dict[str, bytes]:
        """Return the parts of a delivery that a reading destination may show, by the names of `unpack`."""
        return self._plain[delivery.tip, delivery.revision]

    @property
    def names(self) -> set[str]:
        """The ids and the numbers of the tips so far."""
        return {name for (tip, _), parts in self._plain.items() for name in (tip, parts["number"].decode())}

    def delivery(
        self, folder: Path, *, revision: int = 1, tip: str = "a" * 32, attempt: int = 1, partly: bool = False
    ) -> Delivery:
        """Return a delivery with two files and messages, as the delivery worker makes it.

        Args:
            folder: for the file's sealed clean copy; it is created.
            revision: 1 for the tip as it was submitted; each later one has a message more, `partly` a file too.
            tip: the tipster's key, 32 hex digits: the tip's id follows from it.
            attempt: 1 for the first.
            partly: the texts are long, and further files are lost, due, withheld or have no clean copy.
        """
        files = (_PARTLY if revision == 1 else _ARRIVED) if partly else _FILES
        known = self._made.get((tip, revision)) or self._seal(folder, revision, tip, files, long=partly)
        self._made[tip, revision] = known
        return msgspec.structs.replace(known, attempt=attempt)

    def sparse(self, folder: Path, tip: str, place: Mapping[str, Any] | None) -> Delivery:
        """Return a delivery of a tip without files, whose place has no coordinates, or which has none."""
        return self._seal(folder, 1, tip, {}, long=False, place=place)

    def unsent(self, delivery: Delivery) -> dict[str, bytes]:
        """Return such parts of a delivery whose files were erased."""
        parts = self.plain(delivery)
        files = [name.partition(" ")[2] for name in parts if name.startswith("file ")]
        kept = {name: part for name, part in parts.items() if name.partition(" ")[0] not in {"file", "type", "caption"}}
        return kept | {"unsent": " ".join(files).encode()}

    def unreadable(self, folder: Path, tip: str) -> Delivery:
        """Return a delivery whose files can't be read for now."""
        known = self.delivery(folder, tip=tip)
        store = _Down(folder)
        files = [
            msgspec.structs.replace(one, clean=StoredForm(store, one.clean.name))
            for one in known.files
            if isinstance(one.clean, StoredForm)
        ]
        return msgspec.structs.replace(known, files=tuple(files))

    def _seal(
        self, folder: Path, revision: int, key: str, files: _Files, *, long: bool, place: Any = PLACE
    ) -> Delivery:
        verifier = verifier_for(key, TIPSTER_USE)
        tip = name_of(verifier)
        recipient, identity = self._keys.setdefault(tip, new_identity())
        files = {
            number: one if one in get_args(_State) else tip.encode() + cast("bytes", one)
            for number, one in files.items()
        }
        records = {number: _record(number, one, self._limits("caption", 4)) for number, one in files.items()}
        copies = {(tip, number, one == "due"): one for number, one in files.items()}
        with patch("os.fsync"):  # a sample need not survive a power cut
            for at in copies.keys() - self._files:  # later revisions have the same copies
                self._files[at] = _file(folder, (tip, key, recipient), records[at[1]], copies[at])
        one = int(key[-1], 16) % len(_ABOUT)
        about = {**_ABOUT[one], "accused": _ACCUSED[one], **({} if place is PLACE else _NOWHERE)}
        pin = dict(zip(("latitude", "longitude"), _PINS[one], strict=True)) if place is PLACE else {}
        where = {**place, **pin} if place else {}
        if "text" in where:
            where["text"] = self._text("answer", where["text"], 4, long=long)
        answers = {**_ANSWERS, **({"place": where} if place else {})}
        said = self._text("answer", SAID, len(_LIMITS), long=long)
        plain = _document(tip, files, about, {"what": f"{said}{tip[:4]}  ", **answers})
        document = seal(plain, recipient)
        header = _header(plain, _PRIORITIES[one], _FLAGS[one])
        sent: Any = {"tip": tip, "desk": str(self._destination), "identity": identity}
        sent |= {"header": header, "document_sha256": hashlib.sha256(document).hexdigest()}
        envelope = signed_as_sent(Envelope(**sent, tipster_verifier=verifier), key)
        said = self._text("message", SAID, len(_LIMITS), long=long)
        told = {seq: Message(sender="tipster", text=f"{said}{tip[:4]} {seq}  ") for seq in range(1, revision + 1)}
        self._plain[tip, revision] = _plain(plain, [one.text for one in told.values()], files, records) | {
            "priority": header.priority.encode(),
            "revision": str(revision).encode(),
            "destination": Destination(self._destination).name.encode(),
            **({"flags": " ".join(header.flags).encode()} if header.flags else {}),
        }
        content = ReadableTip(header=header, tip=plain, thread=(), evidence=())
        KNOWN[self._destination, tip] = KNOWN[self._destination, plain.number] = tip, content
        signed = {seq: signed_by_tipster(one, tip, seq, key) for seq, one in told.items()}
        messages = tuple(SealedMessage(seq, seal(one, recipient)) for seq, one in signed.items())
        return Delivery(
            idempotency_key=_BEGINNING
            + hashlib.sha256(f"{tip} {revision} {self._destination}".encode()).hexdigest()[:8],
            tip=tip,
            destination=self._destination,
            desk="sp",
            revision=revision,
            attempt=1,
            envelope=seal(envelope, self._recipient),
            document=document,
            files=tuple(self._files[at] for at in copies),
            messages=messages,
        )

    def _limits(self, kind: str, most: int) -> Sequence[Cut]:
        return [self._cuts[kind]] if kind in self._cuts else _LIMITS[:most]

    def _text(self, kind: str, text: str, most: int, *, long: bool) -> str:
        return _long(text, self._limits(kind, most)) if long else text

    def alarm(self, number: int) -> Delivery:
        """Return a delivery without a tip. Each number is an alarm of its own."""
        return Delivery(
            idempotency_key=f"alarm-{number}",
            tip=f"alarm:179000000{number}",
            destination=self._destination,
            desk="",
            revision=1,
            attempt=1,
            envelope=b"",
            document=b"",
        )


def _file(folder: Path, of: tuple[str, str, str], about: Evidence, content: bytes | _State) -> SealedFile:
    ordinal = about.ordinal
    if content in ("due", "lost"):
        return SealedFile(ordinal=ordinal, state=content)
    (tip, key, recipient), copies = of, list[StoredForm]()
    clean = [] if content == "unsent" else [("clean", content if isinstance(content, bytes) else _ORIGINAL)]
    for form, plain in (("original", _ORIGINAL), *clean):
        copy = StoredForm(FolderStore(folder), f"{recipient[-8:]}.{ordinal}.{form}")  # of this tip and destination
        put_in_place(seal_file(io.BytesIO(plain), copy, recipient))
        copies.append(copy)
    record = seal(signed_by_tipster(about, tip, 0, key), recipient)
    return SealedFile(
        ordinal=ordinal, state="sealed", record=record, original=copies[0], clean=copies[1] if clean else None
    )


def _plain(tip: Tip, thread: Sequence[str], files: _Files, told: Mapping[str, Evidence]) -> dict[str, bytes]:
    place = tip.answers.get("place", {})
    text: dict[str, str] = {name: str(getattr(tip, name)) for name in ("number", *_ABOUT[0])}
    text |= {"place": f"{place['latitude']},{place['longitude']}" if "latitude" in place else ""}
    text |= {f"answer {step}": written(value) for step, value in tip.answers.items()}
    units = [tip.accused, *tip.accused.also] if tip.accused else []
    text |= {"accused": " ".join(one.unit for one in units)}
    text |= {f"message {number}": one for number, one in enumerate(thread, 1)}
    for state in get_args(_State):
        text |= {state: " ".join(number for number, one in files.items() if one == state)}
    records = {number: one for number, one in told.items() if isinstance(files[number], bytes)}
    text |= {f"type {number}": one.clean_mime for number, one in records.items()}
    text |= {f"caption {number}": one.caption for number, one in records.items()}
    parts = {name: one.encode() for name, one in text.items() if one}
    return parts | {f"file {ordinal}": one for ordinal, one in files.items() if isinstance(one, bytes)}


KNOWN: Final[dict[tuple[str, str], tuple[str, ReadableTip]]] = {}
"""The tips of a destination, by id and by number: each one's id and content."""


class _Down(FolderStore):
    """A store of files that does not answer."""

    def open(self, name: str) -> BinaryIO:
        raise OSError(errno.EIO, "a crash in a test")


def sample_delivery(destination: str, folder: Path) -> Delivery:
    """Return one delivery, sealed to a key that nobody has; see `SampleTips.delivery`."""
    return SampleTips(destination).delivery(folder)


def _document(tip: str, files: Iterable[str], about: Mapping[str, Any], answers: Mapping[str, Any]) -> Tip:
    return Tip(
        number=f"{tip[:4]}-{tip[4:8]}".upper(),
        revision=1,
        flow="0" * 64,
        channel="chat",
        answers={"category": about["category"], **answers},
        meanings=dict.fromkeys(answers.keys() & {"place"}, "place"),
        evidence=tuple(files),
        **about,
    )


def _long(start: str, limits: Sequence[Cut]) -> str:
    """Lengthen a text beyond each limit, which falls into the middle of a character that shows as one."""
    if limits and size(start, measured(limits[0])[1]) + len(_FAMILY.encode()) > measured(limits[0])[0]:
        start = f"{WORDS}{start[-1]}"
    for limit, unit in map(measured, limits):
        missing = limit - size(_FAMILY, unit) // 2 - size(start, unit)
        start += ("न" * (missing // 3) + "." * (missing % 3) if unit == "bytes" else "न" * missing) + _FAMILY
    return start + "न" * _TAIL


def _header(tip: Tip, priority: Any, flags: tuple[str, ...]) -> Header:
    same = {name: getattr(tip, name) for name in ("number", "revision", *_ABOUT[0])}
    return Header(**same, priority=priority, flags=flags)


def _record(ordinal: str, content: bytes | _State, limits: Sequence[Cut]) -> Evidence:
    kind, mime, clean_mime = _KINDS["voice" if content == "withheld" else int(ordinal) % 2]
    clean: Any = {"problem": "damaged"}
    if content != "unsent":
        plain = content if isinstance(content, bytes) else _ORIGINAL
        clean = {"clean_mime": clean_mime, "clean_bytes": len(plain), "clean_sha256": hashlib.sha256(plain).hexdigest()}
    return Evidence(
        ordinal=ordinal,
        role="evidence",
        kind=kind,
        mime=mime,
        bytes=len(_ORIGINAL),
        sha256=hashlib.sha256(_ORIGINAL).hexdigest(),
        caption=_long(f"{SAID}{ordinal}", limits),
        **clean,
    )
