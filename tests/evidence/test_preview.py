"""Previews: small, without metadata, and made of the clean copy alone."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from PIL import Image

from satark.evidence import pipeline
from satark.evidence.pipeline import ProcessedFile
from satark.evidence.preview import LONGEST, PREVIEW_JOB
from satark.evidence.sandbox.sandbox import Sandbox
from satark.evidence.scrubbers import builtin_scrubbers
from satark.identity.sealing import new_identity
from satark.limits import Limits
from satark.scrubber import Unclean
from satark.store.sealed_files import erase, open_sealed, preview_path
from satark.testing.evidence.markers import MARKER_BYTES

RECIPIENT, IDENTITY = new_identity()


async def in_one_chunk(data: bytes) -> AsyncIterator[bytes]:
    yield data


Process: TypeAlias = Callable[[Path, Path], Awaitable[ProcessedFile]]


@pytest.fixture
def process(sandbox: Sandbox, workspace: Path, limits: Limits) -> Process:
    """Process a file, sealed in a folder as `1`."""

    def process_file(source: Path, folder: Path) -> Awaitable[ProcessedFile]:
        stream = in_one_chunk(source.read_bytes())
        return pipeline.process_file(
            stream, recipient=RECIPIENT, folder=folder, name="1", declared_mime="", limits=limits,
            sandbox=sandbox, workspace=workspace,
        )  # fmt: skip

    return process_file


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("jpg", "image/jpeg"),
        ("png-palette", "image/jpeg"),
        ("png-gray16", "image/jpeg"),
        ("webp-animated", "image/jpeg"),
        ("heic", "image/jpeg"),
        ("mp4", "image/jpeg"),
        ("webm", "image/jpeg"),
        ("ts", "image/jpeg"),
        ("opus", "image/png"),
        ("amr", "image/png"),
        ("wav", "image/png"),
        ("pdf", "image/jpeg"),
        ("txt", ""),
        ("docx", ""),
    ],
)
async def test_types_that_can_be_shown_get_a_preview(
    name: str, mime: str, make: Callable[[str], Path], tmp_path: Path, process: Process
) -> None:
    file = await process(make(name), tmp_path / "sealed")
    assert (file.problem, file.preview_mime) == (None, mime)
    assert preview_path(tmp_path / "sealed", "1").exists() == bool(mime)
    if mime:
        data = b"".join(open_sealed(preview_path(tmp_path / "sealed", "1"), IDENTITY, tmp_path, file.preview_sha256))
        assert MARKER_BYTES not in data
        with Image.open(io.BytesIO(data)) as picture:
            assert max(picture.size) <= LONGEST
            assert len(picture.getexif()) == 0
    erase(tmp_path / "sealed", "1")
    assert list((tmp_path / "sealed").iterdir()) == []


def test_a_broken_copy_has_no_preview(tmp_path: Path, make: Callable[[str], Path], limits: Limits) -> None:
    (tmp_path / "cut").write_bytes(make("jpg").read_bytes()[:400])
    (previewer,) = [one for one in builtin_scrubbers() if PREVIEW_JOB in one.mimes]
    with pytest.raises(Unclean):
        previewer.scrub(tmp_path / "cut", tmp_path / "out", limits)
