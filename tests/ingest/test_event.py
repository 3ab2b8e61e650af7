"""An inbound event carries pseudonyms and keyed hashes, and nothing of its provider's ids."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from satark.api.inbound import Edited, Revoked, Text
from satark.identity.edge_key import Identity
from satark.ingest.event import MOST_DAYS, InboundEvent, seen_key, seen_row
from support.scripted import ScriptedChannel, inbound

IDENTITY = Identity(b"e" * 32)
CAME = replace(inbound("9140112233", Text("Hi")), event_key="wamid.1")


def test_an_event_holds_a_pseudonym_and_a_keyed_hash() -> None:
    event = InboundEvent(ScriptedChannel(), CAME, IDENTITY)
    assert event.pseudonyms == (IDENTITY.pseudonym(CAME.account, CAME.senders[0]),)
    assert event.key == IDENTITY.event(CAME.account, "wamid.1")
    assert event.source == event.key.hex()[:16]


@pytest.mark.parametrize("made", [Edited("wamid.0", "No, two"), Revoked("wamid.0")], ids=["edited", "revoked"])
def test_an_edited_or_revoked_message_is_named_by_its_keyed_hash(made: Edited | Revoked) -> None:
    original = InboundEvent(ScriptedChannel(), replace(CAME, event_key="wamid.0"), IDENTITY)
    event = InboundEvent(ScriptedChannel(), replace(CAME, event=made), IDENTITY).event
    assert isinstance(event, Edited | Revoked)
    assert event.original == original.source


def test_a_spooled_event_is_answered_by_calls() -> None:
    channel = ScriptedChannel()
    channel.capabilities = replace(channel.capabilities, inline=True)
    assert InboundEvent(channel, CAME, IDENTITY).inline
    assert not InboundEvent(channel, CAME, IDENTITY, late=True).inline


def test_a_key_begins_with_its_day_and_expires_with_it() -> None:
    key = seen_key(20_000, b"h" * 16)
    assert len(key) == 16
    assert seen_key(20_001, b"h" * 16)[2:] == key[2:]
    assert seen_row(key, 30_000)["day"] == 20_000
    assert seen_row(seen_key(MOST_DAYS - 1, b"h" * 16), 20_007)["day"] == 20_007


def test_a_caller_is_who_writes_on_the_account_of_the_chat() -> None:
    came = replace(CAME, account="voice:whatsapp-1", chat_account=CAME.account)
    call = InboundEvent(ScriptedChannel(), came, IDENTITY)
    assert call.pseudonyms == InboundEvent(ScriptedChannel(), CAME, IDENTITY).pseudonyms
    assert call.key != InboundEvent(ScriptedChannel(), CAME, IDENTITY).key
