"""The copies of one file: made in the sandbox, and checked before anybody reads them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import MUTE_JOB, PREVIEW_JOB, Unclean
from satark_files.sniff import sniff_file
from satark_files.working_copies import CleanedFile, WorkingCopies, clean_files, parse_looks
from support.evidence.hostile import HostileScrubber, attack
from support.evidence.markers import MARKER_BYTES

pytestmark = pytest.mark.slow("the sandbox")


@pytest.mark.parametrize("jobs", [(), (PREVIEW_JOB,)])
async def test_a_preview_is_made_with_the_clean_copy_or_after_it(
    jobs: tuple[str, ...], make: Callable[[str], Path], tmp_path: Path, sandbox: Sandbox, limits: Limits
) -> None:
    (source := tmp_path / "original").write_bytes(make("jpg").read_bytes())
    copies = WorkingCopies(tmp_path, limits, sandbox)
    assert await copies.make_clean(source, "image/jpeg", jobs) == "image/jpeg" == sniff_file(copies.clean)
    assert copies.path_of(PREVIEW_JOB).exists() is bool(jobs)
    assert await copies.derive(PREVIEW_JOB) == sniff_file(copies.path_of(PREVIEW_JOB))


async def test_origin_and_looks_are_read_only_from_files_that_can_have_them(
    make: Callable[[str], Path], tmp_path: Path, sandbox: Sandbox, limits: Limits
) -> None:
    (source := tmp_path / "original").write_bytes(make("jpg").read_bytes())
    copies = WorkingCopies(tmp_path, limits, sandbox)
    await copies.make_clean(source, "image/jpeg")
    origin = await copies.read_origin(source)
    assert origin is not None
    assert origin.latitude is not None
    assert await copies.read_origin(copies.clean) is None
    assert len(await copies.read_looks()) == 16
    with pytest.raises(Unclean):
        await copies.derive(MUTE_JOB)


@pytest.mark.slow("the sandbox")
@pytest.mark.parametrize("attack_name", ["link", "nothing", "lie"])
async def test_a_copy_that_is_a_link_missing_or_of_another_type_is_refused(
    attack_name: str, tmp_path: Path, limits: Limits
) -> None:
    (secret := tmp_path / "secret").write_text("plain text of ours")
    (folder := tmp_path / "folder").mkdir()
    source = folder / "original"
    async with Sandbox([HostileScrubber()]) as hostile:
        assert await attack(hostile, folder, "copy text", limits) == "text", "the scrubber itself works"
        (folder / "clean").unlink()
        source.write_text(f"{attack_name} {secret}")
        with pytest.raises(Unclean, match="crashed"):
            await WorkingCopies(folder, limits, hostile).make_clean(source, "text/plain")


@pytest.mark.parametrize("answer", [b"", b"0" * 15, b"0" * 17, b"../../etc/passwd", b"00000000000000zz"])
def test_an_answer_that_is_not_64_bits_is_refused(answer: bytes) -> None:
    with pytest.raises(Unclean):
        parse_looks(answer)


async def cleaned(file: Path, folder: Path | None = None) -> CleanedFile:
    (one,) = [made async for made in clean_files([file], folder, Limits(), builtin_scrubbers())]
    return one


async def test_the_copy_is_beside_the_file_and_the_file_stays(make: Callable[[str], Path], tmp_path: Path) -> None:
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
