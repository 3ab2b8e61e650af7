"""A change of the edge key: sessions, replies and receipts continue, and the old key opens nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from satark.api import hookimpl
from satark.api.routing import Desk
from satark.api.sealing import new_identity, recipient_of
from satark.api.settings import SettingsError
from satark.cli.keys import CantChange, change_edge_key
from satark.cli.main import cli
from satark.identity.edge_key import BrokenSeal, Identity
from satark.plugins.loader import Plugins
from satark.routing.desks import add_desk
from satark.runtime import compose
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import provider_messages, tables
from support.commands import run
from support.scripted import ScriptedChannel, ScriptedSink, Tipster, scripted_host
from support.store import fresh_services
from support.tipsters import ENGLISH

ANSWERS = {pattern: answer for pattern, answer in ENGLISH.items() if isinstance(answer, str)}
RECEIPT = r"\d{4} \d{4} \d{4} \d{4}"


@pytest.mark.slow("a process")
async def test_sessions_and_receipts_continue_and_nothing_is_ingested_twice(data: Path) -> None:
    settings = Settings(data_dir=data)
    channel = ScriptedChannel()
    host = scripted_host(settings, channel)
    desk = Desk(name="dig", title="DIG", level="range", area="", recipient=new_identity()[0])
    host.services.write_now(lambda unit: add_desk(unit, desk))
    async with host.running():
        assert host.ingest_runtime
        done, open_ = (Tipster(host.ingest_runtime, channel, address) for address in ("9111111111", "9222222222"))
        receipt = re.search(RECEIPT, await done.walk(ANSWERS, RECEIPT))
        assert receipt
        await open_.walk(ANSWERS, "Tell the place")
        question = open_.text
    before = (data / "edge.key").read_bytes()

    assert "values are sealed under the key" in run("keys", "rotate-edge", str(data / "new.key")).stdout
    with pytest.raises(SettingsError, match="is not the edge key"):
        scripted_host(settings, channel)  # as a node would that still has the old one
    (data / "new.key").replace(data / "edge.key")

    host = scripted_host(settings, channel)
    async with host.running():
        assert host.ingest_runtime
        old = Identity(before, host.ingest_runtime.identity.epochs)
        assert old.lookup(b"p") != host.ingest_runtime.identity.lookup(b"p")
        assert old.event("a", "1") == host.ingest_runtime.identity.event("a", "1")
        again, back = (Tipster(host.ingest_runtime, channel, one) for one in ("9222222222", "9333333333"))
        assert question.splitlines()[0] in await again.say("repeat")
        assert re.search(RECEIPT, await again.walk_on(ANSWERS, RECEIPT))
        await back.say(receipt[0])
        assert "received" in back.text.lower()


def test_a_reason_against_rotating_the_key_is_explained_in_a_sentence(data: Path) -> None:
    run("db", "upgrade")
    (data / "spool").mkdir()
    (data / "spool" / f"{1:020}-00000000.script").touch()
    assert "wait in the spool" in run("keys", "rotate-edge", str(data / "new.key"), code=1).stderr
    assert not (data / "new.key").exists()


@pytest.mark.slow("a third of a second of a processor")
def test_an_existing_file_such_as_the_present_key_is_never_overwritten(data: Path) -> None:
    run("db", "upgrade")
    assert "exists: give a new name" in run("keys", "rotate-edge", str(data / "edge.key"), code=1).stderr
    assert "can't be used" in run("keys", "rotate-edge", str(data / "nowhere" / "new.key"), code=1).stderr
    run("keys", "rotate-edge", str(data / "new.key"))


ASHA = b"a" * 32


class Installation(NamedTuple):
    """A migrated store with its keys, and a conversation in it."""

    services: Services
    settings: Settings
    identity: Identity
    new: Path
    """Path for the new key."""

    def change(self) -> int:
        return change_edge_key(self.services, self.identity, self.settings.spool_dir, self.new)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Installation]:
    settings = Settings(data_dir=tmp_path)
    services = fresh_services(tmp_path)
    identity = compose.load_identity(settings)
    compose.check_canaries(identity, services)
    row = {"id": ASHA, "draft": b"", "handle": b"", "due": b"", "ends_by": 0}
    services.write_now(lambda unit: unit.insert(tables.conversation, [row]))
    services.write_now(lambda unit: provider_messages.add(unit, [(ASHA, "17")], identity))
    yield Installation(services, settings, identity, tmp_path / "new.key")
    services.close()


def test_sealed_values_open_with_the_new_key_and_no_longer_with_the_old_one(installed: Installation) -> None:
    def message_ids(identity: Identity) -> list[str]:
        return installed.services.write_now(lambda unit: provider_messages.ids_of(unit, ASHA, identity))

    assert message_ids(installed.identity) == ["17"]
    assert installed.change() == 1
    changed = Identity(installed.new.read_bytes(), installed.identity.epochs)
    assert (message_ids(changed), message_ids(installed.identity)) == (["17"], [])
    with pytest.raises(BrokenSeal):
        installed.identity.open(changed.seal(b"plain", b"place"), b"place")


def test_the_database_accepts_the_new_key_and_no_other(installed: Installation) -> None:
    installed.change()
    epochs = installed.identity.epochs
    compose.check_canaries(Identity(installed.new.read_bytes(), epochs), installed.services)
    with pytest.raises(SettingsError, match="is not the edge key"):
        compose.check_canaries(installed.identity, installed.services)


def test_an_existing_file_is_never_replaced(installed: Installation) -> None:
    installed.new.write_bytes(b"somebody's")
    with pytest.raises(FileExistsError):
        installed.change()
    assert installed.new.read_bytes() == b"somebody's"


@pytest.mark.slow("a process")
def test_a_change_is_refused_while_another_process_has_the_database_open(
    installed: Installation, tmp_path: Path
) -> None:
    waits = "import sys; held = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", waits, str(tmp_path / "satark.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        with pytest.raises(CantChange, match="1 other connections"):
            installed.change()
        process.communicate()


def test_a_change_is_refused_while_messages_wait_in_the_spool(installed: Installation) -> None:
    installed.settings.spool_dir.mkdir(exist_ok=True)
    (installed.settings.spool_dir / f"{1:020}-00000000.script").touch()
    with pytest.raises(CantChange, match="wait in the spool"):
        installed.change()
    assert not installed.new.exists()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a configuration file, with a store and the desks sp and dig."""
    monkeypatch.chdir(tmp_path)
    services = fresh_services(tmp_path / "data")
    for name, level in (("sp", "district"), ("dig", "range")):
        desk = Desk(name=name, title=name, level=level, recipient=new_identity()[0])  # type: ignore[arg-type]
        services.write_now(lambda unit, desk=desk: add_desk(unit, desk))  # type: ignore[misc]
    services.close()
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "satark.toml"


