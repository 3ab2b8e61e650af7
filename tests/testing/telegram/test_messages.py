"""Updates have Telegram's format, and messages can be read as a phone shows them."""

from __future__ import annotations

from satark_testing.telegram.messages import BotMessage, Person, Updates

SOMEBODY = Person(id=8_000_000_001, username="somebody")


def test_every_update_and_message_has_a_unique_number() -> None:
    updates = Updates()
    first, second = updates.text(SOMEBODY, "/start now"), updates.text(SOMEBODY, "Hi")
    assert second["update_id"] == first["update_id"] + 1
    assert second["message"]["message_id"] == first["message"]["message_id"] + 1
    assert first["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert "entities" not in second["message"]


def test_a_tap_and_an_edit_name_their_message() -> None:
    updates = Updates()
    tap = updates.tap(SOMEBODY, "yes", {"message_id": 3})["callback_query"]
    assert (tap["data"], tap["message"], tap["from"]["username"]) == ("yes", {"message_id": 3}, "somebody")
    edit = updates.edit(SOMEBODY, 3, {"text": "new"})["edited_message"]
    assert (edit["message_id"], edit["text"]) == (3, "new")
    assert edit["edit_date"] > edit["date"]


def test_a_message_lists_its_buttons_row_by_row() -> None:
    rows = [[{"text": "Yes", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]]
    message = BotMessage(id=1, address=SOMEBODY.id, text="?", keyboard=rows)
    assert [(offer.token, offer.label) for offer in message.offers] == [("y", "Yes"), ("n", "No")]
    assert message.message({"id": 1})["reply_markup"] == {"inline_keyboard": rows}
    assert "photo" in BotMessage(id=2, address=1, text="", photo="abc").message({})
