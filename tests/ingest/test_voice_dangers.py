"""A voice note that tells of a danger is answered with the number to call, and makes its tip urgent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from satark.api import hookimpl
from satark.api.inbound import Media, MediaRef, Revoked
from satark.dialogue.session import Session
from satark.routing.tip_keys import renew_tip_keys
from satark.store import tables
from satark.store.conversations import ConversationRow
from satark.store.workspace import workspace_dir
from satark_demo.samples import FOLDER
from satark_testing.waiting import until
from support.scripted import ACCOUNT
from support.working_host import ANSWERS, RECEIPT, WorkingHost, working_host, working_host_on

pytestmark = pytest.mark.slow("a host and a recogniser")

CRY = "bachao bachao, woh mujhe chaku se maar dalenge"
SHOWN = "blood bank me khoon bechte hain"
"""Words that only one of two readings takes for a danger."""
HARMLESS = "raat ko nadi se balu nikalte hain"
PROGRAM = """
import pathlib, sys
words = pathlib.Path(sys.argv[1]).read_text()
sys.exit(words) if words == "fails" else print(words if pathlib.Path(sys.argv[2]).read_bytes()[:4] else "")
"""


class Recogniser:
    """A plugin whose recogniser is a program: it hears what the file `words` says."""

    name = "parrot 1.0"
    languages = frozenset({"en", "hi"})

    def __init__(self, words: Path) -> None:
        self.words = words
        self.calls = 0
        self.meanwhile: Callable[[], None] | None = None

    def transcribe(self, recording: Path, language: str) -> str:
        assert language in self.languages
        self.calls += 1
        if self.meanwhile:
            self.meanwhile()
        assert [*recording.parent.iterdir()] == [recording], "it is alone in its folder"
        command = [sys.executable, "-I", "-c", PROGRAM, str(self.words), str(recording)]
        return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()

    @hookimpl
    def satark_transcribers(self) -> list[Recogniser]:
        return [self]


@pytest.fixture
def hears(tmp_path: Path) -> Callable[[str], Recogniser]:
    def hearing(words: str) -> Recogniser:
        (tmp_path / "words").write_text(words)
        return Recogniser(tmp_path / "words")

    return hearing


def note(place: WorkingHost, name: str = "note") -> Media:
    place.channel.files[name] = (FOLDER / "spoken.wav").read_bytes()
    return Media(MediaRef(account=ACCOUNT, id=name), "voice")


def notices(place: WorkingHost) -> list[str]:
    texts = [json.loads(body)[1] for body in place.channel.bodies]
    return [text for text in texts if text.startswith(("Is a life in danger?", "जान को ख़तरा है?"))]


def header(place: WorkingHost) -> Any:
    (tip,) = place.desk("sp").summaries()
    return tip.header


def draft(place: WorkingHost) -> Session:
    """Return the only conversation's session."""
    (row,) = place.rows(tables.conversation)
    session = place.runtime._sessions.open(ConversationRow(row.id, row.draft, row.handle, row.due))
    assert session
    return session


def unsaid(place: WorkingHost) -> tuple[str, ...]:
    """Return the dangers of which the tipster is still to be told."""
    return draft(place).dangers_unsaid


async def test_a_cry_in_a_draft_is_answered_and_the_tip_is_urgent(
    databases: Any, tmp_path: Path, hears: Callable[[str], Recogniser]
) -> None:
    async with working_host_on(databases, tmp_path / "host", plugin=hears(CRY)) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, "What is happening")
        with capture_logs() as logs:
            await asha.hear(note(place))
            await until(lambda: notices(place))
        assert "112" in notices(place)[0]
        await asha.walk_on(ANSWERS, RECEIPT)
        assert (header(place).priority, header(place).flags) == ("urgent", ("danger:life",))
        assert len(notices(place)) == 1
        assert "chaku" not in str(logs)


async def test_a_voice_notes_danger_is_removed_with_the_note(
    tmp_path: Path, hears: Callable[[str], Recogniser]
) -> None:
    async with working_host(tmp_path / "host", plugin=hears(CRY)) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, "What is happening")
        await asha.hear(note(place))
        await until(lambda: notices(place))
        session = draft(place)
        assert session.told_dangers == (("life", session.files[-1].source),)
        engine = place.runtime._flows.current
        turn = engine.advance(session, Revoked(session.files[-1].source), "later", 0)
        assert turn.session is not None
        assert turn.session.dangers == ()