class ReadingScript(ScriptedSink):
    """A scripted sink whose destinations read tips, except the one named carrier."""

    def reads(self, name: str) -> bool:
        return name != "carrier"


def problems(monkeypatch: pytest.MonkeyPatch, sinks: Sequence[ScriptedSink] = (), *roles: str) -> dict[str, str]:
    plugins = Plugins()
    plugins.register(SimpleNamespace(satark_sinks=hookimpl(lambda: list(sinks))), "script")
    monkeypatch.setattr("satark.runtime.compose.load_plugins", lambda _settings: plugins)
    printed = CliRunner().invoke(cli, ["check", "--json", *roles]).stdout
    found = [json.loads(line) for line in printed.splitlines()]
    return {one["setting"].removeprefix("destination "): one["message"] for one in found}


def test_keygen_makes_a_private_file_and_prints_its_public_half(tmp_path: Path) -> None:
    file = tmp_path / "cell.key"
    first = run("destination", "keygen", str(file)).stdout.strip()
    assert file.stat().st_mode & 0o777 == 0o600
    second = run("destination", "keygen", str(file)).stdout.strip()
    assert [recipient_of(line) for line in file.read_text().split()] == [second, first]
    assert [path.name for path in tmp_path.iterdir()] == ["cell.key"]
    assert "can't be written" in run("destination", "keygen", str(tmp_path / "no" / "x.key"), code=1).output


@pytest.mark.slow("a process that looks for the system's protections")
def test_check_names_the_problem_of_each_destination(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(
        'alarm_to = ["pager:operator"]\n'
        '[[destination]]\nto = "email:a"\ndesk = "nowhere"\n'
        '[[destination]]\nto = "script:b"\ndesk = "sp"\ndistricts = ["atlantis"]\nexclude_stations = ["x"]\n'
        f'[[destination]]\nto = "script:c"\ndesk = "sp"\nrecipient = "{new_identity()[0]}"\n'
        '[[destination]]\nto = "script:carrier"\ndesk = "dig"\n'
    )
    found = problems(monkeypatch, [ReadingScript()])
    assert found == {
        "alarm_to": "no loaded plugin serves pager:operator",
        "email:a: to": "no loaded plugin serves 'email'",
        "email:a: desk": "there is no desk 'nowhere', so this destination gets no tips",
        "script:b: districts": "the geography has no district 'atlantis'",
        "script:b: exclude_stations": "the geography has no station 'x'",
        "script:b: recipient": "is missing: the destination must read tips, so it needs a key of its own",
        "script:c: identity_file": "is missing: this machine runs the sink, which must read tips",
    }


def test_a_machine_without_the_worker_role_needs_neither_sinks_nor_keys(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(f'[[destination]]\nto = "script:b"\ndesk = "sp"\nrecipient = "{new_identity()[0]}"\n')
    assert problems(monkeypatch, [], "--role", "web,desk") == {}
    assert set(problems(monkeypatch)) == {"script:b: to"}


@pytest.mark.slow("a whole command")
def test_check_accepts_a_reading_destination_with_its_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipient = run("destination", "keygen", "b.key").stdout.strip()
    table = f'[[destination]]\nto = "script:b"\ndesk = "sp"\nrecipient = "{recipient}"\nidentity_file = "b.key"\n'
    config.write_text(table)
    assert problems(monkeypatch, [ReadingScript()]) == {}


@pytest.mark.slow("a whole command")
def test_a_machine_gets_the_epoch_keys_by_its_shown_code(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_services(data).close()
    has_them = "This machine has the keys.\n"
    assert run("keys", "admit").stdout == has_them
    with monkeypatch.context() as other:
        other.setenv("SATARK_EPOCH_KEY_FILE", str(tmp_path / "memory of another"))
        asked = run("keys", "admit").stdout.strip()
        assert run("keys", "admit").stdout.strip() == asked
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", asked)
    assert "no machine asks with this code" in run("keys", "admit", "AAAA-AAAA-AAAA-AAAA", code=1).output
    assert "gets the keys" in run("keys", "admit", asked).stdout
    with monkeypatch.context() as other:
        other.setenv("SATARK_EPOCH_KEY_FILE", str(tmp_path / "memory of another"))
        assert run("keys", "admit").stdout == has_them
