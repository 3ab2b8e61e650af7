"""At an office: whatever the carrier does, no message is lost, stored twice or left incomplete."""

from __future__ import annotations

import os
import random
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from satark.api.sink import CarrierError, MessageRejected
from satark.api.tip import Message
from satark.casework import Casework
from satark.custody import log as custody
from satark.remote.frames import CHUNK_SIZE, message_frames, seal_frame
from satark.remote.messages import RefusalMessage, TipMessage, encode
from satark.store import tables
from support.tips import seed_file, seed_file_state, seed_message

pytestmark = pytest.mark.slow("an office")

PHOTO = os.urandom(3 * CHUNK_SIZE)


async def test_a_tip_opens_at_the_office_with_its_files_and_thread(link_on_each_database: Any) -> None:
    link = link_on_each_database
    seeded = link.seed_tip(evidence=("1", "2", "3"))
    seed_file(link.host, seeded, "1", PHOTO, b"clean")
    seed_file_state(link.host, seeded, "2", "due")
    seed_file_state(link.host, seeded, "3", "lost")
    seed_message(link.host, seeded, Message(sender="tipster", text="कल फिर"))
    await link.exchange_all()
    opened = link.casework.open(seeded.number)
    assert opened.tip == seeded.tip
    assert (opened.pending, opened.lost, opened.damaged, opened.pending_answers) == (("2",), ("3",), 0, 0)
    assert link.content(seeded.number, "1", original=True) == PHOTO
    assert link.content(seeded.number, "1") == b"clean"
    assert link.thread_at_office(seeded.number) == ["कल फिर"]
    assert link.stored_tips[0] == ("sp", seeded.id, 1)
    assert link.rows(link.office, tables.chunk) == []


async def test_the_key_changes_of_all_tips_have_one_size_at_an_office_too(link: Any) -> None:
    link.seed_tip()
    link.change_key_at_host()
    await link.exchange_all()
    link.seed_tip(to=(link.host.desk("sp"),))
    await link.exchange_all()
    first, second = (len(row.key_changes) for row in link.rows(link.office, tables.tip))
    assert first == second > 0


@pytest.mark.parametrize("seed", range(4))
async def test_repeated_and_reordered_frames_do_no_harm(link: Any, seed: int) -> None:
    chance = random.Random(seed)
    seeded = link.seed_tip(evidence=("1",))
    await link.deliver()
    for text in ("एक", "दो", "तीन"):
        seed_message(link.host, seeded, Message(sender="tipster", text=text))
        await link.deliver()
    seed_file(link.host, seeded, "1", PHOTO, b"clean")
    link.add_revision(seeded)
    await link.deliver()
    link.connection.to_offices = link.connection.to_offices * 2
    chance.shuffle(link.connection.to_offices)
    await link.exchange_all()
    assert link.thread_at_office(seeded.number) == ["एक", "दो", "तीन"]
    assert link.content(seeded.number, "1", original=True) == PHOTO
    assert link.rows(link.office, tables.chunk) == []
    assert len(link.rows(link.office, tables.tip)) == 1


async def test_a_message_of_several_frames_is_assembled(link: Any) -> None:
    seeded = link.seed_tip(answers={"what": "x" * 200_000})
    await link.deliver()
    assert len(link.connection.to_offices) > 4
    link.connection.to_offices.reverse()
    await link.exchange_all()
    assert link.casework.open(seeded.number).tip.answers == {"what": "x" * 200_000}
    assert link.rows(link.office, tables.chunk) == []


