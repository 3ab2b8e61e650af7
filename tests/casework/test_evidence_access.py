"""What an officer may do with a tip's files, and what the custody log has of it; a tipster's own voice above all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from satark.casework import Casework, NoSuchFile, OpenTip, SecondOfficerRequired, TwoOfficerApproval, VoiceAccessDenied
from satark.custody.audit import verify_log
from satark.custody.chain import LogEntry
from satark.desk import Desk, Level
from satark.evidence.own_voice import EVIDENCE_STEP, OTHER, WHOSE_STEP
from satark.identity.sealing import new_identity
from satark.routing.desks import add_desk
from satark.services import Services
from satark.testing.store import fresh_services
from satark.testing.tips import SeededTip, seed_file, seed_tip

AGREED = TwoOfficerApproval("rao", "khan")
VOICE: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


class Office:
    """A desk, and its casework in any officer's hands."""

    def __init__(self, services: Services, level: Level) -> None:
        recipient, self.identity = new_identity()
        self.services = services
        self.desk = Desk(name=f"a-{level}", title="", level=level, area="", recipient=recipient)
        services.write_now(lambda unit: add_desk(unit, self.desk))

    def work(self, *, may_listen: bool = False) -> Casework:
        return Casework(self.services, self.desk.name, self.identity, officer="rao", may_listen=may_listen)


@pytest.fixture
def sp(services: Services) -> Office:
    return Office(services, "district")


@pytest.fixture
def spoken(services: Services, sp: Office) -> SeededTip:
    """A tip told by voice, with a photo."""
    seeded = seed_tip(services, [sp.desk], evidence=("1", "2"), answers={"what": {"voice": "1"}})
    seed_file(services, seeded, "1", b"their voice", b"their clean voice", disguised=b"a disguised voice", **VOICE)
    seed_file(services, seeded, "2", b"a photo", b"a clean photo")
    return seeded


def acts(work: Casework, tip: OpenTip) -> list[LogEntry]:
    """What officers did, as the log has it."""
    return [row.entry for row in work.custody(tip) if row.entry is not None and row.entry.desk]


def test_a_file_is_not_seen_without_a_row_in_the_log(services: Services, sp: Office, spoken: SeededTip) -> None:
    work = sp.work()
    tip = work.open(spoken.number)
    for _ in range(2):
        assert b"".join(work.evidence(tip, "2")) == b"a clean photo"
    (seen,) = acts(work, tip)
    assert (seen.action, seen.form, seen.desk, seen.officer) == ("viewed", "clean", "a-district", "rao")
    assert len(seen.at) == len("2026-11-24T19:00:00Z")
    assert b"".join(sp.work().evidence(tip, "2")) == b"a clean photo"
    assert len(acts(work, tip)) == 2, "another officer, or the same one signed in again, is another row"
    assert verify_log(services).problems == ()


