"""`satark voice`: lists what can be recorded for chats, and fills a folder with clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.prompt import clip_name
from satark.cli import voice
from satark.speech import synthetic_voice
from satark.speech.voice_notes import PAUSE, VoiceNotes
from support.commands import run

LINES = [("hi", "नमस्ते"), ("en", "Welcome"), ("en", "Welcome")]


@pytest.fixture
def few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the flow say two lines, since all of them take a minute."""
    monkeypatch.setattr(voice, "every_phrase", lambda *_: iter(LINES))


@pytest.mark.usefixtures("no_settings")
def test_every_fixed_line_of_a_chat_is_listed_once() -> None:
    listed = [line.partition("\t") for line in run("voice", "chat-lines").output.splitlines()]
    texts = [text for _, _, text in listed]
    assert len(set(listed)) == len(listed)
    assert {"Arms", "हथियार", "लंका", "7", "Tap one, or send its number."} <= set(texts)
    assert all(name == clip_name(name.partition("-")[0], text) for name, _, text in listed)
    assert not [text for text in texts if "{" in text]


@pytest.mark.needs("espeak-ng")
@pytest.mark.usefixtures("no_settings", "few_lines")
def test_a_folder_is_filled_and_a_second_run_renders_nothing(tmp_path: Path) -> None:
    assert "2 rendered, 2 in all" in run("voice", "render", str(tmp_path / "clips")).output
    assert "0 rendered, 2 in all" in run("voice", "render", str(tmp_path / "clips")).output
    assert VoiceNotes(tmp_path / "clips").names == {PAUSE, *(clip_name(*line) for line in LINES)}


@pytest.mark.slow("ffmpeg")
@pytest.mark.usefixtures("no_settings", "few_lines")
def test_without_the_synthetic_voice_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic_voice, "PROGRAM", "no-such-program")
    output = run("voice", "render", str(tmp_path / "clips"), code=1).output
    assert "apt-get install espeak-ng" in output
    assert "2 clips are missing" in output


@pytest.mark.usefixtures("no_settings")
def test_the_lines_of_calls_are_listed_by_the_same_group() -> None:
    assert {"render", "chat-lines", "lines"} <= set(run("voice", "--help").output.split())


@pytest.mark.slow("a process")
@pytest.mark.usefixtures("no_settings")
def test_a_folder_that_is_not_complete_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_VOICE_CLIPS", str(tmp_path))
    assert f"satark voice render {tmp_path}" in run("check", "--json", code=1).output
    (tmp_path / f"{PAUSE}.ogg").write_bytes(b"")
    assert "voice_clips" not in run("check", "--json", code=1).output
