"""`satark speech`: the model's hash is checked, and the errors of a recogniser are counted word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.cli import speech
from satark.runtime import compose
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


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"model")
    right = "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"
    assert "is right" in run("speech", "verify", str(tmp_path / "model"), "--sha256", right.upper()).output
    assert right in run("speech", "verify", str(tmp_path / "model"), code=1).output


def test_wrong_missing_and_added_words_are_counted(pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "load_transcribers", lambda *_: [Recogniser()])
    lines = run("speech", "measure", str(pairs)).output.splitlines()
    assert lines == ["   0.0% (0 of 6)  a.ogg", "  50.0% (2 of 4)  b.ogg", "  20.0% (2 of 10)  in all, by parrot 1.0"]


def test_without_a_recogniser_it_says_how_to_get_one(pairs: Path, tmp_path: Path) -> None:
    assert "satark speech model" in run("speech", "measure", str(pairs), code=1).output
    assert "no recording" in run("speech", "measure", str(tmp_path), code=1).output