async def test_a_danger_that_is_not_sure_is_answered_and_makes_nothing_urgent(
    tmp_path: Path, hears: Callable[[str], Recogniser]
) -> None:
    async with working_host(tmp_path / "host", hears(SHOWN)) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, "What is happening")
        await asha.hear(note(place))
        await until(lambda: b"badly hurt" in b"".join(place.channel.bodies))
        await asha.walk_on(ANSWERS, RECEIPT)
        assert (header(place).priority, header(place).flags) == ("normal", ())


async def test_a_cry_before_a_language_was_chosen_is_answered(
    tmp_path: Path, hears: Callable[[str], Recogniser]
) -> None:
    async with working_host(tmp_path / "host", hears(CRY)) as place:
        await place.tipster().hear(note(place))
        await until(lambda: notices(place))


async def test_a_cry_to_a_sent_tip_makes_the_tip_urgent(tmp_path: Path, hears: Callable[[str], Recogniser]) -> None:
    async with working_host(tmp_path / "host", hears(CRY)) as place:
        asha = place.tipster()
        await place.receipt(asha)
        assert header(place).priority == "normal"
        await asha.hear(note(place))
        await until(lambda: header(place).priority == "urgent")
        assert header(place).flags == ("danger:life",)
        await until(lambda: notices(place))


async def test_a_cry_is_sealed_to_the_tips_newest_key(tmp_path: Path, hears: Callable[[str], Recogniser]) -> None:
    heard = hears(CRY)
    async with working_host(tmp_path / "host", heard) as place:
        asha, services = place.tipster(), place.host.services
        await place.receipt(asha)
        state, work = services.roster_state(), place.desk("sp")
        identity = work._writer.identity
        heard.meanwhile = lambda: services.write_now(lambda unit: renew_tip_keys(unit, state, "sp", identity, ()))
        await asha.hear(note(place))
        await until(lambda: header(place).priority == "urgent")
        (tip,) = place.desk("sp").summaries()
        opened = place.desk("sp").open(tip.id)
        assert len(opened.envelope.identity.split()) == 2
        assert not opened.altered


async def test_if_no_message_can_be_sent_the_next_answer_tells_whom_to_call(
    tmp_path: Path, hears: Callable[[str], Recogniser], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working_host(tmp_path / "host", hears(CRY)) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, "What is happening")
        with monkeypatch.context() as patched:
            patched.setattr(type(place.channel), "render", lambda *_: [])
            await asha.hear(note(place))
            await until(lambda: unsaid(place) == ("life",))
        assert "Is a life in danger?" in await asha.say("It is the house behind the temple")
        assert unsaid(place) == ()


@pytest.mark.parametrize("words", [HARMLESS, "fails", ""])
async def test_a_recording_without_danger_words_is_only_stored(
    words: str, tmp_path: Path, hears: Callable[[str], Recogniser]
) -> None:
    recogniser = hears(words)
    async with working_host(tmp_path / "host", recogniser) as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, "What is happening")
        with capture_logs() as logs:
            await asha.hear(note(place))
            await until(lambda: recogniser.calls and not place.runtime._fetcher.listener._waiting)
        assert [row.state for row in place.rows(tables.file)] == ["sealed"]
        assert [*workspace_dir(tmp_path / "host").iterdir()] == [], "no plain copy is left"
        await asha.walk_on(ANSWERS, RECEIPT)
        assert header(place).priority == "normal"
        assert notices(place) == []
        assert len(header(place).flags) == 0
        assert ("CalledProcessError" in str(logs)) == (words == "fails")


async def test_without_a_recogniser_a_voice_note_is_stored_as_ever(tmp_path: Path) -> None:
    async with working_host(tmp_path / "host") as place:
        asha = place.tipster()
        await asha.walk(ANSWERS, "What is happening")
        await asha.hear(note(place))
        await until(lambda: [row.state for row in place.rows(tables.file)] == ["sealed"])
        assert notices(place) == []
