"""`satark destination`, and what `satark check` reports about destinations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from satark.api import hookimpl
from satark.api.routing import Desk
from satark.api.sealing import new_identity, recipient_of
from satark.cli.main import cli
from satark.plugins.loader import Plugins
from satark.routing.desks import add_desk
from support.commands import run
from support.scripted import ScriptedSink
from support.store import fresh_services


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
def test_check_names_what_is_wrong_with_each_destination(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_check_accepts_a_reading_destination_with_its_key(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipient = run("destination", "keygen", "b.key").stdout.strip()
    table = f'[[destination]]\nto = "script:b"\ndesk = "sp"\nrecipient = "{recipient}"\nidentity_file = "b.key"\n'
    config.write_text(table)
    assert problems(monkeypatch, [ReadingScript()]) == {}
