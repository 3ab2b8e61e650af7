"""The settings of the core: their defaults and limits."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field, SecretStr

from satark.api.settings import SettingsError
from satark.settings.settings import Settings


class Signal(BaseModel):
    """A plugin's section."""

    token: SecretStr = Field(description="the token; Console → Tokens")
    number: str = Field(default="1", pattern="^[0-9]+$")


def test_databases_and_the_edge_key_are_in_the_data_folder_unless_a_setting_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(data_dir=Path("/srv/data"))
    assert settings.database_url == "sqlite:////srv/data/satark.db"
    assert settings.keys_url == "sqlite:////srv/data/keys.db"
    assert settings.edge_key_file == Path("/srv/data/edge.key")
    monkeypatch.setenv("SATARK_DATABASE_URL", "postgresql://db/satark")
    assert Settings().database_url == "postgresql://db/satark"


def test_a_wrong_value_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_SIGNAL__TOKEN", "secret-token")
    monkeypatch.setenv("SATARK_SIGNAL__NUMBER", "not-a-number")
    with pytest.raises(SettingsError) as caught:
        Settings().section("signal", Signal)
    assert [problem.env for problem in caught.value.problems] == ["SATARK_SIGNAL__NUMBER"]
    assert "secret-token" not in str(caught.value)


def test_a_wrong_setting_of_the_core_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_SEEN_DAYS", "2")
    with pytest.raises(SettingsError) as caught:
        Settings()
    (problem,) = caught.value.problems
    assert (problem.setting, problem.env) == ("seen_days", "SATARK_SEEN_DAYS")
