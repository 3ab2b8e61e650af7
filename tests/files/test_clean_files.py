"""Files on this machine: each gets a clean copy under a name of its own, or a reason why there is none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.clean_files import CleanedFile, clean_files
from satark_files.limits import Limits
from satark_files.scrubbers import builtin_scrubbers
from satark_files.sniff import sniff_file
from support.evidence.markers import MARKER_BYTES

pytestmark = pytest.mark.slow("the sandbox")


async def cleaned(file: Path, folder: Path | None = None) -> CleanedFile:
    (one,) = [made async for made in clean_files([file], folder, Limits(), builtin_scrubbers())]
    return one


async def test_the_copy_lies_beside_the_file_and_the_file_stays(make: Callable[[str], Path], tmp_path: Path) -> None:
    photo = tmp_path / "photo.heic"
    photo.write_bytes(before := make("heic").read_bytes())
    made = await cleaned(photo)
    copy = tmp_path / "photo.clean.jpg"
    assert (made.mime, made.copy, made.copy_mime, made.problem) == ("image/heic", str(copy), sniff_file(copy), None)
    assert made.bytes == copy.stat().st_size
    assert MARKER_BYTES not in copy.read_bytes()
    assert photo.read_bytes() == before


@pytest.mark.slow("the sandbox")
async def test_a_file_that_can_not_be_cleaned_has_a_reason_and_no_copy(tmp_path: Path) -> None:
    contents = {
        "unknown": b"\xfe\xfd\xfc" * 9,
        "unsupported": b"%!PS-Adobe-3.0\n% Creator: Jane",
        "damaged": b"%PDF-1.7\n",
    }
    for problem, content in contents.items():
        (tmp_path / problem).write_bytes(content)
        made = await cleaned(tmp_path / problem, tmp_path)
        assert (made.problem, made.copy, made.bytes) == (problem, "", 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(contents)  # noqa: ASYNC240 - a test
