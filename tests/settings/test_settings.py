"""Settings come from a file and the environment; a wrong setting is named with its variable and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr

from satark.api.settings import SettingsError
from satark.settings import settings
from satark.settings.settings import Settings


class Signal(BaseModel):
    """A plugin's section."""

    token: SecretStr = Field(description="the token; Console → Tokens")
    number: str = Field(default="1", pattern="^[0-9]+$")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SATARK_CONFIG", "SATARK_DATA_DIR", "SATARK_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_takes_precedence_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "satark.toml").write_text('session_hours = 3\npublic_url = "https://file"\n[signal]\ntoken = "f"\n')
    monkeypatch.setenv("SATARK_PUBLIC_URL", "https://environment")
    monkeypatch.setenv("SATARK_SIGNAL__NUMBER", "77")
    settings = Settings()
    signal = settings.section("signal", Signal)
    assert (settings.core.session_hours, settings.core.public_url) == (3, "https://environment")
    assert signal is not None
    assert (signal.token.get_secret_value(), signal.number) == ("f", "77")


def test_the_file_named_by_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("batch = 7\n")
    monkeypatch.setenv("SATARK_CONFIG", str(other))
    assert Settings().core.batch == 7


def test_a_section_without_any_value_is_none() -> None:
    assert Settings().section("signal", Signal) is None


def test_the_error_of_an_incomplete_section_names_the_missing_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_SIGNAL__NUMBER", "7")
    with pytest.raises(SettingsError) as caught:
        Settings().section("signal", Signal)
    (problem,) = caught.value.problems
    assert (problem.setting, problem.env) == ("signal.token", "SATARK_SIGNAL__TOKEN")
    assert problem.message == "is missing"
    assert problem.hint == "the token; Console → Tokens"


def test_the_error_of_a_demanded_section_names_all_settings_that_the_section_needs() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(demand=True).section("signal", Signal)
    assert [problem.env for problem in caught.value.problems] == ["SATARK_SIGNAL__TOKEN"]
    assert "Console" in str(caught.value)


@pytest.mark.parametrize("content", ["this is no toml", None])
def test_a_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "named.toml"
    if content:
        path.write_text(content)
    monkeypatch.setenv("SATARK_CONFIG", str(path))
    with pytest.raises(SettingsError, match=r"named\.toml can't be read"):
        Settings()


def test_an_empty_variable_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_SIGNAL__TOKEN", "")
    assert Settings().section("signal", Signal) is None


def test_a_stand_in_is_used_only_if_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(stand_ins={"signal": {"token": "made up", "number": "5"}})
    signal = settings.section("signal", Signal)
    assert signal is not None
    assert (signal.token.get_secret_value(), signal.number) == ("made up", "5")
    monkeypatch.setenv("SATARK_SIGNAL__NUMBER", "7")
    with pytest.raises(SettingsError, match="SATARK_SIGNAL__TOKEN"):
        settings.section("signal", Signal)


def test_a_section_is_set_once_one_of_its_fields_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SATARK_SIGNAL__TOKEN", "")
    assert not Settings().is_set("signal")
    monkeypatch.setenv("SATARK_SIGNAL__WHATEVER", "x")
    assert Settings().is_set("signal")
    monkeypatch.delenv("SATARK_SIGNAL__WHATEVER")
    (tmp_path / "satark.toml").write_text("[signal]\ntoken = 'f'\n")
    assert Settings().is_set("signal")


@pytest.mark.parametrize(
    ("name", "value", "env"),
    [
        ("SATARK_PLUGINS", "desk,secretword", "SATARK_PLUGINS"),
        ("SATARK_DESTINATION", "{secretword", "SATARK_DESTINATION"),
        ("SATARK_RETENTION__CATEGORY_DAYS", "secretword", "SATARK_RETENTION__CATEGORY_DAYS"),
        ("SATARK_DESTINATION", '[{"to": "secretword"}]', "SATARK_DESTINATION"),
    ],
)
def test_a_problem_in_a_json_value_names_the_variable_that_was_set(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, env: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert [problem.env for problem in caught.value.problems] == [env]
    assert "secretword" not in str(caught.value)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The in-memory folder that every user may write to, on a machine without `/run/satark`."""
    monkeypatch.delenv("SATARK_EPOCH_KEY_FILE", raising=False)
    monkeypatch.setattr(settings, "_RUNTIME", tmp_path / "none")
    monkeypatch.setattr(settings, "_SHARED", tmp_path)
    return tmp_path


def test_the_epoch_keys_are_in_memory_under_a_name_for_each_data_folder(memory: Path, tmp_path: Path) -> None:
    one, again, other = (Settings(data_dir=tmp_path / name).epoch_key_file for name in ("a", "b/../a", "b"))
    assert one.parent == memory / f"satark-{os.getuid()}"
    assert one.parent.stat().st_mode & 0o777 == 0o700
    assert (one == again, one == other) == (True, False)


def test_the_folder_that_systemd_keeps_comes_first(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = memory / "run"
    kept.mkdir()
    monkeypatch.setattr(settings, "_RUNTIME", kept)
    assert Settings().epoch_key_file.parent == kept


def test_a_machine_without_memory_for_files_keeps_the_epoch_keys_in_the_data_folder(
    memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "_SHARED", memory / "none")
    assert Settings(data_dir=tmp_path / "a").epoch_key_file.parent == tmp_path / "a"


@pytest.mark.parametrize("taken", ["open to others", "a link", "a file"])
def test_a_folder_in_memory_that_somebody_else_took_is_refused(memory: Path, taken: str) -> None:
    folder = memory / f"satark-{os.getuid()}"
    if taken == "a link":
        (memory / "theirs").mkdir(mode=0o700)
        folder.symlink_to(memory / "theirs")
    elif taken == "a file":
        folder.touch()
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.raises(SettingsError, match="somebody else's"):
        _ = Settings().epoch_key_file
