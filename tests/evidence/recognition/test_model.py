"""Folders that hold a model, and folders that don't."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from satark.evidence.recognition.model import CHUNK_SECONDS, RATE, ModelError, chunks, find_files


def folder(tmp_path: Path, *names: str) -> Path:
    for name in names:
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["tokens.txt", "model.onnx", "model.int8.onnx"], {"ctc": "model.int8.onnx"}),
        (
            ["small-tokens.txt", "small-encoder.onnx", "small-encoder.int8.onnx", "small-decoder.onnx"],
            {"encoder": "small-encoder.int8.onnx", "decoder": "small-decoder.onnx"},
        ),
        (
            ["tokens.txt", "encoder-epoch-9.onnx", "decoder-epoch-9.onnx", "joiner-epoch-9.onnx"],
            {
                "encoder": "encoder-epoch-9.onnx",
                "decoder": "decoder-epoch-9.onnx",
                "joiner": "joiner-epoch-9.onnx",
            },
        ),
    ],
)
def test_the_files_of_published_models_are_found(tmp_path: Path, names: list[str], found: dict[str, str]) -> None:
    files = find_files(folder(tmp_path, *names))
    for part in ("ctc", "encoder", "decoder", "joiner"):
        assert Path(getattr(files, part)).name == found.get(part, "")
    assert Path(files.tokens).name == names[0]


@pytest.mark.parametrize(
    ("names", "missing"),
    [(["model.onnx"], "has no tokens.txt"), (["tokens.txt", "encoder.onnx"], "has neither model.onnx nor")],
)
def test_a_missing_file_of_a_model_is_named(tmp_path: Path, names: list[str], missing: str) -> None:
    with pytest.raises(ModelError, match=missing):
        find_files(folder(tmp_path, *names))


def test_a_path_that_is_not_a_folder_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        find_files(tmp_path / "absent")


@pytest.mark.slow("half a second of a processor")
@pytest.mark.parametrize("seconds", [0, 0.1, CHUNK_SECONDS, CHUNK_SECONDS + 0.1, 60, 95.5])
def test_the_chunks_have_all_samples_and_none_is_too_long(seconds: float) -> None:
    sound = array("h", (n * 7919 % 20_011 - 10_005 for n in range(int(seconds * RATE))))
    cut = list(chunks(sound))
    assert sum(cut, array("h")) == sound
    assert all(0 < len(chunk) <= CHUNK_SECONDS * RATE for chunk in cut)


def test_a_recording_is_cut_in_a_pause() -> None:
    sound = array("h", [9000]) * (40 * RATE)
    pause = range(22 * RATE, 23 * RATE)
    sound[pause.start : pause.stop] = array("h", [10]) * len(pause)
    assert len(next(chunks(sound))) in pause
