"""The desk's side of the recogniser, with a process that uses the real one's protocol."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from satark.api.providers import NoDraft, Transcriber
from satark.api.settings import SettingsError
from satark.evidence.recognition.model import DraftRequest
from satark.evidence.recognition.recogniser import Recogniser, recognisers_of
from satark.settings.settings import Settings

STAND_IN = (sys.executable, "-I", str(Path(__file__).with_name("stand_in.py")))
WORDS = "रात दो बजे ट्रक आता है"


def recogniser(tmp_path: Path, model: str, *, seconds: float = 60, at_once: int = 1) -> Recogniser:
    request = DraftRequest(model=f"/models/{model}", language="hi", seconds=seconds)
    return Recogniser(request, tmp_path, at_once=at_once, worker=STAND_IN)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A recording, alone in its folder, of which the stand-in hears the words."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "recording").write_text(WORDS, "utf-8")
    return folder / "recording"


def test_the_recogniser_names_its_library_and_model(tmp_path: Path) -> None:
    made = recogniser(tmp_path, "hears")
    assert isinstance(made, Transcriber)
    assert made.languages == {"hi"}
    assert made.name.startswith("sherpa-onnx ")
    assert made.name.endswith(", hears")


@pytest.mark.slow("a process")
def test_the_draft_holds_the_words_of_the_recording_and_no_log_does(tmp_path: Path, recording: Path) -> None:
    with capture_logs() as logs:
        assert recogniser(tmp_path, "hears").transcribe(recording, "hi") == WORDS
    assert logs == []


@pytest.mark.slow("a process")
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("dies", "killed"),
        ("babbles", "killed"),
        ("package", "setup"),
        ("model", "setup"),
        ("isolation", "setup"),
        ("sound", "failed"),
    ],
)
def test_the_officer_and_the_log_get_only_the_reason_for_a_missing_draft(
    tmp_path: Path, recording: Path, model: str, reason: str
) -> None:
    with capture_logs() as logs, pytest.raises(NoDraft) as refused:
        recogniser(tmp_path, model).transcribe(recording, "hi")
    assert refused.value.reason == reason
    assert [set(line) for line in logs] in ([], [{"event", "error", "log_level"}])
    assert WORDS not in str(logs) + str(refused.value)


@pytest.mark.slow("a process")
def test_a_process_that_takes_too_long_is_killed(tmp_path: Path, recording: Path) -> None:
    with pytest.raises(NoDraft, match="late"):
        recogniser(tmp_path, "hangs", seconds=2).transcribe(recording, "hi")
    with pytest.raises(ProcessLookupError):
        os.kill(int(recording.with_name("process").read_text()), 0)


@pytest.mark.slow("a process")
def test_a_second_draft_waits_for_its_turn_unless_the_machine_may_make_two(tmp_path: Path, recording: Path) -> None:
    with (tmp_path / "transcription-0.lock").open("ab") as another:
        fcntl.flock(another, fcntl.LOCK_EX)
        with pytest.raises(NoDraft, match="busy"):
            recogniser(tmp_path, "hears").transcribe(recording, "hi")
        assert recogniser(tmp_path, "hears", at_once=2).transcribe(recording, "hi") == WORDS
    assert recogniser(tmp_path, "hears").transcribe(recording, "hi") == WORDS


def test_the_settings_name_a_model_for_each_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path))
    assert recognisers_of(Settings()) == []
    monkeypatch.setenv("SATARK_TRANSCRIPTION__MODELS", '{"hi": "/models/hindi", "en": "/models/english"}')
    assert [one.languages for one in recognisers_of(Settings())] == [{"hi"}, {"en"}]
    monkeypatch.setenv("SATARK_TRANSCRIPTION__AT_ONCE", "0")
    with pytest.raises(SettingsError, match="transcription"):
        recognisers_of(Settings())
