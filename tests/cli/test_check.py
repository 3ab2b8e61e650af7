"""`satark check`: it names every wrong, missing or misspelt setting."""

from __future__ import annotations

import errno
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from unittest.mock import Mock

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from satark.cli.check import transcription_problems
from satark.cli.main import cli
from satark.evidence.recognition.recogniser import Recogniser
from satark.settings.settings import Settings
from satark.store.tables import epoch_key, epoch_machine
from satark_files.sandbox.protections import NAMES, Protections
from support.commands import run
from support.desks import SeededDesk
from support.store import fresh_services

pytestmark = pytest.mark.slow("a process that looks for the system's protections")


@pytest.fixture
def problems(data: Path) -> list[dict[str, str]]:
    """The problems that `check` reports for an empty configuration."""
    return [json.loads(line) for line in run("check", "--json", code=1).stdout.splitlines()]


def test_every_missing_setting_is_named(problems: list[dict[str, str]]) -> None:
    by_setting = {one["setting"]: one for one in problems}
    assert {"whatsapp.app_secret", "whatsapp.verify_token", "whatsapp.access_token"} <= set(by_setting)
    for setting, one in by_setting.items():
        assert one["env"] == "SATARK_" + setting.upper().replace(".", "__")
        assert one["message"]
        assert one["hint"]


def test_a_problem_is_printed_as_a_sentence(data: Path) -> None:
    printed = run("check", code=1).stdout
    assert "✗ whatsapp.app_secret (SATARK_WHATSAPP__APP_SECRET): is missing" in printed


def test_check_tells_how_the_program_that_opens_files_is_isolated(data: Path) -> None:
    printed = run("check", code=1).stdout
    for meaning in NAMES.values():
        assert f"  ✓ {meaning}" in printed
    elsewhere = run("check", "--role", "web", code=1).stdout
    assert not any(meaning in elsewhere for meaning in NAMES.values())


