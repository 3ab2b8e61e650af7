"""Link keys, cards and fingerprints."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from satark.identity.sealing import new_identity
from satark.remote.link_keys import (
    CardError,
    HostCard,
    LinkKeyError,
    OfficeCard,
    answer_verifier,
    fingerprint,
    is_signed,
    load_link_key,
    office_card,
    read_card,
)


def as_text(card: OfficeCard | HostCard) -> str:
    return msgspec.json.encode(card).decode()


def test_a_link_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "link.key"
    made = load_link_key(path)
    assert load_link_key(path).card == made.card
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["link.key"]
    assert is_signed(made.card.verifier, made.sign(b"x"), b"x")


@pytest.mark.parametrize("content", ["", "one", "AGE-SECRET-KEY-1 00", "a b c", "é è"])
def test_a_damaged_link_key_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    path = tmp_path / "link.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(LinkKeyError) as refusal:
        load_link_key(path)
    assert refusal.value.__cause__ is None
    assert "AGE" not in str(refusal.value)


def test_a_link_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_link_key(tmp_path / "link.key")
    (tmp_path / "link.key").chmod(0o640)
    with pytest.raises(LinkKeyError, match="chmod 600"):
        load_link_key(tmp_path / "link.key")


def test_cards_are_read_back_and_tell_no_secret(tmp_path: Path) -> None:
    key = load_link_key(tmp_path / "link.key")
    _, identity = new_identity()
    office, host = office_card("sp", identity, key), HostCard(link=key.card)
    assert read_card(as_text(office), OfficeCard) == office
    assert read_card(as_text(host), HostCard) == host
    for text in (as_text(office), as_text(host), repr(key)):
        assert "SECRET" not in text
    assert fingerprint(office) != fingerprint(host)
    assert len(fingerprint(host)) == 39


@pytest.mark.parametrize("damage", ["age1", '"card"', "{", "link"])
def test_a_card_that_is_none_or_damaged_is_refused(tmp_path: Path, damage: str) -> None:
    text = as_text(HostCard(link=load_link_key(tmp_path / "link.key").card))
    with pytest.raises(CardError):
        read_card(text.replace(damage, "x"), HostCard)


def test_the_cards_of_host_and_office_are_not_mistaken_for_each_other(tmp_path: Path) -> None:
    key = load_link_key(tmp_path / "link.key")
    with pytest.raises(CardError):
        read_card(as_text(HostCard(link=key.card)), OfficeCard)
    with pytest.raises(CardError):
        read_card(as_text(office_card("sp", new_identity()[1], key)), HostCard)


def test_an_answer_key_follows_from_the_desks_identity_and_is_another_for_each() -> None:
    one, two = new_identity()[1], new_identity()[1]
    assert answer_verifier(one) == answer_verifier(one) != answer_verifier(two)


@pytest.mark.parametrize("verifier", ["", "zz", "00" * 31, "00" * 32])
def test_nonsense_verifies_nothing(verifier: str) -> None:
    assert not is_signed(verifier, b"", b"x")
