"""Link keys, pairing files and fingerprints."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from satark.api.sealing import new_identity
from satark.api.settings import SettingsError
from satark.identity.signatures import is_signed
from satark.remote.link_keys import HostPairing, LinkKey, OfficePairing, PairingError
from satark.roster.entries import desk_verifier


def as_text(pairing: OfficePairing | HostPairing) -> str:
    return msgspec.json.encode(pairing).decode()


def test_a_link_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "link.key"
    made = LinkKey.load(path)
    assert LinkKey.load(path).public_keys == made.public_keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["link.key"]
    assert is_signed(made.public_keys.verifier, made.sign(b"x"), b"x")


def test_a_link_key_that_others_know_is_not_created_again(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        LinkKey.load(tmp_path / "link.key", create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["", "one", "AGE-SECRET-KEY-1 00", "a b c", "é è"])
def test_a_damaged_link_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "link.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SettingsError) as refusal:
        LinkKey.load(path)
    assert refusal.value.__cause__ is None
    assert "AGE" not in str(refusal.value)


def test_a_link_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    LinkKey.load(tmp_path / "link.key")
    (tmp_path / "link.key").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        LinkKey.load(tmp_path / "link.key")


def test_pairing_files_are_read_back_and_contain_no_secret(tmp_path: Path) -> None:
    key = LinkKey.load(tmp_path / "link.key")
    _, identity = new_identity()
    office, host = OfficePairing.of("sp", identity, key), HostPairing(link=key.public_keys, roster="")
    assert OfficePairing.read(as_text(office)) == office
    assert HostPairing.read(as_text(host)) == host
    for text in (as_text(office), as_text(host), repr(key)):
        assert "SECRET" not in text
    assert office.fingerprint != host.fingerprint
    assert len(host.fingerprint) == 39


@pytest.mark.parametrize("damage", ["age1", '"pairing"', "{", "link"])
def test_a_damaged_pairing_file_is_refused(tmp_path: Path, damage: str) -> None:
    text = as_text(HostPairing(link=LinkKey.load(tmp_path / "link.key").public_keys, roster=""))
    with pytest.raises(PairingError):
        HostPairing.read(text.replace(damage, "x"))


def test_the_pairing_files_of_host_and_office_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    key = LinkKey.load(tmp_path / "link.key")
    with pytest.raises(PairingError):
        OfficePairing.read(as_text(HostPairing(link=key.public_keys, roster="")))
    with pytest.raises(PairingError):
        HostPairing.read(as_text(OfficePairing.of("sp", new_identity()[1], key)))


def test_each_desks_answer_key_follows_from_its_identity_and_differs_from_other_keys() -> None:
    one, two = new_identity()[1], new_identity()[1]
    assert desk_verifier(one) == desk_verifier(one) != desk_verifier(two)


@pytest.mark.parametrize("verifier", ["", "zz", "00" * 31, "00" * 32])
def test_a_text_that_is_no_key_verifies_nothing(verifier: str) -> None:
    assert not is_signed(verifier, b"", b"x")