def test_a_machine_that_can_not_isolate_that_program_is_a_problem(
    data: Path, monkeypatch: pytest.MonkeyPatch, problems: list[dict[str, str]]
) -> None:
    del problems
    monkeypatch.setattr("satark.runtime.compose.find_protections", Protections)
    setting = "SATARK_EVIDENCE__ALLOW_WEAK_ISOLATION"
    assert setting in run("check", "--json", code=1).stdout
    assert setting not in run("check", "--json", "--role", "web", code=1).stdout
    monkeypatch.setenv(setting, "true")
    assert setting not in run("check", "--json", code=1).stdout


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
def test_a_wrong_setting_is_named(data: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str) -> None:
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
def test_a_misspelt_setting_gets_a_suggestion(
    data: Path, monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.delenv("SATARK_PLUGINS")
    monkeypatch.setenv(given, "x")
    [problem] = (
        one for one in map(json.loads, run("check", "--json", code=1).stdout.splitlines()) if one["env"] == given
    )
    assert problem["hint"] == f"did you mean {meant}?"


def test_a_misspelt_setting_is_found_in_the_file_and_unrelated_names_are_ignored(
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
    problems = [json.loads(line) for line in run("check", "--json", code=1).stdout.splitlines()]
    names = {one["setting"]: one["hint"] for one in problems if one["message"] == "is not a setting"}
    assert names == {
        "publik_url": "did you mean SATARK_PUBLIC_URL?",
        "email.sendr": "did you mean SATARK_EMAIL__SENDER?",
    }


def test_a_problem_is_reported_once_and_in_our_own_words(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["rabbitmq"]')
    monkeypatch.setenv("SATARK_RABBITMQ__URL", "nowhere")
    printed = run("check", code=1).stdout
    assert printed.count("SATARK_RABBITMQ__URL") == 1
    assert "Value error" not in printed


def test_a_data_folder_that_can_not_be_created_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", "/proc/nowhere")
    assert "/proc/nowhere/satark.db can't be created" in run("check", code=1).stdout
    for command in (("serve", "--port", "0"), ("demo", "--port", "0"), ("db", "upgrade")):
        result = CliRunner().invoke(cli, command)
        assert isinstance(result.exception, SystemExit)
        assert "/proc/nowhere" in result.output


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A simulated Meta that reports no problem with any number."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"quality_rating": "GREEN", "status": "CONNECTED"}')

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        monkeypatch.setenv("SATARK_WHATSAPP__GRAPH_URL", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("meta")
def test_a_complete_configuration_has_no_problems(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN", "PHONE_NUMBER_ID"):
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", "1234567890")
    assert "run: satark db upgrade" in run("check", code=1).stdout
    run("db", "upgrade")
    assert "no desk" in run("check", code=1).stdout
    edge_key = data / "own.key"
    edge_key.touch(mode=0o600)
    edge_key.write_bytes(bytes(32))
    monkeypatch.setenv("SATARK_EDGE_KEY_FILE", str(edge_key))
    services = fresh_services(data)
    SeededDesk(services, "sp")
    assert "no desk above the districts" in run("check", code=1).stdout
    SeededDesk(services, "dig", "range")
    assert run("check").stdout.endswith("✓ nothing is wrong\n")
    listed = services.read(lambda c: [*c.execute(select(epoch_machine)), *c.execute(select(epoch_key))])
    assert not listed, "a shell has other epoch keys than the service, which must then ask for them"
    services.close()
    assert run("check", "--json").stdout == ""
    assert "no channel of it runs" not in run("check").stdout
    monkeypatch.setenv("SATARK_LANGUAGES", '["hi", "en", "ur"]')
    for code in ("hi", "en", "ur"):
        assert re.search(
            rf"! languages offers {code}: no native reader has approved \d+ of its \d+ texts", run("check").stdout
        )
    monkeypatch.setenv("SATARK_PLUGINS", '["whatsapp", "telegram", "sms_ivr"]')
    printed = run("check").stdout
    assert "! no copy of the name key was compared within a year" in printed
    warnings = [line for line in printed.splitlines() if "no channel of it runs" in line]
    assert [line.split()[2] for line in warnings] == ["sms_ivr", "telegram"]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the Hindi model, whose files are damaged."""
    folder = tmp_path / "hindi"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"damaged")
    (folder / "tokens.txt").write_text("a 0\n")
    monkeypatch.setenv("SATARK_TRANSCRIPTION__MODELS", json.dumps({"hi": str(folder)}))
    return folder


def of_transcription() -> list[str]:
    return [str(one) for one in transcription_problems(Settings())]


def test_without_a_transcription_section_nothing_is_missing(no_settings: None) -> None:
    assert of_transcription() == []


@pytest.mark.slow("a process")
def test_a_damaged_model_is_named_by_its_language(model: Path) -> None:
    (problem,) = of_transcription()
    assert "transcription.models.hi (SATARK_TRANSCRIPTION__MODELS): does not load" in problem


def test_a_missing_file_is_named(model: Path) -> None:
    (model / "tokens.txt").unlink()
    assert "has no tokens.txt" in of_transcription()[0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("package", "pip install 'satark[transcription]'"),
        ("setup", "pip install 'satark[evidence]'"),
        ("isolation", "can't be isolated"),
        ("late", "takes longer to load"),
        ("killed", "memory_mib"),
    ],
)
def test_every_fault_has_a_remedy(model: Path, monkeypatch: pytest.MonkeyPatch, fault: str, said: str) -> None:
    del model
    monkeypatch.setattr(Recogniser, "find_fault", lambda _self: fault)
    assert said in of_transcription()[0]


def test_a_disk_that_is_full_or_nearly_full_is_a_problem(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DISK_RESERVE_BYTES", str(10**18))
    assert "✗ data_dir (SATARK_DATA_DIR): the disk of" in run("check", code=1).stdout
    monkeypatch.setattr("satark_files.atomic_files.replace", Mock(side_effect=OSError(errno.ENOSPC, "full")))
    assert f"the disk of {data} is full" in run("check", code=1).stdout
