"""`satark evidence export` writes a pack that can be verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satark.api.routing import Desk
from satark.cli.main import cli
from satark.services import Services
from support.tips import seed_file, seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]


def test_a_pack_is_exported_and_verified(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path, passphrase_file: Callable[[str], Path]
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"original", b"clean")
    seed_file(services, seeded, "2", b"voice", b"clean", disguised=b"x", kind="voice", mime="audio/ogg", role="what")
    second = passphrase_file("another passphrase")
    run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp")
    command = ("evidence", "export", "sp", seeded.number, tmp_path / "pack.zip", "--originals", "--name", "R. Singh")
    assert run(*command, by="sp").exit_code == 2
    result = run(*command, "--second-passphrase-file", second, by="sp")
    assert result.exit_code == 0, result.output
    assert "2 files, certificates in Hindi and English" in result.stdout
    manifest = result.stdout.partition("manifest ")[2][:64]
    intact = CliRunner().invoke(cli, ["evidence", "verify", str(tmp_path / "pack.zip"), "--manifest", manifest])
    assert (intact.exit_code, "is intact: 2 files" in intact.stdout) == (3, True)
    assert "NOT VERIFIED: whose key is it?" in intact.stdout
    altered = bytearray((tmp_path / "pack.zip").read_bytes())
    altered[altered.index(b"original", altered.index(b"original.jpg") + 8)] ^= 1
    (tmp_path / "pack.zip").write_bytes(altered)
    verdict = CliRunner().invoke(cli, ["evidence", "verify", str(tmp_path / "pack.zip"), "--json"])
    assert verdict.exit_code == 1
    report = json.loads(verdict.stdout)
    assert not report["good"]
    assert "data/1-original.jpg" in {problem["part"] for problem in report["problems"]}


def test_another_desk_countersigns_a_pack(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    pack, stated = tmp_path / "pack.zip", tmp_path / "pack.zip.dig.json"
    assert run("evidence", "export", "sp", seeded.number, pack, by="sp").exit_code == 0
    own = run("evidence", "countersign", "sp", pack, by="sp")
    assert (own.exit_code, "it takes another one" in own.output) == (1, True)
    assert run("evidence", "countersign", "dig", pack, by="dig").exit_code == 0
    verify = ["evidence", "verify", str(pack), "--countersignature", str(stated)]
    intact = CliRunner().invoke(cli, verify)
    assert (intact.exit_code, "by the desk dig" in intact.stdout) == (3, True)
    (tmp_path / "roster.jsonl").write_bytes(b"\n".join(services.read_keys(services.roster.stored_entries)))
    known = CliRunner().invoke(cli, [*verify, "--roster", str(tmp_path / "roster.jsonl")])
    assert (known.exit_code, known.stdout.splitlines()[-1]) == (0, "VERIFIED")
    stated.write_bytes(stated.read_bytes().replace(b"2", b"1", 1))
    assert "the countersignature: " in CliRunner().invoke(cli, verify).stdout
    pack.write_bytes(pack.read_bytes()[:-1])
    altered = run("evidence", "countersign", "dig", pack, by="dig")
    assert (altered.exit_code, "the pack was altered" in altered.output) == (1, True)


def test_core_and_desk_share_the_command_group(run: Run) -> None:
    shown = CliRunner().invoke(cli, ["evidence", "--help"])
    assert {"export", "verify"} <= set(shown.stdout.split())


def test_a_pack_can_be_verified_without_any_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["not_installed"]')
    (tmp_path / "pack.zip").write_bytes(b"no pack")
    result = CliRunner().invoke(cli, ["evidence", "verify", str(tmp_path / "pack.zip")])
    assert result.exit_code == 1
    assert "can't be read as a pack" in result.stdout
