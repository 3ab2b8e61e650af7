"""ffmpeg runs without an environment, and its failures become reasons."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from satark_files.recordings import ffmpeg
from satark_files.recordings.ffmpeg import CONTAINERS, branch, container_of, find_program, run
from satark_files.scrubber import Unclean

pytestmark = pytest.mark.slow("ffmpeg")


def program(folder: Path, script: str) -> str:
    """A program that stands in for ffmpeg."""
    path = folder / "ffmpeg"
    path.write_text(f"#!{sys.executable} -I\nimport os, signal, sys\n{script}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.slow("ffmpeg")
def test_ffmpeg_gets_no_environment_and_may_read_only_files_and_pipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATARK_SECRET", "x")
    shown = program(tmp_path, "print(sorted(set(os.environ) - {'LC_CTYPE'}), sys.argv[1:])")
    output, _ = run(shown, "error", "-i", "file")
    expected = ["-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe", "-v", "error", "-y", "-i", "file"]
    assert output.decode().strip() == f"[] {expected}"


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize(
    ("script", "reason"), [("sys.exit(3)", "damaged"), ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed")]
)
def test_a_failure_means_damaged_and_a_signal_means_crashed(script: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Unclean, match=reason):
        run(program(tmp_path, script), "error")


def test_a_type_without_sound_or_picture_has_no_container() -> None:
    assert container_of("audio/ogg") is CONTAINERS["audio/ogg"]
    with pytest.raises(Unclean, match="unsupported"):
        container_of("text/plain")


@pytest.mark.slow("ffmpeg")
def test_branches_escape_their_targets(tmp_path: Path) -> None:
    assert branch("ogg", "a|b's", "-brand", "mp42") == r"[f=ogg:brand=mp42]a\|b\'s"
    targets = tmp_path / "it's|one", tmp_path / "two"
    command = ("-f", "lavfi", "-i", "sine=d=0.2", "-map", "0:a", "-c:a", "pcm_s16le")
    run(find_program(), "error", *command, *ffmpeg.write_branches(*(branch("wav", str(one)) for one in targets)))
    assert targets[0].read_bytes() == targets[1].read_bytes() != b""
