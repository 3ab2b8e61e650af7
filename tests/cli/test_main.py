"""The command `satark`: help, failures in sentences, and quick imports."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from satark.cli.main import cli, remembered
from satark_files.sandbox.protections import Protections
from support.commands import run

ISOLATED = Protections(**dict.fromkeys(Protections.__struct_fields__, True))


def test_help_and_version_are_printed(data: Path) -> None:
    assert "deliveries" in run("--help").stdout
    assert run("--version").stdout
    assert "No such command" in run("nonsense", code=2).stderr


@pytest.mark.slow("a process")
@pytest.mark.parametrize("setting", ["SATARK_SESSION_HOURS", "SATARK_DATABASE_URL", "SATARK_PLUGINS"])
@pytest.mark.parametrize("command", [("serve",), ("db", "current"), ("deliveries", "list"), ("nonsense",)])
def test_a_wrong_configuration_is_reported_in_sentences(
    data: Path, monkeypatch: pytest.MonkeyPatch, setting: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr("satark.runtime.compose.find_protections", lambda: ISOLATED)
    monkeypatch.setenv(setting, '["signal"]' if setting == "SATARK_PLUGINS" else "wrong")
    result = CliRunner().invoke(cli, command)
    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output


def test_a_database_that_was_not_set_up_is_reported(data: Path) -> None:
    assert "run: satark db upgrade" in run("deliveries", "list", code=1).stderr


def test_a_database_that_does_not_answer_is_reported(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATABASE_URL", "postgresql://u:secretword@127.0.0.1:1/x")
    printed = run("deliveries", "list", code=1).stderr
    assert "does not answer" in printed
    assert "secretword" not in printed


@pytest.mark.slow("a process")
def test_help_and_version_import_neither_database_nor_plugins_once_cached(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    heavy = {"sqlalchemy", "pydantic", "alembic", "satark.settings.settings", "satark_desk"}
    code = (
        "import sys, contextlib; from satark.cli.main import cli\n"
        "with contextlib.suppress(SystemExit): cli(['--help'])\n"
        f"sys.stderr.write(' '.join(sorted({heavy} & set(sys.modules))))"
    )
    monkeypatch.setenv("SATARK_PLUGINS", '["desk"]')
    first, again = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)
    )
    assert "  desk  " in first.stdout
    assert (again.stdout, again.stderr) == (first.stdout, "")
    assert "satark_desk" in first.stderr


@pytest.mark.slow("a process")
def test_libraries_that_only_one_command_needs_are_imported_lazily() -> None:
    """Importing each of these takes a tenth of a second or more."""
    lazy = {"fpdf", "satark_demo", "satark_testing"}
    code = f"import sys, satark.cli.main; sys.exit(' '.join({lazy} & set(sys.modules)) or 0)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr.strip()) == (0, "")


@pytest.mark.slow("a process")
def test_a_serving_process_imports_no_alembic_before_it_migrates() -> None:
    code = "import sys, satark.cli.serve; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("command", [("db", "upgrade"), ("db", "current"), ("deliveries", "list"), ("audit", "verify")])
def test_a_file_that_is_no_database_is_reported(data: Path, command: tuple[str, ...]) -> None:
    data.mkdir()
    (data / "satark.db").write_bytes(b"no database at all" * 100)
    assert "is damaged, or no database: restore a backup" in run(*command, code=1).stderr


@pytest.mark.parametrize(
    "content", [b"a = ", b"\xff\xfe\x00", b"\x00", b"[" * 5000], ids=["cut", "binary", "null", "deep"]
)
def test_a_settings_file_that_can_not_be_read_is_reported(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    file = tmp_path / "damaged.toml"
    file.write_bytes(content)
    monkeypatch.setenv("SATARK_CONFIG", str(file))
    assert "damaged.toml" in run("db", "upgrade", code=78).stderr


@pytest.mark.parametrize("url", ["postgresql://[::1/x", "postgresql://h:x/y", "sqlite:///\0", "sqlite:////proc/x.db"])
def test_a_database_url_that_can_not_be_used_is_reported(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f"database_url = {json.dumps(url)}")
    monkeypatch.setenv("SATARK_CONFIG", str(file))
    assert "SATARK_DATABASE_URL" in run("db", "upgrade", code=78).stderr


def test_a_failing_disk_that_names_no_file_is_reported(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("satark.runtime.compose.load_services", fail)
    assert run("db", "upgrade", code=1).stderr == "a file can't be used: Input/output error\n"


@pytest.mark.full("a full disk")
@pytest.mark.parametrize("most", [0, 20_000, 200_000])
def test_a_full_disk_is_reported(data: Path, most: int) -> None:
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); "
        "from satark.cli.main import main; main()"
    )
    failed = subprocess.run(
        [sys.executable, "-c", code, "db", "upgrade"], capture_output=True, text=True, check=False, env=os.environ
    )
    assert failed.returncode != 0
    assert "Traceback" not in failed.stderr
    assert failed.stderr.count("\n") in {1, 2, 3}, failed.stderr


class Plugins:
    """Plugins that count how often they are read."""

    read = 0

    def helps(self) -> dict[str, str]:
        self.read += 1
        return {"desk": "Add and list desks."}


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Plugins:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Plugins()


def test_the_plugins_are_read_once(plugins: Plugins) -> None:
    first, again = remembered(plugins.helps), remembered(plugins.helps)
    assert first == again == {"desk": "Add and list desks."}
    assert plugins.read == 1


def test_changed_settings_are_read_again(plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered(plugins.helps)
    monkeypatch.setenv("SATARK_PLUGINS", '["desk"]')
    remembered(plugins.helps)
    Path("satark.toml").write_text("plugins = []")
    remembered(plugins.helps)
    assert plugins.read == 3


def test_a_damaged_cache_of_helps_is_replaced(plugins: Plugins, tmp_path: Path) -> None:
    remembered(plugins.helps)
    (file,) = (tmp_path / "cache/satark").iterdir()
    file.write_bytes(b"\xff{")
    assert remembered(plugins.helps) == {"desk": "Add and list desks."}
    assert remembered(plugins.helps)
    assert plugins.read == 2


def test_without_a_writable_cache_the_plugins_are_read_each_time(plugins: Plugins, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    for _ in range(2):
        assert remembered(plugins.helps)
    assert plugins.read == 2
