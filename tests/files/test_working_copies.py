"""The copies of one file: made in the sandbox, and checked before anybody reads them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import MUTE_JOB, PREVIEW_JOB, Unclean
from satark_files.sniff import sniff_file
from satark_files.working_copies import WorkingCopies, parse_looks
from support.evidence.hostile import HostileScrubber, attack

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


async def test_origin_and_looks_are_read_only_from_files_that_have_them(
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
