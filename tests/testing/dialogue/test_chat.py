"""A test conversation with an engine does what ingest would do for a turn."""

from __future__ import annotations

from satark.dialogue.flow.loader import default_flow
from satark_testing.dialogue.chat import RECEIPT, Chat


def test_a_tip_by_taps_and_words_gets_a_receipt() -> None:
    chat = Chat.about(default_flow()).say("Hi").tap("en").tap("MINE")
    chat.say("Sand is dug at night").say("Lanka").tap("no").tap("@skip")
    assert chat.step == "review"
    assert "send" in chat.offered()
    chat.tap("send")
    assert chat.submission is not None
    assert RECEIPT.number in chat.text
    assert len(chat.turns) == len(chat.events)
