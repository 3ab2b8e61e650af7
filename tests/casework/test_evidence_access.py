"""Access to evidence: an officer's rights to a tip's files and the tipster's voice, and the entries of the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from satark.api.routing import Level
from satark.casework import Casework, OpenTip, TwoOfficerApproval
from satark.casework.errors import NoSuchFile, SecondOfficerRequired, VoiceAccessDenied
from satark.custody.chain import LogEntry
from satark.custody.verify_log import verify_log
from satark.evidence.own_voice import KEEP, OTHER, may_contain_voice
from satark.services import Services
from satark.store import tables
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import MEANINGS, SeededTip, seed_file, seed_tip

pytestmark = pytest.mark.slow("whole tips")

APPROVAL = TwoOfficerApproval("rao", "khan", may_listen=True)
VOICE: dict[str, Any] = {"kind": "voice", "mime": "audio/ogg", "role": "what"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def sp(services: Services) -> SeededDesk:
    return SeededDesk(services, "sp")


@pytest.fixture
def spoken(services: Services, sp: SeededDesk) -> SeededTip:
    """A tip that was reported by voice, with a photo."""
    seeded = seed_tip(services, [sp.desk], evidence=("1", "2"), answers={"what": {"voice": "1"}})
    seed_file(services, seeded, "1", b"their voice", b"their clean voice", disguised=b"a disguised voice", **VOICE)
    seed_file(services, seeded, "2", b"a photo", b"a clean photo")
    return seeded


def acts(work: Casework, tip: OpenTip) -> list[LogEntry]:
    """Return the log's entries about officers' acts."""
    return [row.entry for row in work.custody(tip) if row.entry is not None and row.entry.desk]


def test_reading_a_file_adds_a_log_entry_once_per_sign_in(
    services: Services, sp: SeededDesk, spoken: SeededTip
) -> None:
    work = sp.casework_of("rao")
    tip = work.open(spoken.number)
    for _ in range(2):
        assert b"".join(work.evidence(tip, "2")) == b"a clean photo"
    (seen,) = acts(work, tip)
    assert (seen.action, seen.form, seen.desk, seen.officer) == ("viewed", "clean", "sp", "rao")
    assert len(seen.at) == len("2026-11-24T19:00:00Z")
    assert b"".join(sp.casework_of("rao").evidence(tip, "2")) == b"a clean photo"
    assert len(acts(work, tip)) == 2, "another officer, or the same one signed in again, is another row"
    assert verify_log(services).problems == ()


READERS: dict[str, Callable[[Casework, OpenTip], Any]] = {
    "file": lambda work, tip: tip.file("1"),
    "evidence": lambda work, tip: work.evidence(tip, "1"),
    "export": lambda work, tip: work.export(tip, [("1", "clean")]),
    "export of the original": lambda work, tip: work.export(tip, [("2", "clean"), ("1", "original")], APPROVAL),
    "listen": lambda work, tip: work.listen(tip, "1"),
    "transcribe": lambda work, tip: work.transcribe(tip, "1", "words"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_an_officer_without_the_right_to_listen_gets_no_voice(
    reader: Callable[[Casework, OpenTip], Any], sp: SeededDesk, spoken: SeededTip
) -> None:
    work = sp.casework_of("rao")
    tip = work.open(spoken.number)
    assert [record.ordinal for record in tip.evidence] == ["2"], "what passes evidence on never has a voice in hand"
    with pytest.raises(VoiceAccessDenied):
        reader(work, tip)
    assert acts(work, tip) == []


@pytest.mark.parametrize("name", ["file", "evidence", "export", "export of the original"])
def test_a_voice_can_not_be_exported_even_with_the_right_to_listen(
    name: str, sp: SeededDesk, spoken: SeededTip
) -> None:
    work = sp.casework_of("rao", may_listen=True)
    with pytest.raises(VoiceAccessDenied):
        READERS[name](work, work.open(spoken.number))


@pytest.mark.parametrize("level", ["outpost", "station", "circle"])
def test_no_officer_of_a_station_hears_a_voice(services: Services, spoken: SeededTip, level: Level) -> None:
    station = SeededDesk(services, "lanka", level)
    services.write_now(lambda unit: unit.main.execute(update(tables.desk).values(level="range")))
    seeded = seed_tip(services, [station.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"voice", b"clean", disguised=b"disguised", **VOICE)
    work = station.casework_of("rao", may_listen=True)
    with pytest.raises(VoiceAccessDenied):
        work.listen(work.open(seeded.number), "1")


def test_an_officer_with_the_right_hears_a_disguised_copy_and_transcribes_it(sp: SeededDesk, spoken: SeededTip) -> None:
    work = sp.casework_of("rao", may_listen=True)
    tip = work.open(spoken.number)
    assert b"".join(work.listen(tip, "1")) == b"a disguised voice"
    work.transcribe(tip, "1", "कल रात दस बजे")
    work.transcribe(work.open(spoken.number), "1", "कल रात ग्यारह बजे")
    tip = sp.casework_of("rao").open(spoken.number)
    (voice,) = tip.voices
    assert (voice.transcript, tip.transcript("1")) == ("कल रात ग्यारह बजे", "कल रात ग्यारह बजे")
    assert sp.casework_of("rao").find("ग्यारह").keys() == {spoken.id}
    assert all(posted.message.internal for posted in tip.thread), "the tipster sees none of it"
    done = [(entry.action, entry.form) for entry in acts(work, tip)]
    assert done == [("heard", "disguised"), ("transcribed", "transcript"), ("transcribed", "transcript")]


def test_a_voice_that_could_not_be_disguised_is_not_played(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"voice", b"clean", **VOICE)
    work = sp.casework_of("rao", may_listen=True)
    with pytest.raises(NoSuchFile):
        work.listen(work.open(seeded.number), "1")


def test_originals_need_the_approval_of_two_officers(sp: SeededDesk, spoken: SeededTip) -> None:
    with pytest.raises(SecondOfficerRequired):
        TwoOfficerApproval("rao", "rao")
    work, approval = sp.casework_of("rao", may_listen=True), TwoOfficerApproval("rao", "khan", may_listen=True)
    tip = work.open(spoken.number)
    assert b"".join(work.original_of(tip, "1", approval)) == b"their voice"
    done = [(entry.action, entry.form, entry.officer, entry.second) for entry in acts(work, tip)]
    assert done == [("opened", "original", "rao", "khan")]
    with pytest.raises(NoSuchFile):
        work.original_of(tip, "7", approval)


SOUND_ALONE: dict[str, Any] = {"kind": "document", "mime": "video/mp4", "clean_mime": "video/mp4", "muted_sha256": ""}
WHOSE: list[tuple[str, dict[str, Any], str | None, bool]] = [
    ("a voice message that answers a question", VOICE, None, True),
    ("a voice message sent as evidence", {**VOICE, "role": MEANINGS["evidence"]}, "own", True),
    ("the same, unanswered", {**VOICE, "role": MEANINGS["evidence"]}, None, True),
    ("somebody else's threat", {**VOICE, "role": MEANINGS["evidence"]}, OTHER, False),
    ("a sound file", {"kind": "audio", "mime": "audio/mpeg", "role": MEANINGS["evidence"]}, None, True),
    (
        "a sound file sent as a document",
        {"kind": "document", "mime": "audio/amr", "role": MEANINGS["evidence"]},
        None,
        True,
    ),
    ("a sound file called a voice that is a film", {"kind": "voice", "mime": "video/mp4", "role": "what"}, None, True),
    ("a film", {"kind": "video", "mime": "video/mp4", "role": MEANINGS["evidence"]}, None, False),
    ("a recording in a container of films", SOUND_ALONE, None, True),
    ("a photo", {"kind": "image", "mime": "image/jpeg", "role": MEANINGS["evidence"]}, None, False),
]


def test_sound_counts_as_the_tipsters_own_voice_unless_they_said_otherwise(services: Services, sp: SeededDesk) -> None:
    wrong = []
    for name, record, whose, own in WHOSE:
        seeded = seed_tip(services, [sp.desk], evidence=("1",), consents={"1": whose} if whose else {})
        seed_file(services, seeded, "1", b"x", **record)
        if bool(sp.casework_of("rao").open(seeded.number).voices) is not own:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("answer", [None, "remove", "keep"])
@pytest.mark.parametrize("of", ["1", "2"])
def test_a_film_is_passed_on_without_sound_unless_the_tipster_kept_the_sound(
    services: Services, sp: SeededDesk, of: str, answer: str | None
) -> None:
    seeded = seed_tip(services, [sp.desk], evidence=("1",), consents={of: answer} if answer else {})
    seed_file(services, seeded, "1", b"film", b"film, sound", muted=b"film", mime="video/mp4", kind="video")
    work = sp.casework_of("rao")
    tip = work.open(seeded.number)
    kept = answer == "keep" and of == "1"
    assert may_contain_voice(tip.evidence[0]) is kept
    expected = b"film, sound" if kept else b"film"
    assert tip.evidence[0].clean_bytes == len(expected)
    assert b"".join(work.evidence(tip, "1")) == expected
    _, contents = work.export(tip, [("1", "clean")])
    assert b"".join(contents[0]) == expected


def test_an_export_is_logged(sp: SeededDesk, spoken: SeededTip) -> None:
    sp.casework_of("rao", may_listen=True).transcribe(sp.casework_of("rao").open(spoken.number), "1", "words")
    work = sp.casework_of("rao")
    tip = work.open(spoken.number)
    log, contents = work.export(tip, [("2", "clean"), ("2", "original"), ("1", "transcript")], APPROVAL)
    left = [(row.row.file, row.entry) for row in log if row.entry and row.entry.action == "exported"]
    done = [(file, entry.form, entry.second) for file, entry in left]
    assert done == [("2", "clean", ""), ("2", "original", "khan"), ("1", "transcript", "")]
    assert [b"".join(chunks) for chunks in contents] == [b"a clean photo", b"a photo", b"words"]


@pytest.mark.parametrize(
    ("form", "error"),
    [(("2", "original"), SecondOfficerRequired), (("7", "clean"), NoSuchFile), (("1", "transcript"), NoSuchFile)],
)
def test_a_refused_export_is_not_logged(form: Any, error: type[Exception], sp: SeededDesk, spoken: SeededTip) -> None:
    work = sp.casework_of("rao")
    tip = work.open(spoken.number)
    with pytest.raises(error):
        work.export(tip, [("2", "clean"), form])
    assert acts(work, tip) == []


def exported_original(work: Casework, tip: OpenTip, approval: TwoOfficerApproval) -> Iterator[bytes]:
    return work.export(tip, [("1", "original")], approval)[1][0]


@pytest.mark.parametrize("consents", [{}, {"1": KEEP}], ids=["sound not kept", "sound kept"])
@pytest.mark.parametrize("clean", [b"film, sound", b""], ids=["cleaned", "not cleaned"])
def test_a_films_original_takes_the_right_to_listen_and_a_desk_that_may(
    consents: dict[str, str], clean: bytes, services: Services
) -> None:
    desks = SeededDesk(services, "xx"), SeededDesk(services, "yy", "station")
    film: dict[str, Any] = {"mime": "video/mp4", "kind": "video"} | ({"muted": b"film"} if clean else {})
    seeded = seed_tip(services, [one.desk for one in desks], evidence=("1",), consents=consents)
    seed_file(services, seeded, "1", b"film with the voice", clean, **film)
    for desk, may_listen, opens in ((0, False, False), (0, True, True), (1, True, False)):
        work, approval = desks[desk].casework_of("rao"), TwoOfficerApproval("rao", "khan", may_listen=may_listen)
        tip = work.open(seeded.number)
        for read in (
            partial(work.original_of, tip, "1", approval),
            partial(exported_original, work, tip, approval),
        ):
            if opens:
                assert b"".join(read()) == b"film with the voice"
            else:
                with pytest.raises(VoiceAccessDenied):
                    read()


SILENT: list[tuple[str, dict[str, Any]]] = [
    ("video/mp4", {"kind": "video"}),
    ("image/png", {}),
    ("image/jpeg", {"left_out": ("pictures",)}),
    ("text/plain", {"kind": "document"}),
]
SPEAKING: list[tuple[str, dict[str, Any]]] = [
    ("image/jpeg", {"left_out": ("film",)}),  # a moving photo
    ("image/png", {"readable": 80}),
    ("image/tiff", {}),
    ("application/zip", {"kind": "document"}),  # a chat's export has its voice notes
    ("message/rfc822", {"kind": "document"}),
    ("application/pdf", {"kind": "document"}),
]


@pytest.mark.parametrize(("mime", "record"), SILENT + SPEAKING)
@pytest.mark.parametrize("level", ["district", "station"])
def test_originals_open_without_the_right_to_listen_only_where_none_can_speak(
    mime: str, record: dict[str, Any], level: Level, services: Services
) -> None:
    desk = SeededDesk(services, "xx", level)
    seeded = seed_tip(services, [desk.desk], evidence=("1",))
    seed_file(services, seeded, "1", b"the original", b"clean", mime=mime, **record)
    work = desk.casework_of("rao")
    with nullcontext() if (mime, record) in SILENT else pytest.raises(VoiceAccessDenied):
        assert b"".join(work.original_of(work.open(seeded.number), "1", TwoOfficerApproval("rao", "khan")))


def test_two_officers_without_the_right_to_listen_open_no_voice(sp: SeededDesk, spoken: SeededTip) -> None:
    work, approval = sp.casework_of("rao"), TwoOfficerApproval("rao", "khan")
    tip = work.open(spoken.number)
    with pytest.raises(VoiceAccessDenied):
        work.original_of(tip, tip.voices[0].ordinal, approval)
