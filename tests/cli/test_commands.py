"""The commands: what they say, how they end, and never a traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from satark.cli.main import cli
from satark.services import Services
from satark.store import breakers, tables
from satark.testing.store import fresh_services

ID = b"0123456789abcdef"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, in a working folder without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SATARK_PLUGINS", '["whatsapp"]')
    return tmp_path / "data"


def run(*arguments: str, code: int = 0, text: str | None = None) -> Result:
    result = CliRunner().invoke(cli, arguments, input=text)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def store(data: Path, *states: str) -> Services:
    """Make the databases, with a delivery in each of these states."""
    services = fresh_services(data)
    for n, state in enumerate(states):
        row = {"id": bytes([n]) + ID[1:], "tip": "t", "destination": f"desk:d{n}", "revision": 1, "state": state}
        rest = {"attempts": 3, "due_at": 0, "reason": "the office is shut"}
        services.write_now(lambda unit, row={**row, **rest}: unit.insert(tables.delivery, [row]))  # type: ignore[misc]
    return services


@pytest.fixture
def found(data: Path) -> list[dict[str, str]]:
    """What `check` finds wrong with an empty configuration."""
    return [json.loads(line) for line in run("check", "--json", code=1).stdout.splitlines()]


def test_check_names_every_setting_that_is_missing(found: list[dict[str, str]]) -> None:
    by_setting = {one["setting"]: one for one in found}
    assert {"whatsapp.app_secret", "whatsapp.verify_token", "whatsapp.access_token"} <= set(by_setting)
    for setting, one in by_setting.items():
        assert one["env"] == "SATARK_" + setting.upper().replace(".", "__")
        assert one["message"]
        assert one["hint"]


def test_check_says_the_same_to_a_person(data: Path) -> None:
    printed = run("check", code=1).stdout
    assert "✗ whatsapp.app_secret (SATARK_WHATSAPP__APP_SECRET): is missing" in printed


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SATARK_SESSION_HOURS", "100"),
        ("SATARK_DATABASE_URL", "mysql://somewhere/x"),
        ("SATARK_KEYS_URL", "nonsense"),
        ("SATARK_PLUGINS", '["signal"]'),
        ("SATARK_FLOW", "no_such_flow.yaml"),
        ("SATARK_GEOGRAPHY", "no_such_file.yaml"),
        ("SATARK_CONFIG", "no_such_file.toml"),
        ("SATARK_EDGE_KEY_FILE", "no_such_key"),
        ("SATARK_PUBLIC_URL", "tips.example.org"),
        ("SATARK_DATABASE_URL", "sqlite:////proc/nowhere/satark.db"),
        ("SATARK_DATABASE_URL", "postgresql://u:secretword@127.0.0.1:1/x"),
    ],
)
def test_check_names_the_setting_that_is_wrong(
    data: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(setting, value)
    printed = run("check", "--json", code=1).stdout
    assert setting in {json.loads(line)["env"] for line in printed.splitlines()}
    assert "secretword" not in printed


MISSPELT = [
    ("SATARK_DATABSE_URL", "SATARK_DATABASE_URL"),
    ("SATARK_WHATSAP__APP_SECRET", "SATARK_WHATSAPP__APP_SECRET"),
    ("SATARK_TELEGRAM__SECRET", "SATARK_TELEGRAM__SECRET_TOKEN"),
    ("SATARK_TWILIO__ACOUNT_SID", "SATARK_TWILIO__ACCOUNT_SID"),
    ("SATARK_EVIDENCE__FILE_BYTE", "SATARK_EVIDENCE__FILE_BYTES"),
]


@pytest.mark.parametrize(("given", "meant"), MISSPELT)
def test_check_says_which_setting_a_misspelt_one_was_meant_for(
    data: Path, monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.delenv("SATARK_PLUGINS")
    monkeypatch.setenv(given, "x")
    [told] = (one for one in map(json.loads, run("check", "--json", code=1).stdout.splitlines()) if one["env"] == given)
    assert told["hint"] == f"did you mean {meant}?"


def test_a_misspelt_setting_is_found_in_the_file_and_what_is_like_none_is_somebody_elses(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "satark.toml"
    file.write_text(
        'publik_url = "https://tips.example"\n[email]\nhost = "localhost"\nsendr = "a@b.example"\n'
        '[email.to.cell]\nrecipients = "c@d.example"\n[[destination]]\nto = "email:cell"\n[elsewhere]\nhost = "x"\n'
    )
    monkeypatch.delenv("SATARK_PLUGINS")
    monkeypatch.setenv("SATARK_CONFIG", str(file))
    monkeypatch.setenv("SATARK_DESK_FROM", "amqps://broker.example")
    told = [json.loads(line) for line in run("check", "--json", code=1).stdout.splitlines()]
    names = {one["setting"]: one["hint"] for one in told if one["message"] == "nobody reads this"}
    assert names == {
        "publik_url": "did you mean SATARK_PUBLIC_URL?",
        "email.sendr": "did you mean SATARK_EMAIL__SENDER?",
    }


@pytest.mark.parametrize("setting", ["SATARK_SESSION_HOURS", "SATARK_DATABASE_URL", "SATARK_PLUGINS"])
@pytest.mark.parametrize("command", [("serve",), ("db", "current"), ("deliveries", "list"), ("nonsense",)])
def test_a_wrong_configuration_is_told_in_sentences(
    data: Path, monkeypatch: pytest.MonkeyPatch, setting: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv(setting, '["signal"]' if setting == "SATARK_PLUGINS" else "wrong")
    result = CliRunner().invoke(cli, command)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


def test_a_problem_is_told_once_and_in_our_own_words(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["rabbitmq"]')
    monkeypatch.setenv("SATARK_RABBITMQ__URL", "nowhere")
    printed = run("check", code=1).stdout
    assert printed.count("SATARK_RABBITMQ__URL") == 1
    assert "Value error" not in printed


def test_a_data_folder_that_can_not_be_made_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", "/proc/nowhere")
    assert "/proc/nowhere/satark.db can't be made" in run("check", code=1).stdout
    for command in (("serve", "--port", "0"), ("demo", "--port", "0"), ("db", "upgrade")):
        result = CliRunner().invoke(cli, command)
        assert isinstance(result.exception, SystemExit)
        assert "/proc/nowhere" in result.output


def test_check_is_content_with_a_whole_configuration(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN", "PHONE_NUMBER_ID"):
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", "1234567890")
    assert "run: satark db upgrade" in run("check", code=1).stdout
    run("db", "upgrade")
    assert "no desk" in run("check", code=1).stdout
    services = fresh_services(data)
    row = {"name": "sp", "title": "SP", "level": "district", "area": "", "recipient": "age1"}
    services.write_now(lambda unit: unit.insert(tables.desk, [row]))
    assert "no desk above the districts" in run("check", code=1).stdout
    services.write_now(lambda unit: unit.main.execute(update(tables.desk).values(level="range")))
    services.close()
    assert run("check").stdout == "✓ nothing is wrong\n"
    assert run("check", "--json").stdout == ""


def test_the_database_goes_up_and_down(data: Path) -> None:
    assert "an upgrade is due" in run("db", "current").stderr
    assert run("db", "upgrade").stdout.startswith("now at ")
    assert run("db", "upgrade").stdout == "nothing to do\n"
    assert run("db", "current").stdout
    run("db", "downgrade", "base", code=1, text="n\n")
    told = run("db", "downgrade", "nowhere", "--yes", code=1).stderr
    assert "Can't locate revision identified by 'nowhere'" in told
    assert "satark db current" in told
    assert "now at nothing" in run("db", "downgrade", "base", "--yes").stdout
    assert run("db", "current").stdout == ""


def test_deliveries_are_listed(data: Path) -> None:
    store(data, "due", "dead", "done").close()
    lines = run("deliveries", "list").stdout.splitlines()
    assert len(lines) == 2
    assert "the office is shut" in lines[0]
    dead = [json.loads(line) for line in run("deliveries", "dead", "--json").stdout.splitlines()]
    assert [(one["destination"], one["state"], one["attempts"]) for one in dead] == [("desk:d1", "dead", 3)]


def test_what_is_held_back_is_told_with_the_destination_that_is_down(data: Path) -> None:
    services = store(data, "due", "held", "due", "dead")
    services.write_now(lambda unit: breakers.begin(unit, "desk:d0", "ConnectError"))
    services.close()
    lines = run("deliveries", "list").stdout.splitlines()
    assert re.fullmatch(r"desk:d0 is down for 0 min, next try in 1\d s  ConnectError", lines[0])
    told = [re.split(r" {2,}", line)[-2] for line in lines[1:]]
    assert told == [
        "held back: its destination is down",
        "held back: an earlier revision is on its way",
        "next in 0 s",
        "dead",
    ]
    down, *rows = (json.loads(line) for line in run("deliveries", "list", "--json").stdout.splitlines())
    assert (down["state"], down["destination"], down["failures"]) == ("down", "desk:d0", 1)
    assert [row["destination_down"] for row in rows] == [True, False, False, False]
    assert len(run("deliveries", "list", "--to", "desk:d0").stdout.splitlines()) == 2
    assert len(run("deliveries", "list", "--to", "desk:d2").stdout.splitlines()) == 1
    assert len(run("deliveries", "dead").stdout.splitlines()) == 1


def test_nothing_to_list_is_said(data: Path) -> None:
    store(data).close()
    assert run("deliveries", "list").stdout == "nothing waits, nothing died\n"
    assert run("deliveries", "list", "--json").stdout == ""


def test_a_dead_delivery_is_tried_again(data: Path) -> None:
    store(data, "dead", "dead", "due").close()
    first = (b"\0" + ID[1:]).hex()
    assert run("deliveries", "retry", first).stdout == "1 to be tried again\n"
    assert run("deliveries", "retry", first, code=1).stdout == "0 to be tried again\n"
    assert run("deliveries", "retry", "--to", "desk:d2", code=1).stdout == "0 to be tried again\n"
    assert run("deliveries", "retry", "--to", "desk:d1").stdout == "1 to be tried again\n"
    assert run("deliveries", "retry", "--all", code=1).stdout == "0 to be tried again\n"
    assert "nothing" in run("deliveries", "dead").stdout


@pytest.mark.parametrize("arguments", [(), ("ab", "--all"), ("--to", "desk:d0", "--all"), ("not hex",)])
def test_a_delivery_to_retry_has_to_be_named(data: Path, arguments: tuple[str, ...]) -> None:
    store(data).close()
    assert "Usage" in run("deliveries", "retry", *arguments, code=2).stderr


def test_a_database_that_was_not_set_up_is_told(data: Path) -> None:
    assert "run `satark db upgrade`" in run("deliveries", "list", code=1).stderr


def test_a_database_that_does_not_answer_is_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATABASE_URL", "postgresql://u:secretword@127.0.0.1:1/x")
    printed = run("deliveries", "list", code=1).stderr
    assert "does not answer" in printed
    assert "secretword" not in printed


def test_plugins_are_listed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["whatsapp", "signal"]')
    result = run("plugins")
    assert "whatsapp             loaded" in result.stdout
    assert "desk                 installed, not loaded" in result.stdout
    assert "signal               named in the settings, but not installed" in result.stderr
    listed = [json.loads(line) for line in run("plugins", "--json").stdout.splitlines()]
    assert {"name": "whatsapp", "loaded": True} in listed


@pytest.mark.parametrize("role", ["nobody", "web,nobody", ""])
def test_a_wrong_role_is_told(data: Path, role: str) -> None:
    assert "is not one of web, worker, desk" in run("serve", "--role", role, code=2).stderr


def test_several_processes_need_a_server_database(data: Path) -> None:
    assert "SATARK_DATABASE_URL" in run("serve", "--workers", "2", code=78).stderr


def test_serving_it_says_where_and_that_there_is_no_desk_yet(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("satark.runtime.http_server.uvicorn.run", lambda *_, **__: None)
    said = [json.loads(line) for line in run("serve", "--port", "0", "--role", "web,worker").stderr.splitlines()]
    assert [(line["event"].split(":")[0], line.get("role"), line.get("host")) for line in said] == [
        ("serving", "web,worker", "127.0.0.1"),
        ("no desk", None, None),
    ]
    services = fresh_services(data)
    row = {"name": "sp", "title": "SP", "level": "district", "area": "", "recipient": "age1"}
    services.write_now(lambda unit: unit.insert(tables.desk, [row]))
    services.close()
    assert "no desk" not in run("serve", "--port", "0").stderr


def test_help_and_version(data: Path) -> None:
    assert "deliveries" in run("--help").stdout
    assert run("--version").stdout
    assert "No such command" in run("nonsense", code=2).stderr


def test_no_command_waits_for_what_only_one_of_them_needs() -> None:
    """Each of these takes a good part of a second to import."""
    code = "import sys, satark.cli.main; sys.exit(' '.join({'fpdf', 'telegram', 'twilio'} & set(sys.modules)) or 0)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr.strip()) == (0, "")
