"""Recordings are transcribed one after the other. A failure loses only the transcript, and leaves no plain copy."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from satark.api.inbound import MediaKind, MediaRef
from satark.api.providers import NoDraft
from satark.dialogue.session import MediaJob
from satark.evidence import voice_listening
from satark.evidence.voice_listening import VoiceListener
from satark.store.workspace import temporary_folder


class Recogniser:
    """Answers with its next reply, or raises it."""

    def __init__(self, *replies: str | Exception, language: str = "hi") -> None:
        self.name, self.languages = "parrot", frozenset({language})
        self.replies = [*replies]
        self.asked: list[str] = []

    def transcribe(self, recording: Path, language: str) -> str:
        assert recording.read_bytes() == b"sound"
        self.asked.append(language)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


class Listening:
    """A listener, the words that it passed on, and the workspace for recordings."""

    def __init__(self, workspace: Path, *recognisers: Recogniser) -> None:
        self.workspace, self.heard = workspace, list[str]()
        self.listener = VoiceListener(recognisers, self._hear)

    async def _hear(self, _job: MediaJob, words: str) -> None:
        self.heard.append(words)

    async def listen(self, language: str = "hi") -> None:
        """Listen to a recording, and check that no copy of it is left."""
        with ExitStack() as plain:
            recording = plain.enter_context(temporary_folder(self.workspace)) / "recording"
            recording.write_bytes(b"sound")
            await self.listener.listen(job(language), recording, plain.pop_all())
        assert not recording.parent.exists()


def job(language: str = "hi", kind: MediaKind = "voice") -> MediaJob:
    ref = MediaRef(account="test:1", id="m1")
    return MediaJob(tip="0" * 32, recipient="", ordinal="1", role="", kind=kind, caption="", ref=ref, language=language)


async def test_the_recogniser_of_the_conversations_language_is_asked(tmp_path: Path) -> None:
    hindi, english = Recogniser("bachao"), Recogniser(language="en")
    listening = Listening(tmp_path, english, hindi)
    await listening.listen()
    assert (listening.heard, hindi.asked, english.asked) == (["bachao"], ["hi"], [])


async def test_before_a_language_is_chosen_a_recording_is_heard_in_each(tmp_path: Path) -> None:
    listening = Listening(tmp_path, Recogniser("help me", language="en"), Recogniser("bachao"))
    await listening.listen("")
    assert listening.heard == ["help me bachao"]


async def test_a_busy_machine_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_listening, "PAUSE", 0)
    listening = Listening(tmp_path, Recogniser(NoDraft("busy"), NoDraft("busy"), "bachao"))
    await listening.listen()
    assert listening.heard == ["bachao"]


@pytest.mark.parametrize("failure", [NoDraft("late"), ValueError("bachao")])
async def test_a_failure_is_logged_without_a_word_of_the_recording(failure: Exception, tmp_path: Path) -> None:
    listening = Listening(tmp_path, Recogniser(failure, "next"))
    with capture_logs() as logs:
        await listening.listen()
    assert [set(line) for line in logs] == [{"event", "error", "log_level"}]
    assert "bachao" not in str(logs)
    await listening.listen()
    assert listening.heard == ["next"]


async def test_only_voice_notes_are_heard_and_in_a_flood_not_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listening(tmp_path, Recogniser()).listener
    assert [listener.listens_to(job(kind=kind)) for kind in ("voice", "audio", "video")] == [True, False, False]
    assert not Listening(tmp_path).listener.listens_to(job()), "there is no recogniser"
    monkeypatch.setattr(voice_listening, "MOST_WAITING", 0)
    assert not listener.listens_to(job())


async def test_recordings_are_heard_one_after_the_other(tmp_path: Path) -> None:
    listening = Listening(tmp_path, Recogniser("one", "two", "three"))
    await asyncio.gather(*(listening.listen() for _ in range(3)))
    assert listening.heard == ["one", "two", "three"]
