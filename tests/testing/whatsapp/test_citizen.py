"""A virtual citizen and a minimal bot exchange messages through the simulated Meta."""

from __future__ import annotations

import pytest

from satark_testing.whatsapp.citizen import Citizen, LostError, Photo, Place
from support.whatsapp_bot import running

pytestmark = pytest.mark.slow("a provider's server")


async def test_a_citizen_walks_to_the_receipt() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, user_id="IN.abc") as citizen:
        code = await citizen.walk(
            {
                "language": "हिन्दी",
                "What happened": "जुआ",
                "Where": Place(25.3, 83.0, name="Assi Ghat"),
                "Photos": [Photo(b"\xff\xd8", caption="look"), "done"],
            }
        )
    assert code == "1234567890123456"
    assert [m["type"] for m in bot.heard] == ["text", "interactive", "text", "location", "image", "text"]
    assert bot.heard[1]["interactive"]["button_reply"] == {"id": "language.hi.1", "title": "हिन्दी"}
    assert bot.heard[3]["location"] == {"latitude": 25.3, "longitude": 83.0, "name": "Assi Ghat"}
    assert "from" not in bot.heard[0]
    assert [sent.kind for sent in peer.sent][:3] == ["button", "text", "location_request_message"]


async def test_only_offered_buttons_and_rows_can_be_tapped() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        await citizen.say("Hi")
        await citizen.hear()
        with pytest.raises(LostError, match="offered"):
            await citizen.tap("Français")
        await citizen.tap("Eng")
        assert bot.heard[1]["interactive"]["button_reply"]["id"] == "language.en.1"
        assert citizen.unread() == 1


async def test_edits_and_revocations_name_the_original() -> None:
    async with running() as (peer, bot, hook), Citizen(peer, hook, wa_id="919876543210") as citizen:
        first = await citizen.say("Hi")
        await citizen.edit(first, "Hello")
        await citizen.revoke(first)
    assert bot.heard[0]["id"] == first
    assert bot.heard[1]["edit"]["original_message_id"] == first
    assert bot.heard[2]["revoke"] == {"original_message_id": first}


async def test_each_citizen_gets_only_their_own_messages_and_none_after_leaving() -> None:
    async with running() as (peer, _, hook):
        one = Citizen(peer, hook, wa_id="919876543210")
        other = Citizen(peer, hook, wa_id="919876543211")
        everything: list[str] = []
        stop = peer.subscribe(lambda sent: everything.append(sent.address))
        await one.say("Hi")
        await one.hear()
        one.leave()
        await one.say("Hi")
        stop()
        await other.say("Hi")
    assert (one.unread(), other.unread()) == (0, 1)
    assert everything == ["919876543210", "919876543210"]
