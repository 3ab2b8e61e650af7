"""The traffic between the host and a remote office: frames and their messages, at both ends, on real stores.

An input is a MessagePack list: the receiver, what is given, and its content. `wire`: the bytes of a carrier. `plain`:
a frame's content, sealed. `frame`: the fields of a frame, signed and sealed. `answer`: an officer's answer, signed by
the desk as well. What must never happen: another exception than `MessageRejected`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec
import msgspec.inspect

from satark.api.routing import Desk
from satark.api.sealing import check_recipient, encrypt, new_identity, seal
from satark.api.sink import MessageRejected
from satark.api.tip import Message
from satark.delivery.destination_reader import WorkerContext
from satark.identity.signatures import signing_key
from satark.remote.frames import FRAME_SIZE, WIRE_SIZE, message_frames, seal_frame
from satark.remote.host_inbox import HostInbox
from satark.remote.host_outbox import HostOutbox
from satark.remote.link_keys import HostPairing, LinkKey, OfficePairing
from satark.remote.messages import (
    ANSWER_DOMAIN,
    AnnouncedFile,
    CustodyEntry,
    DirectedDesk,
    DirectedDestination,
    DirectoryMessage,
    FileEntry,
    OfficeAnswer,
    RefusalMessage,
    SignedAnswer,
    ThreadEntry,
    TipMessage,
    encode,
)
from satark.remote.office_inbox import OfficeInbox
from satark.remote.offices import apply_key_change, join, register
from satark.roster.entries import DESK_USE, DeskAdded, Entry, KeyChange
from satark.routing.desks import add_desk
from satark.routing.rules import encode_rules
from satark.services import Services
from support.store import fresh_services, worker_context
from support.tips import SeededTip, seed_tip

_DESK: Final = "sp"
_FRAME_DOMAIN: Final = b"satark/1/frame\0"
_EMPTY: Final[Mapping[type, Any]] = MappingProxyType({
    msgspec.inspect.StrType: "",
    msgspec.inspect.BytesType: b"",
    msgspec.inspect.IntType: 0,
    msgspec.inspect.BoolType: False,
    msgspec.inspect.VarTupleType: (),
})  # fmt: skip
T = TypeVar("T", bound=msgspec.Struct)


class OfficesTarget:
    """A host with the desk `dig`, and an office with the desk `sp`."""

    words: Sequence[str] = (
        "sp", "dig", "to_office", "to_host", "message", "file", "tip", "desks", "key", "refused", "host", "office",
        "wire", "plain", "frame", "answer", "original", "clean", "due", "sealed", "lost", "district", "../../x", "age1",
        "type", "number", "revision", "recipient", "day", "envelope", "document", "thread", "files", "custody", "id",
        "internal", "directed_to", "new_key", "answer_verifier", "version", "destination_rules",
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self.host_key, self.office_key = LinkKey.load(folder / "host.key"), LinkKey.load(folder / "office.key")
        recipient, self._identity = new_identity()
        other, _ = new_identity()
        sp = Desk(name=_DESK, title="SP", level="district", recipient=recipient)
        dig = Desk(name="dig", title="DIG", level="range", recipient=other)
        self._stores: list[Services] = [fresh_services(folder / "host"), fresh_services(folder / "office")]
        host, office = self._stores
        remote = Desk(name=_DESK, title="SP", level="district", recipient=recipient, via="list")
        pairing = OfficePairing.of(_DESK, self._identity, self.office_key)
        host.write_now(lambda unit: register(unit, remote, pairing))
        host.write_now(lambda unit: add_desk(unit, dig))
        office.write_now(lambda unit: add_desk(unit, sp))
        office.write_now(lambda unit: join(unit, HostPairing(link=self.host_key.public_keys, roster="")))
        self._seeded = seed_tip(host, [sp, dig])
        self._dig = other
        self._contexts = [worker_context(store) for store in self._stores]
        self._runner.run(self._start(*self._contexts))

    async def _start(self, host: WorkerContext, office: WorkerContext) -> None:
        for context in (host, office):
            context.writer.start()
        self._host = HostInbox(host, self.host_key, HostOutbox(host, self.host_key))
        self._office = OfficeInbox(office, self.office_key, self.host_key.public_keys, [_DESK], lambda *_: None)

    def seeds(self) -> Sequence[bytes]:
        """Return every message of both sides, complete frames, and the bytes on the wire."""
        host_messages = _host_messages(self._seeded)
        frames = [
            *(
                list(msgspec.structs.astuple(next(message_frames(_DESK, "to_office", encode(m)))))
                for m in host_messages
            ),
            [_DESK, "to_office", "file", bytes(16), 1, 2, b"x" * 40],
        ]
        answers = [msgspec.msgpack.decode(encode(answer)) for answer in _answers(self._seeded, self._dig)]
        signed = next(message_frames(_DESK, "to_host", encode(SignedAnswer(answer=b"", signature=bytes(64)))))
        listed: list[tuple[str, str, Any]] = [
            *(("office", "frame", fields) for fields in frames),
            *(("host", "answer", answer) for answer in answers),
            ("host", "frame", list(msgspec.structs.astuple(signed))),
            ("office", "plain", bytes(80)),
            ("host", "wire", (300).to_bytes(4, "big") + b"age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n--- AAAA\n"),
        ]
        return [msgspec.msgpack.encode(each) for each in listed]

    def try_one(self, data: bytes) -> None:
        """Pass one message to the host or the office."""
        try:
            receiver, kind, content = msgspec.msgpack.decode(data, type=tuple[str, str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            receiver, kind, content = "office", "wire", data
        at_host = receiver == "host"
        wire = self._wire(kind, content, to_host=at_host)
        try:
            self._runner.run(self._host.accept(wire, _publish) if at_host else self._office.accept(wire))
        except MessageRejected:
            return
        self._check_desks()

    def close(self) -> None:
        """Close both stores."""
        for context in self._contexts:
            self._runner.run(context.writer.stop())
        self._runner.close()
        for store in self._stores:
            store.close()

    def _check_desks(self) -> None:
        """Check that the host can still seal tips to every desk, and undo a change of the desk's key."""
        for desk in self._stores[0].desks():
            check_recipient(desk.recipient)
        pairing = OfficePairing.of(_DESK, self._identity, self.office_key)
        key = _filled(KeyChange, desk=_DESK, recipient=pairing.recipient, verifier=pairing.answer_verifier)
        if self._stores[0].desk(_DESK).recipient != key.recipient:
            self._stores[0].write_now(lambda unit: apply_key_change(unit, _DESK, key))

    def _wire(self, kind: str, content: Any, *, to_host: bool) -> bytes:
        """Put the content into the bytes that a carrier brings."""
        by, to = (self.office_key, self.host_key) if to_host else (self.host_key, self.office_key)
        if kind == "answer":
            encoded = _encoded(content)
            signature = signing_key(self._identity, DESK_USE).sign(ANSWER_DOMAIN + encoded)
            message = encode(SignedAnswer(answer=encoded, signature=signature))
            return seal_frame(next(message_frames(_DESK, "to_host", message)), by, to.public_keys)
        if kind == "frame":
            return _sealed(_signed(_encoded(content), by), to)
        raw = content if isinstance(content, bytes) else _encoded(content)
        return _sealed(raw, to) if kind == "plain" else raw[:WIRE_SIZE].ljust(WIRE_SIZE, b"\0")


