"""A conversation with an engine: what the intake would do for a turn is done."""

from __future__ import annotations

from satark.dialogue.flow.loader import default_flow
from satark_testing.dialogue.chat import RECEIPT, Chat


def test_a_tip_is_told_by_taps_and_words_and_gets_the_receipt() -> None:
    chat = Chat.about(default_flow()).say("Hi").tap("en").tap("MINE")
    chat.say("Sand is dug at night").say("Lanka").tap("no").tap("@skip")
    assert chat.step == "review"
    assert "send" in chat.offered()
    chat.tap("send")
    assert chat.submission is not None
    assert RECEIPT.number in chat.text
    assert len(chat.turns) == len(chat.events)
