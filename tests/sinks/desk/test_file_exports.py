"""Exported files: their names, which officers get originals, and which files are never overwritten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from satark.api.routing import Desk
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from support.altering import altered
from support.desk_reading import records
from support.tips import seed_file, seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]
PASSPHRASES = {"sp": "sp passphrase 1", "dig": "dig passphrase 1", "lanka": "lanka passphrase 1"}


def test_clean_copies_are_written_under_neutral_names(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"original", b"clean")
    seed_file(services, seeded, "2", b"unknown", mime="application/x-strange", problem="unknown kind")
    folder = tmp_path / "out" / "deep"
    result = run("desk", "evidence", "sp", seeded.number, folder, by="sp")
    assert result.exit_code == 0, result.output
    assert [path.name for path in folder.iterdir()] == [f"{seeded.number}-1.jpg"]
    written = folder / f"{seeded.number}-1.jpg"
    assert written.read_bytes() == b"clean"
    assert written.stat().st_mode & 0o077 == 0
    assert str(written) in result.stdout


@pytest.mark.parametrize("command", [("desk", "evidence"), ("evidence", "export")])
def test_exporting_a_video_warns_that_the_tipster_may_be_heard(
    command: tuple[str, str], services: Services, run: Run, desk: FindDesk, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2", "3"), consents={"2": "keep"})
    seed_file(services, seeded, "1", b"photo", b"clean photo")
    seed_file(services, seeded, "2", b"film", b"clean film", muted=b"muted", mime="video/mp4", kind="video")
    seed_file(services, seeded, "3", b"film", b"silent film", mime="video/mp4", kind="video")
    result = run(*command, "sp", seeded.number, tmp_path / "out", by="sp")
    assert result.exit_code == 0, result.output
    assert result.stderr == "file 2 is a video: the tipster may be heard in it. Listen before you pass it on\n"


def test_originals_need_two_different_officers(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path, passphrase_file: Callable[[str], Path]
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    first, second = passphrase_file(PASSPHRASES["sp"]), passphrase_file("another passphrase")
    command = ("desk", "evidence", "sp", seeded.number, tmp_path / "out", "--originals")
    assert run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp").exit_code == 0

    assert run(*command, by="sp").exit_code == 2
    assert run(*command, "--second-passphrase-file", first, by="sp").exit_code == 1
    assert not (tmp_path / "out").exists()
    result = run(*command, "--second-passphrase-file", second, by="sp")

    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / f"{seeded.number}-1.original.jpg").read_bytes() == b"original"
    (record,) = records(run("desk", "tips", "sp", "--json", by="sp"))
    assert "sp-1 and second" in record["messages"][0]["text"]
    assert record["messages"][0]["internal"] is True


def test_an_altered_file_is_not_written(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    (sealed,) = (services.data_dir / "evidence").glob("*.clean.age")
    sealed.write_bytes(altered(sealed.read_bytes()))
    result = run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp")
    assert result.exit_code == 1
    assert "altered" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_planted_link_is_replaced_and_not_followed(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    victim, folder = tmp_path / "victim", tmp_path / "out"
    victim.write_bytes(b"untouched")
    folder.mkdir()
    written = folder / f"{seeded.number}-1.jpg"
    written.symlink_to(victim)
    assert run("desk", "evidence", "sp", seeded.number, folder, by="sp").exit_code == 0
    assert (victim.read_bytes(), written.is_symlink(), written.read_bytes()) == (b"untouched", False, b"clean")
    assert [path.name for path in folder.iterdir()] == [written.name]


def test_a_link_in_place_of_the_folder_is_refused(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    result = run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp")
    assert (result.exit_code, str(tmp_path / "out") in result.stderr) == (1, True)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_large_file_is_written_completely(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    clean = bytes(range(256)) * 4096
    seed_file(services, seeded, "1", b"original", clean)
    assert run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp").exit_code == 0
    assert (tmp_path / "out" / f"{seeded.number}-1.jpg").read_bytes() == clean


def test_an_export_has_only_the_transcript_of_a_tipsters_voice(
    services: Services, run: Run, desk: FindDesk, unlocked: Callable[[str], UnlockedDesk], tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"voice", b"clean", disguised=b"x", kind="voice", mime="audio/ogg", role="what")
    casework = unlocked("sp").casework(services)
    casework.transcribe(casework.open(seeded.number), "1", "रात को")
    result = run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp")
    (written,) = (tmp_path / "out").iterdir()
    assert (written.name, written.read_text("utf-8")) == (f"{seeded.number}-1.transcript.txt", "रात को")
    assert "heard at the desk only" in result.stderr
    (record,) = records(run("desk", "tips", "sp", "--json", by="sp"))
    (file,) = record["evidence"]
    assert (file["own_voice"], file["transcript"], file["kind"]) == (True, "रात को", "voice")