async def _publish(*_: object) -> None:
    """Discard the message. This target does not test what the host sends back."""


def _encoded(content: Any) -> bytes:
    try:
        return msgspec.msgpack.encode(content)
    except (TypeError, OverflowError, ValueError, RecursionError):
        return b""


def _signed(encoded: bytes, by: LinkKey) -> bytes:
    return by.sign(_FRAME_DOMAIN + encoded) + len(encoded).to_bytes(4, "big") + encoded


def _sealed(plain: bytes, to: LinkKey) -> bytes:
    sealed = encrypt(plain[:FRAME_SIZE].ljust(FRAME_SIZE, b"\0"), to.public_keys.recipient)
    return (len(sealed).to_bytes(4, "big") + sealed).ljust(WIRE_SIZE, b"\0")


def _filled(kind: type[T], **known: Any) -> T:
    """Make a message. Missing fields are empty, so that a new field needs no change here."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind) if field.required}
    empty = {
        name: _EMPTY[type(msgspec.inspect.type_info(field.type))] for name, field in fields.items() if name not in known
    }
    return kind(**empty, **known)


def _host_messages(seeded: SeededTip) -> Sequence[Any]:
    announced = _filled(AnnouncedFile, form="clean", transfer_id=bytes(16), size=66_000)
    sealed = seal(Message(sender="desk", desk="dig", text="जी"), seeded.recipient)
    dig = Desk(name="dig", title="DIG", level="range", recipient=seeded.recipient)
    roster = (Entry(body=DeskAdded(desk=dig)).encode(),)
    tip = _filled(
        TipMessage,
        tip=seeded.id,
        number=seeded.number,
        revision=2,
        recipient=seeded.recipient,
        day=20_400,
        envelope=b"envelope",
        document=b"document",
        thread=(_filled(ThreadEntry, seq=1, sealed=sealed),),
        files=(_filled(FileEntry, ordinal="1", state="sealed", record=b"record", sealed=(announced,)),),
        custody=(_filled(CustodyEntry, file="1", entry=bytes(32), sealed=b"sealed"),),
    )
    directory = _filled(DirectoryMessage, version=7, roster=roster, destination_rules=encode_rules(()))
    return tip, directory, _filled(RefusalMessage, answer=bytes(16))


def _answers(seeded: SeededTip, dig: str) -> Sequence[OfficeAnswer]:
    sealed = seal(Message(sender="desk", desk=_DESK, text="जी"), seeded.recipient)
    plain = _filled(OfficeAnswer, id=os.urandom(16), desk=_DESK, tip=seeded.id, sealed=sealed, internal=False)
    destination = _filled(DirectedDestination, to="police_system:main", recipient="", envelope=b"envelope")
    directed = _filled(DirectedDesk, desk="dig", recipient=dig, envelope=b"envelope", destinations=(destination,))
    return (
        plain,
        msgspec.structs.replace(plain, id=os.urandom(16), internal=True, directed_to=directed),
        msgspec.structs.replace(plain, id=os.urandom(16), desk="dig"),
        msgspec.structs.replace(
            plain, id=os.urandom(16), new_key=_filled(KeyChange, desk=_DESK, recipient=dig, verifier="0" * 64)
        ),
    )
