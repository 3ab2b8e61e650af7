"""A folder of clips is filled with recordings, else with the synthetic voice."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.speech import clips_folder
from satark.speech.clips_folder import fill_folder
from satark.speech.ogg_opus import read_packets, seconds
from satark.speech.voice_notes import PAUSE, VoiceNotes

LINES = {"en-1": ("en", "Welcome."), "hi-1": ("hi", "नमस्ते, आप कैसे हैं?")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    filled = fill_folder(LINES, folder, None, PAUSE)
    assert (filled.rendered, filled.missing) == (2, ())
    return folder


@pytest.mark.needs("espeak-ng")
def test_a_recording_takes_the_place_of_the_synthetic_voice(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "en-1.ogg").write_bytes((folder / "hi-1.ogg").read_bytes())
    filled = fill_folder({"en-1": LINES["en-1"]}, tmp_path / "out", tmp_path / "in", PAUSE)
    assert (filled.recorded, filled.rendered) == (1, 0)
    played = seconds(read_packets((tmp_path / "out" / "en-1.ogg").read_bytes()))
    assert played == pytest.approx(seconds(read_packets((folder / "hi-1.ogg").read_bytes())), abs=0.05)


@pytest.mark.slow("ffmpeg")
def test_without_the_synthetic_voice_the_missing_lines_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_folder, "can_speak", lambda _: False)
    assert fill_folder(LINES, tmp_path, None, PAUSE).missing == ("en-1", "hi-1")
    assert VoiceNotes(tmp_path).ready
