"""`satark backup`, `restore` and `verify`: used from the commands alone, with their messages about missing things."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from satark.cli.main import cli
from satark.store.sealed_files import form_name
from support.backups import OPERATOR, RECIPIENT, Place, make_place
from support.commands import run
from support.desks import SeededDesk
from support.tips import seed_file, seed_tip

FIRST = "1"


@pytest.fixture
def place(data: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An installation with one tip, and an operator's settings."""
    monkeypatch.setenv("SATARK_PLUGINS", '["desk"]')
    monkeypatch.setenv("SATARK_BACKUP_RECIPIENTS", f'["{RECIPIENT}"]')
    place = make_place(data)
    desk = SeededDesk(place.services, "dig", "range")
    seeded = seed_tip(place.services, [desk.desk], evidence=(FIRST,))
    seed_file(place.services, seeded, FIRST, b"original", b"clean")
    place.services.close()
    return place


@pytest.fixture
def operator(tmp_path: Path) -> str:
    file = tmp_path / "operator.key"
    file.write_text(f"# created: 2026-11-26\n# public key: {RECIPIENT}\n{OPERATOR}\n")
    return str(file)


@pytest.fixture(params=["folder", "bucket"])
def to(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The folder for backups."""
    return str(request.getfixturevalue("bucket") if request.param == "bucket" else tmp_path / "backups")


@pytest.mark.slow("a whole backup")
def test_a_backup_is_verified_and_restored_at_another_machine(
    place: Place, operator: str, to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = run("backup", to).stdout
    assert "1 tip, 1 file, 0 of the spool; 2 sealed copies were new" in printed
    assert "edge key" in printed
    assert not Path("s3:").exists(), "a bucket is no folder of this machine"
    assert "has all its parts; whether somebody wrote another in its place" in run("verify", to).stdout
    assert "✓ nothing is missing" in run("verify", to, "--identity-file", operator).stdout
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "new"))
    assert "SATARK_NAME_KEY_FILE" in run("restore", to, "--identity-file", operator, code=78).stderr
    (tmp_path / "new").mkdir(mode=0o700)
    for key in ("edge.key", "name.key"):
        shutil.copy(place.settings.core.data_dir / key, tmp_path / "new" / key)
    assert "restored: 1 tip, 2 sealed files" in run("restore", to, "--identity-file", operator).stdout
    assert "not empty" in run("restore", to, "--identity-file", operator, code=1).stderr
    assert "intact" in run("audit", "verify").stdout
    assert "the roster is intact: 1 entry" in run("roster", "verify").stdout, "no other machine gives its head"


def test_a_backup_without_a_recipient_names_the_setting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SATARK_BACKUP_RECIPIENTS")
    assert "SATARK_BACKUP_RECIPIENTS" in run("backup", "somewhere", code=78).stderr
    assert "age recipient" in run("backup", "somewhere", "--recipient", "age1nonsense", code=1).stderr


@pytest.mark.slow("a process")
def test_check_names_rows_that_one_store_has_and_another_lacks(place: Place) -> None:
    lost = next((place.settings.core.data_dir / "evidence").glob("*.original.age"))
    name = lost.name.partition(".")[0]
    assert "✓ nothing is wrong" in run("check").stdout
    (place.settings.core.data_dir / "evidence" / form_name(name, "original")).unlink()
    assert f"files that the store of files lacks or has in another size: 1 ({name})" in run("check", code=1).stdout


@pytest.mark.slow("a process")
def test_check_names_key_files_that_do_not_belong_to_the_databases(place: Place) -> None:
    for name, setting in (("edge.key", "SATARK_EDGE_KEY_FILE"), ("name.key", "SATARK_NAME_KEY_FILE")):
        file = place.settings.core.data_dir / name
        right = file.read_bytes()
        file.write_bytes(b"?" * 32)
        assert f"({setting}): is not the" in run("check", code=1).stdout
        file.write_bytes(right)
    assert "nothing is wrong" in run("check").stdout


def damaged(content: bytes) -> Iterator[bytes]:
    """Yield a file as a failing disk may leave it."""
    half = len(content) // 2
    yield b""
    yield content[:half]
    yield content[:-1]
    yield content[:half] + b"\xff\x00" + content[half + 2 :]
    yield b'{"a": 1}'


@pytest.mark.full("every file of a backup")
def test_every_damaged_file_of_a_backup_is_reported_in_a_sentence(
    place: Place, operator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, new = tmp_path / "backups", tmp_path / "new"
    run("backup", str(to))
    commands = (("verify", str(to)), ("restore", str(to), "--identity-file", operator))
    missed = []
    for file in sorted(path for path in to.rglob("*") if path.is_file() and path.name != ".lock"):
        content = file.read_bytes()
        for number, wrong in enumerate(damaged(content)):
            file.write_bytes(wrong)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(mode=0o700)
            for key in ("edge.key", "name.key"):
                shutil.copy(place.settings.core.data_dir / key, new / key)
            with monkeypatch.context() as elsewhere:
                elsewhere.setenv("SATARK_DATA_DIR", str(new))
                for command in commands:
                    error = CliRunner().invoke(cli, command).exception
                    if error is not None and not isinstance(error, SystemExit):
                        missed.append((file.name, number, command[0], repr(error)))
        file.write_bytes(content)
    assert missed == []
