"""Clips are made from recordings or by the synthetic voice; a voice note is a sequence of clips."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest

from satark.api.prompt import VoiceNote
from satark.speech import voice_notes
from satark.speech import voice_notes as synthetic_voice
from satark.speech.ogg_opus import read_packets, seconds
from satark.speech.voice_notes import PAUSE, SyntheticVoiceError, VoiceNotes, can_speak, fill_folder, speak

LINES = {"en-1": ("en", "Welcome."), "hi-1": ("hi", "नमस्ते, आप कैसे हैं?")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    filled = fill_folder(LINES, folder, None)
    assert (filled.rendered, filled.missing) == (2, ())
    return folder


@pytest.mark.needs("espeak-ng")
def test_a_note_plays_as_long_as_its_clips_together(folder: Path) -> None:
    notes = VoiceNotes(folder)
    each = [seconds(read_packets((folder / f"{name}.ogg").read_bytes())) for name in ("en-1", PAUSE, "hi-1")]
    whole = notes.make(VoiceNote(("en-1", PAUSE, "hi-1")))
    assert seconds(read_packets(whole)) == pytest.approx(sum(each))
    assert min(each) > 0.25


@pytest.mark.needs("espeak-ng")
def test_words_without_a_clip_are_read_by_the_synthetic_voice(folder: Path) -> None:
    note = VoiceNote(("en-1", ("en", "The gang was arrested.")))
    assert seconds(read_packets(VoiceNotes(folder).make(note))) > seconds(
        read_packets((folder / "en-1.ogg").read_bytes())
    )


def test_without_clips_nothing_is_ready_and_a_lost_clip_is_left_out(tmp_path: Path) -> None:
    assert not VoiceNotes(None).ready
    assert not VoiceNotes(tmp_path).ready
    (tmp_path / "en-1.ogg").write_bytes(b"broken")
    assert VoiceNotes(tmp_path).make(VoiceNote(("en-1", "en-9"))) == b""


@pytest.mark.needs("espeak-ng")
def test_a_recording_takes_the_place_of_the_synthetic_voice(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "en-1.ogg").write_bytes((folder / "hi-1.ogg").read_bytes())
    filled = fill_folder({"en-1": LINES["en-1"]}, tmp_path / "out", tmp_path / "in")
    assert (filled.recorded, filled.rendered) == (1, 0)
    played = seconds(read_packets((tmp_path / "out" / "en-1.ogg").read_bytes()))
    assert played == pytest.approx(seconds(read_packets((folder / "hi-1.ogg").read_bytes())), abs=0.05)


@pytest.mark.slow("ffmpeg")
def test_without_the_synthetic_voice_the_missing_lines_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_notes, "can_speak", lambda _: False)
    assert fill_folder(LINES, tmp_path, None).missing == ("en-1", "hi-1")
    assert VoiceNotes(tmp_path).ready


@pytest.mark.needs("espeak-ng")
@pytest.mark.parametrize(
    ("language", "words"), [("hi", "रात में ट्रक से गायें ले जाई जाती हैं।"), ("en", "They come at night.")]
)
def test_a_transcript_is_read_aloud(language: str, words: str) -> None:
    assert can_speak(language)
    with wave.open(io.BytesIO(speak(words, language))) as sound:
        assert sound.getframerate() >= 16_000
        assert len(sound.readframes(1_000_000)) > 20_000


@pytest.mark.needs("espeak-ng")
def test_the_same_words_sound_the_same_whoever_spoke_them() -> None:
    assert speak("They come at night.", "en") == speak("They come at night.", "en")


def test_without_the_program_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic_voice, "PROGRAM", "no-such-program")
    assert not can_speak("hi")
    with pytest.raises(SyntheticVoiceError) as caught:
        speak("planted words", "hi")
    assert "planted" not in str(caught.value)
