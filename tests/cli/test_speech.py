"""`satark speech`: the model to get is named, and the errors of a recogniser are counted word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.prompt import clip_name
from satark.cli import speech
from satark.cli import speech as voice
from satark.runtime import compose
from satark.speech import voice_notes as synthetic_voice
from satark.speech.voice_notes import PAUSE, VoiceNotes
from support.commands import run

pytestmark = pytest.mark.usefixtures("no_settings")


class Recogniser:
    name = "parrot 1.0"
    languages = frozenset({"hi"})

    def transcribe(self, recording: Path, language: str) -> str:
        assert [language, *recording.parent.iterdir()] == ["hi", recording], "it is alone in its folder"
        return recording.read_text("utf-8")


@pytest.fixture
def pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recordings; the recogniser hears what each holds."""
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    folder = tmp_path / "pairs"
    folder.mkdir()
    said = {"a": ("रात को बालू खनन होता है।", "रात को बालू खनन होता है"), "b": ("घर के पीछे शराब", "घर पीछे शराब बिकती")}
    for name, (text, heard) in said.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
        (folder / f"{name}.ogg").write_text(heard, "utf-8")
    (folder / "alone.ogg").touch()
    return folder


def test_the_guide_names_the_file_its_licence_size_and_hash() -> None:
    said = run("speech", "model").output
    assert all(part in said for part in (speech.ARCHIVE, speech.SHA256, "k2-fsa/sherpa-onnx", "MIT", "639,387,718"))


def test_wrong_missing_and_added_words_are_counted(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "load_transcribers", lambda *_: [Recogniser()])
    lines = run("speech", "measure", str(pairs)).output.splitlines()
    assert lines == ["   0.0% (0 of 6)  a.ogg", "  50.0% (2 of 4)  b.ogg", "  20.0% (2 of 10)  in all, by parrot 1.0"]


def test_without_a_recogniser_the_command_tells_how_to_get_one(pairs: Path, tmp_path: Path) -> None:
    assert "satark speech model" in run("speech", "measure", str(pairs), code=1).output
    assert "no recording" in run("speech", "measure", str(tmp_path), code=1).output


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
def test_without_the_synthetic_voice_the_command_tells_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic_voice, "PROGRAM", "no-such-program")
    output = run("voice", "render", str(tmp_path / "clips"), code=1).output
    assert "apt-get install espeak-ng" in output
    assert "2 clips are missing" in output


@pytest.mark.usefixtures("no_settings")
def test_the_lines_of_calls_are_listed_by_the_same_group() -> None:
    assert {"render", "chat-lines", "lines"} <= set(run("voice", "--help").output.split())


@pytest.mark.slow("a process")
@pytest.mark.usefixtures("no_settings")
def test_an_incomplete_folder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_VOICE_CLIPS", str(tmp_path))
    assert f"satark voice render {tmp_path}" in run("check", "--json", code=1).output
    (tmp_path / f"{PAUSE}.ogg").write_bytes(b"")
    assert "voice_clips" not in run("check", "--json", code=1).output


@pytest.mark.needs("espeak-ng")
@pytest.mark.usefixtures("no_settings", "few_lines")
def test_the_lines_of_calls_are_rendered_too(tmp_path: Path) -> None:
    call = ("hi", "बीप के बाद बोलें।")
    (tmp_path / "calls.tsv").write_text(f"{clip_name(*call)}\t{call[1]}\n")
    output = run("voice", "render", str(tmp_path / "clips"), "--lines", str(tmp_path / "calls.tsv")).output
    assert "3 rendered, 3 in all" in output
    assert clip_name(*call) in VoiceNotes(tmp_path / "clips").names
