"""Previews: small, without metadata, and made of the clean copy alone."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from satark.evidence.jobs import PREVIEW_JOB
from satark.evidence.preview import LONGEST
from satark.evidence.scrubbers import builtin_scrubbers
from satark.limits import Limits
from satark.scrubber import Unclean
from satark.store.sealed_files import erase, preview_path
from satark.testing.evidence.markers import MARKER_BYTES
from satark.testing.evidence.pipeline_driver import PipelineDriver, chunks


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
    name: str, mime: str, make: Callable[[str], Path], tmp_path: Path, driver: PipelineDriver
) -> None:
    file = await driver.process(chunks(make(name).read_bytes(), 10**7))
    assert (file.problem, file.preview_mime) == (None, mime)
    assert preview_path(driver.folder, "1").exists() == bool(mime)
    if mime:
        data = driver.open(preview_path(driver.folder, "1"), file.preview_sha256)
        assert MARKER_BYTES not in data
        with Image.open(io.BytesIO(data)) as picture:
            assert max(picture.size) <= LONGEST
            assert len(picture.getexif()) == 0
    erase(driver.folder, "1")
    assert driver.files == []


def test_a_broken_copy_has_no_preview(tmp_path: Path, make: Callable[[str], Path], limits: Limits) -> None:
    (tmp_path / "cut").write_bytes(make("jpg").read_bytes()[:400])
    (previewer,) = [one for one in builtin_scrubbers() if PREVIEW_JOB in one.mimes]
    with pytest.raises(Unclean):
        previewer.scrub(tmp_path / "cut", tmp_path / "out", limits)
