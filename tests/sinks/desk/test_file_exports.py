"""Files that leave the desk: originals need two officers, and films are warned of."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from satark.api.routing import CaseworkError, Desk
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.file_exports import file_name
from satark_desk.officers import NewOfficer, add_officer, unlock
from satark_desk.original_requests import approve, ask
from support.altering import altered
from support.desk_reading import records
from support.tips import seed_file, seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]
SECOND = "quiet mango tractor 7 violin ledger"
Unlock = Callable[[str], UnlockedDesk]


def test_a_files_name_is_neutral(services: Services, desk: FindDesk, unlocked: Unlock) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    tip = unlocked("sp").casework(services).open(seeded.number)
    names = [file_name(tip, tip.evidence[0], original=original) for original in (False, True)]
    assert names == [f"{seeded.number}-1.jpg", f"{seeded.number}-1.original.jpg"]


def test_exporting_a_video_warns_that_the_tipster_may_be_heard(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2", "3"), consents={"2": "keep"})
    seed_file(services, seeded, "1", b"photo", b"clean photo")
    seed_file(services, seeded, "2", b"film", b"clean film", muted=b"muted", mime="video/mp4", kind="video")
    seed_file(services, seeded, "3", b"film", b"silent film", mime="video/mp4", kind="video")
    result = run("evidence", "export", "sp", seeded.number, tmp_path / "out.zip", by="sp")
    assert result.exit_code == 0, result.output
    assert result.stderr == "file 2 is a video: the tipster may be heard in it. Listen before you pass it on\n"


def test_originals_need_two_different_officers(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path, unlocked: Unlock
) -> None:
    seeded, pack, sp = seed_tip(services, [desk("sp")], evidence=("1",)), tmp_path / "out.zip", unlocked("sp")
    seed_file(services, seeded, "1", b"original", b"clean")
    command = ("evidence", "export", "sp", seeded.number, pack, "--originals")
    add_officer(services, sp, NewOfficer(name="second", passphrase=SECOND, rights=("release",)))
    tip = sp.casework(services).open(seeded.number)
    ask(services, sp, tip)

    with pytest.raises(CaseworkError):
        approve(services, sp, tip, "sp-1")
    assert run(*command, by="sp").exit_code == 2
    assert not pack.exists()
    approve(services, unlock(services, "sp", "second", SECOND), tip, "sp-1")
    result = run(*command, by="sp")

    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(pack) as written:
        (name,) = (one for one in written.namelist() if one.endswith("data/1-original.jpg"))
        assert written.read(name) == b"original"
    (record,) = records(run("desk", "tips", "sp", "--json", by="sp"))
    assert "sp-1 and second" in record["messages"][0]["text"]
    assert record["messages"][0]["internal"] is True


def test_of_an_altered_file_no_pack_is_written(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    (sealed,) = (services.data_dir / "evidence").glob("*.clean.age")
    sealed.write_bytes(altered(sealed.read_bytes()))
    result = run("evidence", "export", "sp", seeded.number, tmp_path / "out.zip", by="sp")
    assert result.exit_code == 1
    assert "altered" in result.stderr
    assert not (tmp_path / "out.zip").exists()