READERS: dict[str, Callable[[Casework, OpenTip], Any]] = {
    "file": lambda work, tip: tip.file("1"),
    "evidence": lambda work, tip: work.evidence(tip, "1"),
    "export": lambda work, tip: work.export(tip, [("1", "clean")]),
    "export of the original": lambda work, tip: work.export(tip, [("2", "clean"), ("1", "original")], AGREED),
    "listen": lambda work, tip: work.listen(tip, "1"),
    "transcribe": lambda work, tip: work.transcribe(tip, "1", "words"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_tipsters_voice_is_given_to_nobody_who_may_not_listen(
    reader: Callable[[Casework, OpenTip], Any], sp: Office, spoken: SeededTip
) -> None:
    work = sp.work()
    tip = work.open(spoken.number)
    assert [record.ordinal for record in tip.evidence] == ["2"], "what passes evidence on never has a voice in hand"
    with pytest.raises(VoiceAccessDenied):
        reader(work, tip)
    assert acts(work, tip) == []


@pytest.mark.parametrize("name", ["file", "evidence", "export", "export of the original"])
def test_not_even_who_may_listen_can_take_a_voice_away(name: str, sp: Office, spoken: SeededTip) -> None:
    work = sp.work(may_listen=True)
    with pytest.raises(VoiceAccessDenied):
        READERS[name](work, work.open(spoken.number))


@pytest.mark.parametrize("level", ["outpost", "station", "circle"])
def test_a_station_never_hears_it_whoever_sits_there(services: Services, spoken: SeededTip, level: Level) -> None:
    station = Office(services, level)
    seeded = seed_tip(services, [station.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"voice", b"clean", disguised=b"disguised", **VOICE)
    work = station.work(may_listen=True)
    with pytest.raises(VoiceAccessDenied):
        work.listen(work.open(seeded.number), "1")


def test_who_may_listen_hears_a_disguised_copy_and_writes_it_out(sp: Office, spoken: SeededTip) -> None:
    work = sp.work(may_listen=True)
    tip = work.open(spoken.number)
    assert b"".join(work.listen(tip, "1")) == b"a disguised voice"
    work.transcribe(tip, "1", "कल रात दस बजे")
    work.transcribe(work.open(spoken.number), "1", "कल रात ग्यारह बजे")
    tip = sp.work().open(spoken.number)
    (voice,) = tip.voices
    assert (voice.transcript, tip.transcript("1")) == ("कल रात ग्यारह बजे", "कल रात ग्यारह बजे")
    assert sp.work().find("ग्यारह") == {spoken.id}
    assert all(posted.message.internal for posted in tip.thread), "the tipster is told nothing of it"
    done = [(entry.action, entry.form) for entry in acts(work, tip)]
    assert done == [("heard", "disguised"), ("transcribed", "transcript"), ("transcribed", "transcript")]


def test_a_voice_that_could_not_be_disguised_is_not_played(services: Services, sp: Office) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"voice", b"clean", **VOICE)
    work = sp.work(may_listen=True)
    with pytest.raises(NoSuchFile):
        work.listen(work.open(seeded.number), "1")


def test_what_identifies_takes_two_officers(sp: Office, spoken: SeededTip) -> None:
    with pytest.raises(SecondOfficerRequired):
        TwoOfficerApproval("rao", "rao")
    work, agreed = sp.work(may_listen=True), TwoOfficerApproval("rao", "khan")
    tip = work.open(spoken.number)
    assert b"".join(work.original_of(tip, "1", agreed)) == b"their voice"
    assert b"".join(work.undisguised_voice(tip, "1", agreed)) == b"their clean voice"
    done = [(entry.action, entry.form, entry.officer, entry.second) for entry in acts(work, tip)]
    assert done == [("opened", "original", "rao", "khan"), ("opened", "clean", "rao", "khan")]
    with pytest.raises(NoSuchFile):
        work.original_of(tip, "7", agreed)


WHOSE: list[tuple[str, dict[str, Any], str | None, bool]] = [
    ("a voice message that answers a question", VOICE, OTHER, True),
    ("a voice message sent as evidence", {**VOICE, "role": EVIDENCE_STEP}, "own", True),
    ("the same, unanswered", {**VOICE, "role": EVIDENCE_STEP}, None, True),
    ("somebody else's threat", {**VOICE, "role": EVIDENCE_STEP}, OTHER, False),
    ("a sound file", {"kind": "audio", "mime": "audio/mpeg", "role": EVIDENCE_STEP}, None, True),
    ("a sound file sent as a document", {"kind": "document", "mime": "audio/amr", "role": EVIDENCE_STEP}, None, True),
    ("a sound file called a voice that is a film", {"kind": "voice", "mime": "video/mp4", "role": "what"}, None, True),
    ("a film", {"kind": "video", "mime": "video/mp4", "role": EVIDENCE_STEP}, None, False),
    ("a photo", {"kind": "image", "mime": "image/jpeg", "role": EVIDENCE_STEP}, None, False),
]


def test_all_sound_is_the_tipsters_own_voice_unless_they_said_whose_it_is(services: Services, sp: Office) -> None:
    wrong = []
    for name, record, whose, own in WHOSE:
        seeded = seed_tip(services, [sp.desk], evidence=("1",), answers={WHOSE_STEP: whose, "what": "x"})
        seed_file(services, seeded, "1", b"x", **record)
        if bool(sp.work().open(seeded.number).voices) is not own:
            wrong.append(name)
    assert wrong == []


def test_an_export_is_logged_before_it_leaves(sp: Office, spoken: SeededTip) -> None:
    sp.work(may_listen=True).transcribe(sp.work().open(spoken.number), "1", "words")
    work = sp.work()
    tip = work.open(spoken.number)
    log, contents = work.export(tip, [("2", "clean"), ("2", "original"), ("1", "transcript")], AGREED)
    left = [(row.row.file, row.entry) for row in log if row.entry and row.entry.action == "exported"]
    done = [(file, entry.form, entry.second) for file, entry in left]
    assert done == [("2", "clean", ""), ("2", "original", "khan"), ("1", "transcript", "")]
    assert [b"".join(pieces) for pieces in contents] == [b"a clean photo", b"a photo", b"words"]


@pytest.mark.parametrize(
    ("form", "error"),
    [(("2", "original"), SecondOfficerRequired), (("7", "clean"), NoSuchFile), (("1", "transcript"), NoSuchFile)],
)
def test_what_may_not_leave_leaves_no_row(form: Any, error: type[Exception], sp: Office, spoken: SeededTip) -> None:
    work = sp.work()
    tip = work.open(spoken.number)
    with pytest.raises(error):
        work.export(tip, [("2", "clean"), form])
    assert acts(work, tip) == []
