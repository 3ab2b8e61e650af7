"""Files: fetched and sealed, lost where they can't be had, and erased where they were taken back."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from sqlalchemy import select, update

from satark.channel import Address, MediaGone, MediaRef
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.fit import fit
from satark.dialogue.session import FileNotice, MediaJob
from satark.evidence.pipeline import TooLarge
from satark.evidence.worker import EvidenceWorker
from satark.geography.geography import Geography
from satark.identity.edge_key import Handle, Identity
from satark.identity.sealing import new_identity, open_as
from satark.limits import Limits
from satark.observability import LifecycleEvent
from satark.outbox.file_notices import FileNotices
from satark.outbox.outbox import Outbox
from satark.settings import Settings
from satark.store import evidence_files, tables
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics
from satark.testing.evidence.specimens import LATITUDE, specimen
from satark.testing.scripted import ACCOUNT, ScriptedChannel, database_down, until
from satark.testing.store import fresh_services
from satark.tip import Evidence

TIP = "0" * 32


class Shelf:
    """A fetcher and a store of its own."""

    def __init__(self, folder: Path, attempts: int = 2) -> None:
        self.services = fresh_services(folder)
        self.channel = ScriptedChannel()
        self.writer = Writer(self.services.main, self.services.keys)
        self.identity = Identity(b"k" * 32)
        self.recipient, self.secret = new_identity()
        self.events: list[LifecycleEvent] = []
        self.posted: list[OutboxMessage] = []
        engine = Engine(load_flow(default_flow()), default_flow().catalogues, Geography.sample())
        self.notices = FileNotices(
            outbox=Outbox(channels={ACCOUNT: self.channel}, fit=fit, identity=self.identity),
            flows=Flows(engine, lambda _: engine),
            identity=self.identity,
            posted=self.posted.extend,
        )
        self.fetcher = EvidenceWorker(
            channels={ACCOUNT: self.channel},
            writer=self.writer,
            identity=self.identity,
            metrics=Metrics(),
            settings=Settings(data_dir=folder, media_attempts=attempts),
            scrubbers=[],
            notices=self.notices,
            emit=self.events.append,
        )

    @property
    def said(self) -> str:
        """What the tipster was told first."""
        text: str = json.loads(self.posted[0].call.body)[1]
        return text

    def converse(self, address: str) -> bytes:
        """Store a conversation with somebody who speaks Hindi."""
        id_ = self.identity.pseudonym(ACCOUNT, Address(address))
        handle = self.identity.seal_handle(Handle(ACCOUNT, address, "hi"), id_)
        row = {"id": id_, "draft": b"", "handle": handle, "expires_at": 1 << 40}
        self.services.write_now(lambda unit: unit.insert(tables.conversation, [row]))
        return id_

    def keep(self, id_: str = "m1", account: str = ACCOUNT, conversation: bytes = b"") -> MediaJob:
        """Leave a file to be fetched."""
        ref = MediaRef(account=account, id=id_)
        kept = MediaJob(
            tip=TIP,
            recipient=self.recipient,
            ordinal="1",
            role="evidence",
            kind="document",
            caption="",
            ref=ref,
            conversation=conversation,
        )
        self.services.write_now(lambda unit: evidence_files.add(unit, [kept], self.identity))
        self.fetcher.wake()
        return kept

    @property
    def rows(self) -> list[Any]:
        return list(self.services.read(lambda c: c.execute(select(tables.file)).all()))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows]

    @property
    def sealed(self) -> list[Path]:
        return [path for path in self.services.evidence_dir.iterdir() if path.is_file()]

    def due_now(self) -> None:
        self.services.write_now(lambda unit: unit.main.execute(update(tables.file).values(due_at=0)))
        self.fetcher.wake()


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    made = Shelf(tmp_path)
    made.writer.start()
    task = asyncio.create_task(made.fetcher.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await made.writer.stop()
    made.services.close()


async def test_a_file_is_sealed_to_its_tip_and_discarded_at_the_provider(shelf: Shelf) -> None:
    shelf.channel.files["m1"] = b"planted words " * 500
    shelf.keep()
    await until(lambda: shelf.channel.discarded)
    assert [(row.state, row.job) for row in shelf.rows] == [("sealed", b"")]
    assert open_as(Evidence, shelf.rows[0].record, shelf.secret).bytes == 7000
    assert all(b"planted" not in path.read_bytes() for path in shelf.sealed)
    assert shelf.events == [LifecycleEvent("file_sealed")]


@pytest.mark.parametrize("error", [MediaGone(), TooLarge()])
async def test_what_can_never_be_had_is_lost_at_once(shelf: Shelf, error: Exception) -> None:
    shelf.channel.files["m1"] = error
    shelf.keep()
    await until(lambda: shelf.events)
    assert [(row.state, row.job, row.attempts) for row in shelf.rows] == [("lost", b"", 1)]
    assert shelf.events == [LifecycleEvent("file_lost")]


async def test_after_trouble_in_the_network_it_is_tried_again(shelf: Shelf) -> None:
    shelf.channel.files["m1"] = OSError("planted")
    shelf.keep()
    await until(lambda: any(row.reason for row in shelf.rows))
    assert (shelf.rows[0].state, shelf.rows[0].reason) == ("due", "OSError")
    shelf.channel.files["m1"] = b"here"
    shelf.due_now()
    await until(lambda: shelf.states == ["sealed"])


async def test_after_so_many_attempts_it_is_lost(shelf: Shelf) -> None:
    shelf.keep(account="script:gone")
    await until(lambda: any(row.reason for row in shelf.rows))
    shelf.due_now()
    await until(lambda: shelf.states == ["lost"])
    assert shelf.rows[0].attempts == 2


async def test_what_was_taken_back_meanwhile_is_erased(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch, gate = shelf.channel.fetch, asyncio.Event()
    shelf.channel.files["m1"] = b"regretted"

    def slow(ref: MediaRef) -> Any:
        shelf.services.write_now(lambda unit: evidence_files.delete_files(unit, TIP))
        gate.set()
        return fetch(ref)

    monkeypatch.setattr(shelf.channel, "fetch", slow)
    shelf.keep()
    await gate.wait()
    await until(lambda: shelf.channel.discarded)
    assert shelf.rows == []
    assert shelf.sealed == []


async def test_sealed_files_that_were_taken_back_are_erased(shelf: Shelf) -> None:
    shelf.channel.files["m1"] = b"regretted"
    shelf.keep()
    await until(lambda: shelf.states == ["sealed"])
    assert shelf.sealed
    shelf.fetcher.erase(shelf.services.write_now(lambda unit: evidence_files.delete_files(unit, TIP)))
    assert shelf.sealed == []


async def test_a_provider_that_will_not_delete_loses_no_sealed_file(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[MediaRef] = []

    async def refuse(ref: MediaRef) -> None:
        tried.append(ref)
        raise OSError("planted")

    monkeypatch.setattr(shelf.channel, "discard", refuse)
    shelf.channel.files["m1"] = b"here"
    shelf.keep()
    await until(lambda: tried)
    await asyncio.sleep(0.05)
    assert [(row.state, row.reason) for row in shelf.rows] == [("sealed", "")]


async def test_a_database_that_is_down_is_asked_again(tmp_path: Path) -> None:
    made = Shelf(tmp_path)
    made.writer.start()
    made.keep()
    with database_down(made.services):
        assert await made.fetcher._claim() == []
    assert len(await made.fetcher._claim()) == 1
    await made.writer.stop()
    made.services.close()


async def test_only_what_the_tipster_released_is_known(shelf: Shelf, tmp_path: Path) -> None:
    shelf.channel.files["m1"] = specimen("jpg", tmp_path).read_bytes()
    kept = shelf.keep()
    await until(lambda: shelf.states == ["sealed"])
    assert open_as(Evidence, shelf.rows[0].record, shelf.secret).origin is None
    assert shelf.services.read(lambda c: evidence_files.ordinals_with_origin(c, TIP)) == ("1",)
    with_origin = shelf.rows[0].record_with_origin
    shelf.services.write_now(lambda unit: evidence_files.disclose_origin(unit, TIP, ()))
    assert open_as(Evidence, shelf.rows[0].record, shelf.secret).origin is None
    assert shelf.rows[0].record_with_origin == b""
    shelf.services.write_now(lambda unit: evidence_files.mark_sealed(unit, kept, shelf.rows[0].record, with_origin))
    shelf.services.write_now(lambda unit: evidence_files.disclose_origin(unit, TIP, ("1",)))
    origin = open_as(Evidence, shelf.rows[0].record, shelf.secret).origin
    assert origin is not None
    assert origin.latitude == pytest.approx(LATITUDE, abs=1e-4)
    assert shelf.rows[0].record_with_origin == b""


async def test_a_file_that_comes_after_the_tip_tells_nothing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.channel.files["m1"] = specimen("jpg", tmp_path).read_bytes()
    row = {"id": TIP, "number": "4K7Q-2XPM", "revision": 1, "recipient": shelf.recipient, "receipt_recipient": "",
           "document": b"", "day": 1}  # fmt: skip
    shelf.services.write_now(lambda unit: unit.insert(tables.tip, [row]))
    shelf.keep()
    await until(lambda: shelf.states == ["sealed"])
    assert shelf.rows[0].record_with_origin == b""


@pytest.mark.parametrize(
    ("data", "limits", "words"),
    [
        (bytes(3_000_000), {"file_bytes": 2_000_000}, "2 MB से बड़ी"),
        (bytes(3_000_000), {"tip_bytes": 2_000_000}, "आख़िरी फ़ाइल नहीं रखी गई"),
        (b"BEGIN:VCARD\r\nFN:I\r\nTEL:+91 91401 12233\r\nEND:VCARD\r\n", {}, "आपका अपना लगता है"),
    ],
)
async def test_why_a_file_was_not_kept_is_told(
    data: bytes, limits: dict[str, int], words: str, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf.fetcher, "_limits", Limits(**limits))
    shelf.channel.files["m1"] = data
    shelf.keep(conversation=shelf.converse("919140112233"))
    await until(lambda: shelf.posted)
    assert shelf.states == ["lost"]
    assert shelf.sealed == []
    assert words in shelf.said


async def test_what_can_not_be_told_now_is_remembered(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.channel.files["m1"] = MediaGone()
    monkeypatch.setattr(shelf.channel, "render", lambda *_: ())
    shelf.keep(conversation=shelf.converse("919140112233"))
    await until(lambda: shelf.states == ["lost"])
    await until(lambda: shelf.services.read(lambda c: evidence_files.pending_notices(c, TIP)) == (FileNotice("lost"),))
    shelf.services.write_now(lambda unit: evidence_files.clear_notices(unit, TIP))
    assert shelf.services.read(lambda c: evidence_files.pending_notices(c, TIP)) == ()


async def test_the_senders_own_card_is_erased(shelf: Shelf) -> None:
    shelf.channel.files["m1"] = b"BEGIN:VCARD\r\nFN:I\r\nTEL;TYPE=CELL:09140112233\r\nEND:VCARD\r\n"
    shelf.keep(conversation=shelf.converse("919140112233"))
    await until(lambda: shelf.states == ["lost"])
    assert shelf.sealed == []


async def test_somebody_elses_card_is_evidence(shelf: Shelf) -> None:
    shelf.channel.files["m1"] = b"BEGIN:VCARD\r\nFN:He\r\nTEL:+91 98765 43210\r\nEND:VCARD\r\n"
    shelf.keep(conversation=shelf.converse("919140112233"))
    await until(lambda: shelf.states == ["sealed"])
    assert open_as(Evidence, shelf.rows[0].record, shelf.secret).clean_mime == "text/vcard"


async def test_a_locked_file_is_kept_and_told_about(shelf: Shelf) -> None:
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out, encryption=pikepdf.Encryption(user="a", owner="b"))
    shelf.channel.files["m1"] = out.getvalue()
    shelf.keep(conversation=shelf.converse("919140112233"))
    await until(lambda: shelf.posted)
    assert open_as(Evidence, shelf.rows[0].record, shelf.secret).problem == "encrypted"
    assert "पासवर्ड" in shelf.said
