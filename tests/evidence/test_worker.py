"""The evidence worker: files are fetched and sealed, lost after the last attempt, and erased with their tip."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from sqlalchemy import select, update

from satark.api.channel import MediaGone
from satark.api.inbound import Address, MediaRef
from satark.api.observability import LifecycleEvent
from satark.api.routing import Desk
from satark.api.sealing import CantOpen, decrypt, new_identity, open_as
from satark.api.tip import Checkpoint, Envelope, Evidence, Header
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.fit import fit
from satark.dialogue.session import FileNotice, MediaJob
from satark.evidence.stream_sealing import TooLarge
from satark.evidence.voice_listening import VoiceListener
from satark.evidence.worker import AT_ONCE, CLAIMED, PAUSE, EvidenceWorker
from satark.identity.edge_key import Handle, Identity
from satark.outbox.outbox import FileNotices, Outbox
from satark.roster.entries import desk_verifier
from satark.routing import tip_keys
from satark.routing.desks import add_desk
from satark.routing.renewals import remembered, tip_verifier
from satark.routing.tip_keys import TipRoot
from satark.settings.settings import Settings
from satark.store import changed_keys, evidence_files, tables
from satark.store.evidence_files import FETCH_LEASE
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import Writer
from satark.telemetry.metrics import Metrics
from satark_files.file_store import StorageDown
from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_testing.waiting import until
from satark_words.geography.geography import Geography
from support.evidence.images import encode, photo
from support.evidence.markers import LATITUDE
from support.evidence.specimens import specimen
from support.scripted import ACCOUNT, ScriptedChannel, database_down
from support.store import fresh_services

pytestmark = pytest.mark.slow("the sandbox")

TIP = "0" * 32


class WorkerFixture:
    """An evidence worker with a store and a channel of its own."""

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
            outbox=Outbox(channels={ACCOUNT: self.channel}, fitted=fit, identity=self.identity),
            flows=Flows(engine, lambda _: engine),
            identity=self.identity,
            posted=self.posted.extend,
        )
        self.worker = EvidenceWorker(
            channels={ACCOUNT: self.channel},
            writer=self.writer,
            identity=self.identity,
            metrics=Metrics(),
            settings=Settings(data_dir=folder, media_attempts=attempts),
            scrubbers=[],
            notices=self.notices,
            listener=VoiceListener((), self.notices.write),  # type: ignore[arg-type]  # nothing is heard here
            roster=self.services.roster,
            emit=self.events.append,
        )

    @property
    def first_notice(self) -> str:
        """The text of the first notice that was sent to the tipster."""
        text: str = json.loads(self.posted[0].call.body)[1]
        return text

    def add_conversation(self, address: str) -> bytes:
        """Store a conversation in Hindi; return its id, for which the pseudonym of its sender does."""
        id_ = self.identity.pseudonym(ACCOUNT, Address(address))
        handle = self.identity.seal_handle(Handle(ACCOUNT, address, "hi"), id_)
        row = {"id": id_, "draft": b"", "handle": handle, "due": b"", "ends_by": 1 << 40}
        self.services.write_now(lambda unit: unit.insert(tables.conversation, [row]))
        return id_

    def add_job(self, id_: str = "m1", account: str = ACCOUNT, conversation: bytes = b"", **fields: Any) -> MediaJob:
        """Add a file that is due to be fetched."""
        ref = MediaRef(account=account, id=id_)
        job = MediaJob(
            tip=TIP,
            recipient=self.recipient,
            **{"ordinal": "1", **fields},
            role="evidence",
            kind="document",
            caption="",
            ref=ref,
            conversation=conversation,
            senders=(conversation,),
        )
        self.services.write_now(lambda unit: evidence_files.add(unit, [job], self.identity))
        self.worker.wake()
        return job

    @property
    def rows(self) -> list[Any]:
        return list(self.services.read(lambda c: c.execute(select(tables.file)).all()))

    @property
    def states(self) -> list[str]:
        return [row.state for row in self.rows]

    @property
    def sealed(self) -> list[Path]:
        return [path for path in (self.services.data_dir / "evidence").iterdir() if path.is_file()]

    def make_due(self) -> None:
        self.services.write_now(lambda unit: unit.main.execute(update(tables.file).values(due_at=0)))
        self.worker.wake()


@pytest.fixture
async def fixture(tmp_path: Path) -> AsyncIterator[WorkerFixture]:
    made = WorkerFixture(tmp_path)
    made.writer.start()
    task = asyncio.create_task(made.worker.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await made.writer.stop()
    made.services.close()


async def test_few_files_of_a_burst_are_claimed_and_the_store_still_answers(
    fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark.evidence.worker.PAUSE", 0)
    go, waiting = asyncio.Event(), []

    async def chunks(ref: MediaRef) -> AsyncIterator[bytes]:
        waiting.append(ref)
        yield b"photo" * await go.wait()

    monkeypatch.setattr(fixture.channel, "fetch", lambda ref: contextlib.nullcontext(chunks(ref)))
    for number in range(100):
        fixture.add_job(ordinal=str(number))
    await until(lambda: len(waiting) == AT_ONCE)
    await fixture.writer.write(lambda _: None)  # as an answer is
    assert (len(waiting), sum(row.attempts for row in fixture.rows)) == (AT_ONCE, CLAIMED)
    go.set()
    await until(lambda: fixture.states == ["sealed"] * 100)
    assert {row.attempts for row in fixture.rows} == {1}


async def test_a_file_that_a_stop_breaks_off_is_due_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture, asked = WorkerFixture(tmp_path), asyncio.Event()
    fixture.writer.start()

    async def chunks() -> AsyncIterator[bytes]:
        asked.set()
        yield b"photo" * await asyncio.Event().wait()

    monkeypatch.setattr(fixture.channel, "fetch", lambda _: contextlib.nullcontext(chunks()))
    working = asyncio.create_task(fixture.worker.run())
    fixture.add_job()
    await asked.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    now = await fixture.writer.write(lambda unit: unit.now)
    await fixture.writer.stop()
    assert [(row.state, row.due_at <= now) for row in fixture.rows] == [("due", True)]
    fixture.services.close()


@pytest.fixture
def renews_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.evidence.worker.RENEW_EVERY", 0.01)


async def test_who_works_on_a_file_renews_the_claim_so_that_only_a_dead_process_loses_it(
    renews_often: None, fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    del renews_often
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        asked.set()
        await goes_on.wait()
        yield b"photo"

    monkeypatch.setattr(fixture.channel, "fetch", lambda _: contextlib.nullcontext(chunks()))
    fixture.add_job()
    await asked.wait()
    nearly = update(tables.file).values(due_at=int(time.time()) + 5)
    await fixture.writer.write(lambda unit: unit.main.execute(nearly))
    await until(lambda: fixture.rows[0].due_at > time.time() + FETCH_LEASE / 2)
    goes_on.set()
    await until(lambda: fixture.states == ["sealed"])
    assert fixture.rows[0].attempts == 1


@pytest.mark.parametrize("late", [MediaGone(), OSError("away"), b"the same photo"])
async def test_a_file_that_another_process_sealed_meanwhile_stays_as_that_one_sealed_it(
    fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch, late: Exception | bytes
) -> None:
    asked, goes_on = asyncio.Event(), asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        asked.set()
        await goes_on.wait()
        if isinstance(late, Exception):
            raise late
        yield late

    monkeypatch.setattr(fixture.channel, "fetch", lambda _: contextlib.nullcontext(chunks()))
    fixture.add_job()
    await asked.wait()  # here the process is paused, and another one takes the file
    fixture.make_due()
    (theirs,) = fixture.services.write_now(lambda unit: evidence_files.claim_due(unit, fixture.identity, 1))
    place = fixture.services.data_dir / "evidence"
    place.mkdir(exist_ok=True)
    copies = [place / f"{TIP}-1.{form}.age" for form in ("original", "clean", "muted")]
    for copy in copies:
        copy.write_bytes(b"theirs")
    assert fixture.services.write_now(lambda unit: evidence_files.mark_sealed(unit, theirs, b"record", sizes={}))
    goes_on.set()
    await until(lambda: not fixture.worker.is_busy)
    assert [(row.state, row.record, row.reason) for row in fixture.rows] == [("sealed", b"record", "")]
    assert [copy.read_bytes() for copy in copies] == [b"theirs"] * 3
    assert (fixture.posted, fixture.events, fixture.channel.discarded) == ([], [], [])


async def test_who_finds_a_file_still_written_by_another_process_waits_and_lets_that_one_settle_it(
    fixture: WorkerFixture,
) -> None:
    fixture.channel.files["m1"] = BlockingIOError()
    fixture.add_job()
    await until(lambda: fixture.rows[0].reason == "BlockingIOError")
    assert [(row.state, row.attempts) for row in fixture.rows] == [("due", 0)]


async def test_a_store_that_is_down_uses_up_no_attempt_and_is_tried_again_within_a_minute(
    fixture: WorkerFixture,
) -> None:
    fixture.channel.files["m1"] = StorageDown("away")
    fixture.add_job()

    async def failed() -> None:
        await until(
            lambda: [(row.attempts, row.reason, row.due_at > 0) for row in fixture.rows] == [(0, "StorageDown", True)]
        )

    for _ in range(15):
        await failed()
        assert fixture.rows[0].due_at <= time.time() + 60
        fixture.make_due()
    await failed()
    fixture.channel.files["m1"] = b"here"
    fixture.make_due()
    await until(lambda: fixture.states == ["sealed"])


async def test_the_worker_pauses_after_each_file(fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    rested, sleep = [], asyncio.sleep

    async def rest(seconds: float) -> None:
        rested.append(seconds == PAUSE and fixture.states.count("sealed") > 0)
        await sleep(0 if seconds == PAUSE else seconds)

    monkeypatch.setattr(asyncio, "sleep", rest)
    for number in range(CLAIMED):
        fixture.channel.files[f"m{number}"] = b"text"
        fixture.add_job(f"m{number}", ordinal=str(number))
    await until(lambda: sum(rested) == CLAIMED)


@pytest.mark.parametrize("gives_way", [True, False])
async def test_the_sandbox_gives_way_as_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, gives_way: bool
) -> None:
    monkeypatch.setenv("SATARK_EVIDENCE__GIVES_WAY", str(gives_way))
    started: list[bool] = []
    monkeypatch.setattr(Sandbox, "_start", lambda sandbox: started.append(sandbox._gives_way))
    made = WorkerFixture(tmp_path)
    async with made.worker._exits:
        await made.worker._open_sandbox()
    made.services.close()
    assert started == [gives_way]


async def test_a_file_is_sealed_to_a_new_key_that_its_tip_gets_during_the_fetching(
    fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, (to, desk_key), fetched = fixture.services, new_identity(), list[bytes]()
    header = Header(number="K", revision=1, category="", language="", received="")
    new = f"{new_identity()[1]}\n{fixture.secret}"
    sent = Envelope(tip=TIP, desk="sp", identity=new, header=header)
    renewed = tip_keys._with_change(sent, Checkpoint(0, b"", (), {}, {}, {}), ())
    row = {"id": TIP, "number": "K", "revision": 1, "recipient": fixture.recipient, "document": b"", "day": 0}
    row["routed"] = tip_keys.seal_routed(TipRoot(tip=TIP, recipient=""))

    def begin(unit: UnitOfWork) -> None:
        desk = Desk(name="sp", title="SP", level="district", area="", recipient=to)
        add_desk(unit, desk, verifier=desk_verifier(desk_key))
        unit.insert(tables.tip, [row])

    def renew(unit: UnitOfWork) -> None:
        row = changed_keys.sealed(unit.keys, TIP, tip_keys._row(renewed), 1 << 14)
        unit.main.execute(update(tables.tip).values(key_changes=row))
        tip_keys.remember(unit, "sp", desk_key, [remembered("sp", new, renewed.changes)])

    async def chunks() -> AsyncIterator[bytes]:
        if not fetched:
            services.write_now(renew)
        fetched.append(b"text")
        yield b"text"

    services.write_now(begin)
    monkeypatch.setattr(fixture.channel, "fetch", lambda _: contextlib.nullcontext(chunks()))
    fixture.add_job(verifier=tip_verifier(fixture.secret))
    await until(lambda: fixture.rows[0].reason == "_KeyRenewed")
    fixture.make_due()
    await until(lambda: fixture.states == ["sealed"])
    assert len(fetched) == 2
    assert open_as(Evidence, fixture.rows[0].record, new.partition("\n")[0]).bytes == len(b"text")
    with pytest.raises(CantOpen):
        open_as(Evidence, fixture.rows[0].record, fixture.secret)
    for path in fixture.sealed:
        with pytest.raises(CantOpen):
            decrypt(path.read_bytes(), fixture.secret)


async def test_a_file_is_sealed_to_its_tip_and_deleted_at_the_provider(fixture: WorkerFixture) -> None:
    fixture.channel.files["m1"] = b"secret content" * 500
    fixture.add_job()
    await until(lambda: fixture.channel.discarded)
    assert [(row.state, row.job) for row in fixture.rows] == [("sealed", b"")]
    assert open_as(Evidence, fixture.rows[0].record, fixture.secret).bytes == 7000
    assert all(b"secret" not in path.read_bytes() for path in fixture.sealed)
    assert fixture.events == [LifecycleEvent("file_sealed")]


@pytest.mark.parametrize("error", [MediaGone(), TooLarge()])
async def test_a_file_that_is_gone_or_too_large_is_lost_at_once(fixture: WorkerFixture, error: Exception) -> None:
    fixture.channel.files["m1"] = error
    fixture.add_job()
    await until(lambda: fixture.events)
    assert [(row.state, row.job, row.attempts) for row in fixture.rows] == [("lost", b"", 1)]
    assert fixture.events == [LifecycleEvent("file_lost")]


async def test_after_a_network_error_the_file_is_retried(fixture: WorkerFixture) -> None:
    fixture.channel.files["m1"] = OSError("broken")
    fixture.add_job()
    await until(lambda: any(row.reason for row in fixture.rows))
    assert (fixture.rows[0].state, fixture.rows[0].reason) == ("due", "OSError")
    fixture.channel.files["m1"] = b"here"
    fixture.make_due()
    await until(lambda: fixture.states == ["sealed"])


async def test_after_the_last_attempt_the_file_is_lost(fixture: WorkerFixture) -> None:
    fixture.add_job(account="script:gone")
    await until(lambda: any(row.reason for row in fixture.rows))
    fixture.make_due()
    await until(lambda: fixture.states == ["lost"])
    assert fixture.rows[0].attempts == 2


async def test_a_file_whose_tip_was_erased_meanwhile_is_erased(
    fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, gate = fixture.channel.fetch, asyncio.Event()
    fixture.channel.files["m1"] = b"regretted"

    def slow(ref: MediaRef) -> Any:
        fixture.services.write_now(lambda unit: evidence_files.delete_files(unit, TIP))
        gate.set()
        return fetch(ref)

    monkeypatch.setattr(fixture.channel, "fetch", slow)
    fixture.add_job()
    await gate.wait()
    await until(lambda: fixture.channel.discarded)
    assert fixture.rows == []
    assert fixture.sealed == []


async def test_sealed_files_of_an_erased_tip_are_erased(fixture: WorkerFixture) -> None:
    fixture.channel.files["m1"] = b"regretted"
    fixture.add_job()
    await until(lambda: fixture.states == ["sealed"])
    assert fixture.sealed
    fixture.worker.erase(fixture.services.write_now(lambda unit: evidence_files.delete_files(unit, TIP)))
    assert fixture.sealed == []


async def test_a_provider_that_fails_to_delete_loses_no_sealed_file(
    fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[MediaRef] = []

    async def refuse(ref: MediaRef) -> None:
        tried.append(ref)
        raise OSError("broken")

    monkeypatch.setattr(fixture.channel, "discard", refuse)
    fixture.channel.files["m1"] = b"here"
    fixture.add_job()
    await until(lambda: tried)
    await asyncio.sleep(0.05)
    assert [(row.state, row.reason) for row in fixture.rows] == [("sealed", "")]


async def test_files_are_claimed_again_after_the_database_was_down(tmp_path: Path) -> None:
    made = WorkerFixture(tmp_path)
    made.writer.start()
    made.add_job()
    with database_down(made.services):
        assert await made.worker._claim(1) == []
    assert len(await made.worker._claim(1)) == 1
    await made.writer.stop()
    made.services.close()


async def test_an_origin_is_known_only_if_the_tipster_disclosed_it(fixture: WorkerFixture, tmp_path: Path) -> None:
    fixture.channel.files["m1"] = specimen("jpg", tmp_path).read_bytes()
    job = fixture.add_job()
    await until(lambda: fixture.states == ["sealed"])
    assert open_as(Evidence, fixture.rows[0].record, fixture.secret).origin is None
    assert fixture.services.read(lambda c: evidence_files.ordinals_with_origin(c, TIP)) == ("1",)
    with_origin = fixture.rows[0].record_with_origin
    fixture.services.write_now(lambda unit: evidence_files.disclose_origin(unit, TIP, (), job.tipster_key))
    assert open_as(Evidence, fixture.rows[0].record, fixture.secret).origin is None
    assert fixture.rows[0].record_with_origin == b""
    with pytest.raises(CantOpen):
        open_as(Evidence, with_origin, fixture.secret)  # who puts it in the record's place tells nobody anything
    restored = update(tables.file).values(record_with_origin=with_origin)
    fixture.services.write_now(lambda unit: unit.main.execute(restored))
    fixture.services.write_now(lambda unit: evidence_files.disclose_origin(unit, TIP, ("1",), job.tipster_key))
    origin = open_as(Evidence, fixture.rows[0].record, fixture.secret).origin
    assert origin is not None
    assert origin.latitude == pytest.approx(LATITUDE, abs=1e-4)
    assert fixture.rows[0].record_with_origin == b""


async def test_the_origin_of_a_file_that_arrives_after_the_tip_is_dropped(
    fixture: WorkerFixture, tmp_path: Path
) -> None:
    fixture.channel.files["m1"] = specimen("jpg", tmp_path).read_bytes()
    row = {"id": TIP, "number": "4K7Q-2XPM", "revision": 1, "recipient": fixture.recipient, "document": b"", "day": 1}
    row["routed"] = tip_keys.seal_routed(TipRoot(tip=TIP, recipient=""))
    fixture.services.write_now(lambda unit: unit.insert(tables.tip, [row]))
    fixture.add_job()
    await until(lambda: fixture.states == ["sealed"])
    assert fixture.rows[0].record_with_origin == b""


@pytest.mark.parametrize(
    ("data", "limits", "words"),
    [
        (bytes(3_000_000), {"_limits": Limits(file_bytes=2_000_000)}, "2 MB से बड़ी"),
        (bytes(3_000_000), {"_tip_bytes": 2_000_000}, "आख़िरी फ़ाइल नहीं रखी गई"),
        (b"BEGIN:VCARD\r\nFN:I\r\nTEL:+91 91401 12233\r\nEND:VCARD\r\n", {}, "आपका अपना लगता है"),
    ],
)
async def test_the_tipster_is_told_why_a_file_was_refused(
    data: bytes, limits: dict[str, Any], words: str, fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(fixture.worker, name, value)
    fixture.channel.files["m1"] = data
    fixture.add_job(conversation=fixture.add_conversation("919140112233"))
    await until(lambda: fixture.posted)
    assert fixture.states == ["lost"]
    assert fixture.sealed == []
    assert words in fixture.first_notice


async def test_a_notice_that_can_not_be_sent_is_stored(fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    fixture.channel.files["m1"] = MediaGone()
    monkeypatch.setattr(fixture.channel, "render", lambda *_: ())
    fixture.add_job(conversation=fixture.add_conversation("919140112233"))
    await until(lambda: fixture.states == ["lost"])
    await until(
        lambda: fixture.services.read(lambda c: evidence_files.pending_file_notices(c, TIP)) == (FileNotice("lost"),)
    )
    fixture.services.write_now(lambda unit: evidence_files.clear_file_notices(unit, TIP))
    assert fixture.services.read(lambda c: evidence_files.pending_file_notices(c, TIP)) == ()


async def test_one_message_names_which_of_ten_files_could_not_be_cleaned(
    fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixture.worker, "_notice_seconds", 0)
    conversation = fixture.add_conversation("919140112233")
    for number in range(1, 11):
        fixture.channel.files[f"m{number}"] = b"\0broken" if number in {3, 7} else b"plain words"
        fixture.add_job(f"m{number}", conversation=conversation, ordinal=str(number + 1), position=number)
    await until(lambda: fixture.posted)
    assert fixture.states == ["sealed"] * 10
    assert "फ़ाइल नं. 3, 7 से छिपी जानकारी नहीं मिट सकी" in fixture.first_notice
    assert len(fixture.posted) == 1
    read = fixture.services.read
    assert read(lambda c: evidence_files.pending_file_notices(c, TIP)) == ()
    assert read(lambda c: evidence_files.uncleaned_files(c, TIP)) == (3, 7)


async def test_the_next_turn_names_the_files_if_no_message_can_be_sent(
    fixture: WorkerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fixture.worker, "_notice_seconds", 0)
    for number in (1, 2):
        fixture.channel.files[f"m{number}"] = b"\0broken"
        fixture.add_job(f"m{number}", conversation=b"gone", ordinal=str(number), position=number)
    read = fixture.services.read
    expected = (FileNotice("uncleaned", files=(1, 2)),)
    await until(lambda: read(lambda c: evidence_files.pending_file_notices(c, TIP)) == expected)
    fixture.services.write_now(lambda unit: evidence_files.clear_file_notices(unit, TIP))
    assert read(lambda c: evidence_files.pending_file_notices(c, TIP)) == ()
    assert read(lambda c: evidence_files.uncleaned_files(c, TIP)) == (1, 2)
    assert fixture.posted == []


async def test_the_senders_own_card_is_erased(fixture: WorkerFixture) -> None:
    fixture.channel.files["m1"] = b"BEGIN:VCARD\r\nFN:I\r\nTEL;TYPE=CELL:09140112233\r\nEND:VCARD\r\n"
    fixture.add_job(conversation=fixture.add_conversation("919140112233"))
    await until(lambda: fixture.states == ["lost"])
    assert fixture.sealed == []


async def test_somebody_elses_card_is_evidence(fixture: WorkerFixture) -> None:
    fixture.channel.files["m1"] = b"BEGIN:VCARD\r\nFN:He\r\nTEL:+91 98765 43210\r\nEND:VCARD\r\n"
    fixture.add_job(conversation=fixture.add_conversation("919140112233"))
    await until(lambda: fixture.states == ["sealed"])
    assert open_as(Evidence, fixture.rows[0].record, fixture.secret).clean_mime == "text/vcard"


async def test_an_encrypted_file_is_sealed_and_the_tipster_is_told(fixture: WorkerFixture) -> None:
    out = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out, encryption=pikepdf.Encryption(user="a", owner="b"))
    fixture.channel.files["m1"] = out.getvalue()
    fixture.add_job(conversation=fixture.add_conversation("919140112233"))
    await until(lambda: fixture.posted)
    assert open_as(Evidence, fixture.rows[0].record, fixture.secret).problem == "encrypted"
    assert "पासवर्ड" in fixture.first_notice


async def test_the_tipster_is_told_how_much_of_a_damaged_file_could_be_read(fixture: WorkerFixture) -> None:
    photo_data = encode(photo(size=(640, 480)), "JPEG")
    fixture.channel.files["m1"] = photo_data[: len(photo_data) // 2]
    fixture.add_job(conversation=fixture.add_conversation("919140112233"))
    await until(lambda: fixture.posted)
    record = open_as(Evidence, fixture.rows[0].record, fixture.secret)
    assert record.clean_mime == "image/jpeg"
    assert 0 < record.readable < 100
    assert f"{record.readable} %" in fixture.first_notice
