"""The plugin copies the tips of the two desks by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.settings.settings import Settings
from satark_rabbitmq.plugin import satark_demo, satark_destinations


def test_with_only_a_broker_every_tip_of_the_two_desks_is_copied_unless_the_settings_say_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (satark_destinations(Settings()), satark_demo(Settings())) == ([], [])
    monkeypatch.setenv("SATARK_RABBITMQ__URL", "amqp://localhost/")
    copies = satark_destinations(Settings())
    assert [(copy.to, copy.desk, copy.recipient) for copy in copies] == [
        ("rabbitmq:sp", "sp", ""),
        ("rabbitmq:dig", "dig", ""),
    ]
    assert "sp, dig" in satark_demo(Settings())[0].line
    monkeypatch.setenv("SATARK_RABBITMQ__COPIES", "[]")
    assert satark_destinations(Settings()) == []
    monkeypatch.setenv("SATARK_RABBITMQ__COPIES", "thana-lanka")
    assert [copy.to for copy in satark_destinations(Settings())] == ["rabbitmq:thana-lanka"]
