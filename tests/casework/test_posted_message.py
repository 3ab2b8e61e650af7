"""The officer and the time of a message are sealed to the tip's key, in one size for every name."""

from __future__ import annotations

import pytest

from satark.api.sealing import decrypt, new_identity
from satark.api.tip import Message
from satark.casework.posted_message import PostedMessage, seal_officer, with_officer
from satark.roster.rules import MAX_NAME


def posted(sealed: bytes) -> PostedMessage:
    return PostedMessage(1, Message(sender="desk", desk="sp", text="x", officer=sealed))


def test_the_tips_key_alone_opens_the_officer_and_the_time() -> None:
    recipient, identity = new_identity()
    message = posted(seal_officer("rao", 1_800_000_000, recipient))
    opened = with_officer(message, identity)
    assert (opened.officer, opened.at) == ("rao", 1_800_000_000)
    assert with_officer(message, new_identity()[1]) == message


@pytest.mark.parametrize("name", ["rao", "x" * MAX_NAME, "रमेश सिंह", "ह" * MAX_NAME, '"' * MAX_NAME])
def test_the_sealed_officer_has_one_size_for_every_name_in_either_script(name: str) -> None:
    recipient, identity = new_identity()
    assert len(decrypt(seal_officer(name, 1_800_000_000, recipient), identity)) == 256


def test_a_message_without_an_officer_seals_nothing() -> None:
    assert seal_officer("", 1_800_000_000, new_identity()[0]) == b""
