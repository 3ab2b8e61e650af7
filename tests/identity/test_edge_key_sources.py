"""The edge key comes from a command, a file, systemd or a created file, in this order, and is never shown."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

from satark.api.settings import SettingsError
from satark.identity import edge_key_sources
from satark.identity.edge_key import EdgeKeyError
from satark.identity.edge_key_sources import CREDENTIAL, find_credential, read_edge_key
from satark.runtime import compose
from satark.settings.settings import Settings

KEY = bytes(range(200, 232))


def printing(content: bytes) -> tuple[str, ...]:
    """Return a command that prints these bytes."""
    return sys.executable, "-c", f"import sys; sys.stdout.buffer.write({content!r})"


def key_of(tmp_path: Path, command: tuple[str, ...] = (), file: Path | None = None, credentials: str = "") -> bytes:
    made = tmp_path / "data" / "edge.key"
    return read_edge_key(command=command, file=file, made=made, credentials=credentials)


@pytest.mark.slow("a process")
@pytest.mark.parametrize("content", [KEY, KEY.hex().encode(), base64.b64encode(KEY), base64.b64encode(KEY) + b"\n"])
def test_a_command_prints_the_key(tmp_path: Path, content: bytes) -> None:
    assert key_of(tmp_path, printing(content)) == KEY
    assert not (tmp_path / "data").exists()


@pytest.mark.slow("a process")
@pytest.mark.parametrize("content", [b"", KEY[:31], KEY + b"x", b"z" * 64, b"not a key"])
def test_an_output_that_is_no_key_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EdgeKeyError, match="did not give 32 bytes") as refusal:
        key_of(tmp_path, printing(content))
    assert not content or repr(content)[2:-1] not in str(refusal.value)


@pytest.mark.slow("a process")
@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ((sys.executable, "-c", "print('secret'); raise SystemExit(3)"), "exit code 3"),
        (("/nowhere/vault",), "can't be run"),
    ],
)
def test_a_command_that_fails_is_named(tmp_path: Path, command: tuple[str, ...], problem: str) -> None:
    with pytest.raises(EdgeKeyError, match=problem) as refusal:
        key_of(tmp_path, command)
    assert "secret" not in str(refusal.value)


@pytest.mark.slow("a process")
def test_a_command_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_key_sources, "SECONDS", 0.2)
    hanging = (sys.executable, "-c", "import time; time.sleep(600)")
    with pytest.raises(EdgeKeyError, match="gave no edge key"):
        read_edge_key(command=hanging, file=None, made=tmp_path / "edge.key", credentials="")


def test_systemds_credential_takes_precedence_over_a_file_to_create(tmp_path: Path) -> None:
    (tmp_path / CREDENTIAL).write_bytes(KEY)
    (tmp_path / CREDENTIAL).chmod(0o440)
    assert key_of(tmp_path, credentials=str(tmp_path)) == KEY
    assert not (tmp_path / "data").exists()


def test_a_configured_file_takes_precedence_over_the_credential(tmp_path: Path) -> None:
    (tmp_path / CREDENTIAL).write_bytes(KEY)
    file = tmp_path / "mine"
    file.write_bytes(KEY[::-1])
    file.chmod(0o600)
    assert key_of(tmp_path, file=file, credentials=str(tmp_path)) == KEY[::-1]


def test_without_any_source_the_key_is_made_once(tmp_path: Path) -> None:
    assert key_of(tmp_path) == key_of(tmp_path)
    assert (tmp_path / "data" / "edge.key").stat().st_mode & 0o777 == 0o600


def test_the_credential_is_found_in_systemds_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert find_credential() is None
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert find_credential() is None
    (tmp_path / CREDENTIAL).write_bytes(KEY)
    assert find_credential() == tmp_path / CREDENTIAL


@pytest.mark.slow("a process")
def test_a_command_that_fails_is_a_wrong_setting(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, edge_key_command=("/nowhere/vault",))
    with pytest.raises(SettingsError, match="edge_key_command") as refusal:
        compose.load_identity(settings)
    assert [problem.env for problem in refusal.value.problems] == ["SATARK_EDGE_KEY_COMMAND"]
