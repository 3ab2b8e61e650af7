"""Keys of destinations: made once, and refused by name when they can't be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.delivery.destination_keys import load_identity, own_key
from support.destination_key import DestinationKey

TO = "email:cell"


@pytest.fixture
def destination(tmp_path: Path) -> DestinationKey:
    return DestinationKey(tmp_path, to=TO)


def test_a_missing_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "forward" / "main.key"
    recipient = own_key(file)
    assert own_key(file) == recipient
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_identity(DestinationRule(to=TO, recipient=recipient, identity_file=file)) == file.read_text().strip()
    file.write_text("no key")
    with pytest.raises(SettingsError):
        own_key(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipient": ""}, "recipient"),
        ({"identity_file": None}, "this machine runs the sink"),
        ({"identity_file": Path("/nowhere/destination.key")}, "can't be used"),
        ({"recipient": new_identity()[0]}, "another key"),
    ],
)
def test_a_key_that_can_not_be_used_is_named(change: dict[str, Any], said: str, destination: DestinationKey) -> None:
    with pytest.raises(SettingsError, match=said):
        load_identity(destination.rule.model_copy(update=change))


def test_a_key_file_that_others_can_read_or_that_holds_no_key_is_refused(destination: DestinationKey) -> None:
    destination.file.chmod(0o640)
    with pytest.raises(SettingsError, match="read by others"):
        load_identity(destination.rule)
    destination.file.chmod(0o600)
    for content in ("", "AGE-SECRET-KEY-1NONSENSE\n"):
        destination.file.write_text(content)
        with pytest.raises(SettingsError, match="can't be used"):
            load_identity(destination.rule)
