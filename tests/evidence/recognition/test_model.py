"""Which folders hold a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.evidence.recognition.model import ModelError, find_files


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
def test_what_a_folder_lacks_is_named(tmp_path: Path, names: list[str], missing: str) -> None:
    with pytest.raises(ModelError, match=missing):
        find_files(folder(tmp_path, *names))


def test_what_is_no_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder"):
        find_files(tmp_path / "absent")
