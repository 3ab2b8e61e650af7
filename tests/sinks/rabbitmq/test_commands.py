"""The commands `satark rabbitmq` report missing parts and results."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from click.testing import CliRunner

from satark.api import CarrierError
from satark.api.settings import SettingsError
from satark.cli.main import cli
from satark.settings.settings import Settings
from satark_rabbitmq import commands
from satark_rabbitmq.commands import configured

pytestmark = pytest.mark.usefixtures("no_settings")


class Broker:
    """A carrier whose queue has one dead letter. A test can make the broker absent."""

    def __init__(self, *, absent: bool = False) -> None:
        self._absent = absent

    @asynccontextmanager
    async def connect(self, url: str) -> AsyncIterator[Broker]:
        if self._absent:
            raise CarrierError("no answer")
        yield self

    async def requeue_dead_letters(self, queue: str) -> int:
        return 1


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["rabbitmq", *arguments])


def test_the_error_names_the_setting_if_no_broker_is_configured() -> None:
    result = run("requeue", "sp")
    assert result.exit_code == 1
    assert "SATARK_RABBITMQ__URL" in result.output


def test_dead_letters_are_moved_back_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "configured", lambda _: (Broker(), "amqp://localhost/"))
    assert run("requeue", "sp").output == "1 message moved back into sp\n"


def test_a_broker_that_does_not_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "configured", lambda _: (Broker(absent=True), "amqp://localhost/"))
    result = run("requeue", "sp")
    assert result.exit_code == 1
    assert "broker: no answer" in result.output


def test_the_url_is_empty_where_no_broker_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured(Settings())[1] == ""
    monkeypatch.setenv("SATARK_RABBITMQ__URL", "amqp://localhost/")
    monkeypatch.setenv("SATARK_RABBITMQ__PREFIX", "up.")
    carrier, url = configured(Settings())
    assert (url, carrier.topology.queue("sp")) == ("amqp://localhost/", "up.sp")


def test_a_missing_library_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "satark_rabbitmq.connection", None)
    with pytest.raises(SettingsError) as refused:
        configured(Settings())
    assert "satark[rabbitmq]" in refused.value.problems[0].message
