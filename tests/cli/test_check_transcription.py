"""`satark check` says which model of `[transcription]` can make no draft, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satark.cli.check_transcription import transcription_problems
from satark.evidence.recognition.recogniser import Recogniser
from satark.settings.settings import Settings


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the Hindi model, whose files are damaged."""
    folder = tmp_path / "hindi"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"damaged")
    (folder / "tokens.txt").write_text("a 0\n")
    monkeypatch.setenv("SATARK_TRANSCRIPTION__MODELS", json.dumps({"hi": str(folder)}))
    return folder


def problems() -> list[str]:
    return [str(one) for one in transcription_problems(Settings())]


def test_without_the_section_nothing_is_missing(no_settings: None) -> None:
    assert problems() == []


@pytest.mark.slow("a process")
def test_a_damaged_model_is_named_by_its_language(model: Path) -> None:
    (problem,) = problems()
    assert "transcription.models.hi (SATARK_TRANSCRIPTION__MODELS): does not load" in problem


def test_a_file_that_is_not_there_is_named(model: Path) -> None:
    (model / "tokens.txt").unlink()
    assert "has no tokens.txt" in problems()[0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("package", "pip install 'satark[transcription]'"),
        ("setup", "pip install 'satark[evidence]'"),
        ("isolation", "can't be isolated"),
        ("late", "takes longer to load"),
        ("killed", "memory_mib"),
    ],
)
def test_every_fault_comes_with_what_to_do(model: Path, monkeypatch: pytest.MonkeyPatch, fault: str, said: str) -> None:
    del model
    monkeypatch.setattr(Recogniser, "find_fault", lambda _self: fault)
    assert said in problems()[0]
