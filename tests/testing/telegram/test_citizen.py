"""The actions of a virtual Telegram user arrive as updates."""

from __future__ import annotations

from typing import Any

import pytest

from satark_testing.dialogue.walking import LostError, Photo, Place
from satark_testing.telegram.bot_api import Person, TelegramPeer
from satark_testing.telegram.citizen import TelegramCitizen, content
from satark_testing.telegram.messages import BotMessage

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


async def test_a_citizens_messages_taps_and_files_wait_for_the_bots_poll() -> None:
    peer = TelegramPeer(token=TOKEN, secret_token="s")
    async with TelegramCitizen(peer, Person(id=7)) as citizen:
        await citizen.say("Hi")
        offers = [[{"text": "Yes", "callback_data": "y"}]]
        citizen.heard.append(BotMessage(id=3, address=7, text="?", keyboard=offers))
        await citizen.tap("Yes")
        await citizen.pin(Place(25.3, 83.0, "Lanka"))
        await citizen.send(Photo(b"jpeg", caption="a street"))
        with pytest.raises(LostError):
            await citizen.tap("No")
    said: list[Any] = [update.get("message") or update["callback_query"] for update in peer._pending]
    assert said[0]["text"] == "Hi"
    assert (said[1]["data"], said[1]["message"]["message_id"]) == ("y", 3)
    assert said[2]["venue"]["title"] == "Lanka"
    assert (said[3]["caption"], len(said[3]["photo"])) == ("a street", 2)


def test_each_kind_of_file_has_telegrams_fields() -> None:
    file = {"file_id": "f", "file_size": 4}
    assert content("voice", file, "audio/ogg")["voice"] == {**file, "duration": 3, "mime_type": "audio/ogg"}
    assert "width" in content("video", file)["video"]
    assert "duration" not in content("document", file)["document"]
