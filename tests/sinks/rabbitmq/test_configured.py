"""The carrier as the settings configure it."""

from __future__ import annotations

import sys

import pytest

from satark.api.settings import SettingsError
from satark.settings.settings import Settings
from satark_rabbitmq.configured import configured

pytestmark = pytest.mark.usefixtures("no_settings")


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
