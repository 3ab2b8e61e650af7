"""The recogniser's own process, isolated as on a server, with the real library and a model of two nodes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from satark.api.providers import NoDraft
from satark.evidence.recognition.model import DraftRequest
from satark.evidence.recognition.recogniser import Recogniser
from satark_files.recordings.ffmpeg import find_program

pytestmark = pytest.mark.slow("a recogniser")


def recogniser(model: Path) -> Recogniser:
    """Return one that is refused where the isolation is not whole."""
    return Recogniser(DraftRequest(model=str(model), language="hi", seconds=120), model.parent)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A minute of sound, alone in its folder."""
    path = tmp_path / "own" / "recording"
    path.parent.mkdir()
    tone = ("-f", "lavfi", "-i", "sine=frequency=300:duration=60")
    command = [find_program(), "-v", "error", *tone, "-c:a", "libopus", "-f", "ogg", str(path)]
    subprocess.run(command, check=True)
    return path


def test_every_chunk_of_a_recording_is_heard_and_no_copy_is_left(model: Path, recording: Path) -> None:
    assert recogniser(model).transcribe(recording, "hi") == "नमस्ते नमस्ते नमस्ते"
    assert list(recording.parent.iterdir()) == [recording]


def test_a_file_without_sound_gives_no_draft(model: Path, recording: Path) -> None:
    recording.write_bytes(b"OggS" + bytes(200))
    with pytest.raises(NoDraft, match="failed"):
        recogniser(model).transcribe(recording, "hi")


def test_a_model_that_loads_has_no_fault(model: Path) -> None:
    assert recogniser(model).find_fault() is None


def test_a_damaged_model_is_reported(model: Path) -> None:
    (model / "model.onnx").write_bytes(b"damaged")
    assert recogniser(model).find_fault() == "model"


def test_nothing_is_transcribed_if_the_system_forbids_a_part_of_the_isolation(model: Path, recording: Path) -> None:
    connected = (
        "from satark.evidence.recognition import recogniser_process as it;"
        " it.isolation.leave_network = lambda: False; it.main()"
    )
    request = DraftRequest(model=str(model), language="hi", seconds=120)
    with pytest.raises(NoDraft, match="setup"):
        Recogniser(request, model.parent, worker=(sys.executable, "-I", "-c", connected)).transcribe(recording, "hi")
