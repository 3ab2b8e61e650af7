"""The commands that pair an office with its host: the files hold only public keys, and bad files are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import update

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.remote.offices import apply_key_change
from satark.roster.chain import Proposal, close
from satark.roster.entries import KeyChange, desk_verifier
from satark.routing.desks import add_desk
from satark.services import Services
from satark.store import tables
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.roster_changes import approve

Run = Callable[..., Result]


def test_a_pairing_file_holds_no_private_key(run: Run, unlocked: Callable[[str], UnlockedDesk]) -> None:
    printed = run("desk", "pairing-file", "sp", by="sp")
    assert printed.exit_code == 0, printed.output
    assert unlocked("sp").desk.recipient in printed.stdout
    assert "SECRET" not in printed.output
    assert printed.stderr.startswith("fingerprint: ")


def test_an_office_that_joins_shows_the_hosts_fingerprint(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    printed = run("desk", "host-pairing-file")
    file.write_text(printed.stdout, "utf-8")
    joined = run("desk", "join", file)
    assert joined.exit_code == 0, joined.output
    assert printed.stderr.removeprefix("fingerprint: ").strip() in joined.stdout


def test_an_office_without_its_link_key_does_not_start(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a new one its tips would die in the broker, while the host takes them for delivered."""
    monkeypatch.setattr("satark.runtime.http_server.run_server", lambda *_: None)
    monkeypatch.setattr("satark_desk.office_commands._carrier", lambda *_: None)
    monkeypatch.setenv("SATARK_LINK_KEY_FILE", str(tmp_path / "link.key"))
    (tmp_path / "host.json").write_text(run("desk", "host-pairing-file").stdout, "utf-8")
    run("desk", "join", tmp_path / "host.json")
    (tmp_path / "link.key").unlink()
    with pytest.raises(SettingsError, match="SATARK_LINK_KEY_FILE"):
        run("desk", "serve", "--from", "memory://broker")
    assert not (tmp_path / "link.key").exists()


@pytest.mark.parametrize("command", ["join", "register"])
def test_a_file_that_is_no_pairing_file_is_refused(command: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "junk.json"
    file.write_text(json.dumps({"link": "junk"}), "utf-8")
    refused = run("desk", command, file)
    assert (refused.exit_code, "Traceback" in refused.output) == (1, False)


def test_the_host_knows_the_desk_of_a_registered_office(
    services: Services, run: Run, tmp_path: Path, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    pairing = json.loads(run("desk", "pairing-file", "sp", by="sp").stdout)
    file = tmp_path / "office.json"
    file.write_text(json.dumps({**pairing, "desk": "cantt"}), "utf-8")
    registered = run("desk", "register", file, "--level", "station", "--area", "cantt")
    assert registered.exit_code == 0, registered.output
    (desk,) = [one for one in services.desks() if one.name == "cantt"]
    assert (desk.via, desk.recipient) == ("rabbitmq", unlocked("sp").desk.recipient)
    assert run("desk", "resend", "cantt").stdout == "0 tips are sent to cantt again\n"


@pytest.mark.slow("keys of several officers")
def test_an_office_is_registered_with_a_heads_signature_and_its_link_keys_again_without_one(
    services: Services,
    run: Run,
    tmp_path: Path,
    unlocked: Callable[[str], UnlockedDesk],
    passphrase_file: Callable[[str], Path],
) -> None:
    services.write_now(lambda unit: close(unit, ()))
    for desk in ("dig", "sp"):
        unlocked(desk)
    pairing = json.loads(run("desk", "pairing-file", "sp", by="sp").stdout)
    file = tmp_path / "office.json"
    recipient, identity = new_identity()
    own = {"desk": "cantt", "recipient": recipient, "answer_verifier": desk_verifier(identity)}
    file.write_text(json.dumps({**pairing, **own}), "utf-8")
    register = ("desk", "register", file, "--level", "station", "--area", "cantt")
    registered = run(*register).stdout
    (code,) = re.findall(r"shown only once: (\S+)", registered)
    (waiting,) = services.read(Proposal.all)
    for desk in ("dig", "sp"):
        assert "with --code-file" in run("roster", "approve", desk, waiting.id, by=desk).stderr
        wrong = run("roster", "approve", desk, waiting.id, "--code-file", passphrase_file("0000-0000"), by=desk)
        assert "not the code" in wrong.stderr
        approve(services, unlocked(desk), waiting.id, code)
    assert run("desk", "resend", "cantt").stdout == "0 tips are sent to cantt again\n"
    services.write_now(lambda unit: unit.main.execute(update(tables.office).values(recipient="age1another")))
    assert run("desk", "resend", "cantt").exit_code == 1
    assert run(*register).exit_code == 0
    assert services.read(Proposal.all) == []
    assert run("desk", "resend", "cantt").exit_code == 0


def test_an_offices_new_key_waits_at_the_host_for_a_head_of_the_desk_above(
    services: Services, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    (own, old), (_, new) = new_identity(), new_identity()
    desk = Desk(name="cantt", title="cantt", level="station", area="cantt", recipient=own)
    services.write_now(lambda unit: add_desk(unit, desk, verifier=desk_verifier(old)))
    services.write_now(lambda unit: close(unit, ()))
    change = KeyChange.of("cantt", old, new)
    for _ in range(2):
        assert services.write_now(lambda unit: apply_key_change(unit, "cantt", change)) is None
    (waiting,) = services.read(Proposal.all)
    assert not approve(services, unlocked("dig"), waiting.id).done
    assert approve(services, unlocked("sp"), waiting.id).done
    assert services.write_now(lambda unit: apply_key_change(unit, "cantt", change))
    assert [one.recipient for one in services.desks() if one.name == "cantt"] == [change.recipient]