async def test_an_office_killed_between_two_frames_assembles_the_file_afterwards(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", PHOTO)
    await link.deliver()
    while link.connection.to_offices:
        (_, message), *link.connection.to_offices = link.connection.to_offices
        await link.inbox.accept(message)
        link.restart_office()
        await link.inbox.accept(message)
    assert link.content(seeded.number, "1", original=True) == PHOTO


async def test_a_file_written_before_a_crash_is_written_again(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", PHOTO)
    await link.deliver()
    with monkeypatch.context() as patch:
        patch.setattr("satark.remote.office_inbox._mark_received", fail)
        for _, message in link.connection.to_offices[:-1]:
            await link.inbox.accept(message)
        with pytest.raises(OSError, match="planted"):
            await link.inbox.accept(link.connection.to_offices[-1][1])
    assert link.casework.open(seeded.number).pending == ("1",)
    await link.inbox.accept(link.connection.to_offices[-1][1])
    assert link.content(seeded.number, "1", original=True) == PHOTO


def fail(*_: object) -> None:
    raise OSError("planted")


async def test_the_custody_log_of_a_file_is_imported_once(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",))
    seed_file(link.host, seeded, "1", b"original", b"clean")
    await link.exchange_all()
    link.add_revision(seeded)
    await link.exchange_all()
    there, here = (
        [one.entry for one in side.read(lambda c: custody.read(c, seeded.id, seeded.identity))]
        for side in (link.host, link.office)
    )
    assert here == there != []


VOICE: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what", "disguised": b"disguised"}


async def test_a_voice_can_be_heard_at_an_office_and_its_transcript_reaches_the_host(link: Any) -> None:
    seeded = link.seed_tip(evidence=("1",), answers={"what": {"voice": "1"}})
    seed_file(link.host, seeded, "1", b"voice", b"clean", **VOICE)
    await link.exchange_all()
    work = Casework(link.office, "sp", link.sp_identity, officer="rao", may_listen=True)
    assert b"".join(work.listen(work.open(seeded.number), "1")) == b"disguised"
    work.transcribe(work.open(seeded.number), "1", "रात को ट्रक")
    await link.exchange_all()
    assert work.open(seeded.number).transcript("1") == "रात को ट्रक"
    assert link.casework_at_host.open(seeded.number).transcript("1") == "रात को ट्रक"


async def test_a_forged_or_altered_frame_is_rejected(link: Any, stranger_key: Any) -> None:
    seeded = link.seed_tip()
    await link.deliver()
    _, good = link.connection.to_offices[-1]
    to = link.office_key.public_keys
    (frame,) = message_frames("sp", "to_office", encode(RefusalMessage(answer=b"x" * 16)))
    (other,) = message_frames("dig", "to_office", encode(RefusalMessage(answer=b"x" * 16)))
    (upwards,) = message_frames("sp", "to_host", encode(RefusalMessage(answer=b"x" * 16)))
    bad = {
        "cut": good[:-1],
        "altered": good[:500] + bytes([good[500] ^ 1]) + good[501:],
        "empty": b"",
        "not sealed": b"age-encryption.org/v1\nnonsense",
        "endless": good * 3,
        "a stranger's": seal_frame(frame, stranger_key, to),
        "for another machine": seal_frame(frame, link.host_key, link.host_key.public_keys),
        "for another desk": seal_frame(other, link.host_key, to),
        "the other way": seal_frame(upwards, link.host_key, to),
        "nonsense inside": seal_frame(msgspec.structs.replace(frame, body=b"\xff"), link.host_key, to),
        "a chunk past the end": seal_frame(msgspec.structs.replace(frame, index=7), link.host_key, to),
    }
    for name, message in bad.items():
        with pytest.raises(MessageRejected):
            await link.inbox.accept(message)
        assert link.rows(link.office, tables.tip) == [], name
    await link.receive_at_office()
    assert link.casework.open(seeded.number).tip == seeded.tip


async def test_a_replayed_message_changes_nothing(link: Any) -> None:
    seeded = link.seed_tip()
    await link.deliver()
    recorded = list(link.connection.to_offices)
    await link.exchange_all()
    link.casework_at_host.note(link.casework_at_host.open(seeded.number), "नया")
    await link.exchange_all()
    link.connection.to_offices = recorded
    await link.receive_at_office()
    assert link.thread_at_office(seeded.number) == ["नया"]


async def test_a_tip_that_contradicts_a_stored_tip_is_rejected_and_delays_no_other(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    message = _tip_message(link, seeded)
    other = msgspec.structs.replace(message, tip="f" * 32)  # another tip of the same number
    (frame,) = message_frames("sp", "to_office", encode(other))
    with pytest.raises(MessageRejected, match="conflict"):
        await link.inbox.accept(seal_frame(frame, link.host_key, link.office_key.public_keys))
    assert link.casework.open(seeded.number).tip == seeded.tip


@pytest.mark.parametrize(("field", "value"), [("revision", 2**31), ("revision", -1), ("day", 2**63)])
async def test_a_number_that_fits_no_column_is_rejected(link: Any, field: str, value: int) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    message = msgspec.structs.replace(_tip_message(link, seeded), **{field: value})
    (frame,) = message_frames("sp", "to_office", encode(message))
    with pytest.raises(MessageRejected, match="content"):
        await link.inbox.accept(seal_frame(frame, link.host_key, link.office_key.public_keys))


def _tip_message(link: Any, seeded: Any) -> TipMessage:
    (row,) = link.rows(link.office, tables.tip)
    required = [field for field in msgspec.structs.fields(TipMessage) if field.required]
    empty: dict[str, Any] = {"envelope": b"e", "thread": (), "files": (), "custody": ()}
    fields = {one.name: getattr(row, one.name, empty.get(one.name, b"")) for one in required if one.name not in empty}
    return TipMessage(**{**empty, **fields, "tip": seeded.id, "revision": row.revision + 1})


async def test_an_answer_that_the_host_replaced_stays_at_the_office(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.casework.note(link.casework.open(seeded.id), "He is armed")
    await link.exchange_all()
    assert link.rows(link.office, tables.office_outbox) == []
    link.casework.note(link.casework.open(seeded.id), "and he has a dog")
    await link.agent.send_due_answers(link.connection)
    await link.receive_at_host()
    altered = update(tables.message).where(tables.message.c.seq == 2).values(sealed=b"x" * 3000)
    link.host.write_now(lambda unit: unit.main.execute(altered))
    link.add_revision(seeded)
    await link.deliver()
    await link.receive_at_office()
    opened = link.casework.open(seeded.id)
    assert (opened.pending_answers, opened.damaged_messages) == (1, 1)
    assert [one.message.text for one in opened.thread] == ["He is armed", "and he has a dog"]


class BrokenConnection:
    """A connection to a carrier that confirms nothing."""

    async def publish_answer(self, body: bytes) -> None:
        raise CarrierError("not confirmed")


async def test_an_unconfirmed_answer_stays_and_is_sent_with_the_next_call(link: Any) -> None:
    seeded = link.seed_tip()
    await link.exchange_all()
    link.casework.note(link.casework.open(seeded.number), "seen")
    with pytest.raises(CarrierError):
        await link.agent.send_due_answers(BrokenConnection())
    assert link.casework.open(seeded.number).pending_answers == 1
    for _ in range(2):
        await link.agent.send_due_answers(link.connection)
        assert len(link.connection.to_host) == 1, "it is sent, and not sent again at once"
