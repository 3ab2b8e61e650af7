"""Tipsters who speak hear prompts read out; recordings are stored, and their content is not guessed."""

from __future__ import annotations

import pytest

from satark.api.inbound import Tap, Text
from satark.api.tip import Message
from satark.dialogue.engine import Engine
from satark.dialogue.session import Mailbox, OpenMailbox
from satark.dialogue.shown_receipt import code_token
from satark_testing.dialogue.chat import RECEIPT, Chat


@pytest.fixture
def chat(engine: Engine) -> Chat:
    """A conversation on a channel that sends voice notes."""
    box = OpenMailbox(tip="0" * 32, number=RECEIPT.number, recipient="age1")
    news = Message(sender="desk", text="The gang was arrested last night.", status="ACTED")
    return Chat(engine, mailbox=Mailbox(open=box, language="en", messages=(news,)), speaks=True)


def file_by_voice(chat: Chat) -> Chat:
    """File a tip with only voice notes and taps, up to the review."""
    chat.send("voice").tap("en", "INTOX").send("voice").send("voice")
    while chat.step != "review":
        options = [code for code in ("unknown", "no") if code in chat.offered()]
        chat.tap(options[-1] if options else "@skip")
    return chat


def test_a_whole_tip_is_filed_with_only_voice_notes_and_taps(chat: Chat) -> None:
    file_by_voice(chat)
    assert all(prompt.aloud for prompt in chat.prompts)
    chat.tap("send")
    assert chat.submission
    assert chat.submission.answers["what"] == {"voice": "2"}
    assert len(chat.submission.evidence) == 3, "the first recording, the story and the place"
    assert chat.prompt.receipt
    assert chat.prompt.receipt.code == RECEIPT.grouped


def test_a_recording_before_the_story_neither_replaces_it_nor_is_lost(chat: Chat) -> None:
    chat.send("voice").tap("en", "INTOX")
    assert chat.step == "what", "who only said 'Hindi' must still be asked"
    chat.tap("@done")
    assert chat.session
    assert chat.session.answers["what"].value == {"voice": "1"}
    assert chat.step == "place", "who told it all is asked for nothing twice"


def test_text_after_a_recording_joins_it(chat: Chat) -> None:
    chat.send("voice").tap("en", "INTOX").say("Illicit liquor is sold behind the temple every night")
    assert chat.session
    answer = chat.session.answers["what"]
    assert answer.value == {"voice": "1", "text": "Illicit liquor is sold behind the temple every night"}
    assert answer.evidence == ("1",)


@pytest.mark.parametrize("before", [(), ("en",)])
def test_a_voice_note_at_a_choice_is_stored_and_the_choice_repeated(before: tuple[str, ...], chat: Chat) -> None:
    chat.say("Hi").tap(*before)
    asked = chat.step
    chat.send("voice")
    assert chat.step == asked
    assert chat.prompt.choices
    assert len(chat.turn.media_jobs) == 1
    assert [job.role for job in chat.turn.media_jobs] == ["what"], "it is the tipster's own voice"


def test_a_voice_note_at_the_review_sends_nothing_and_leads_to_the_tap_that_does(chat: Chat) -> None:
    file_by_voice(chat).send("voice")
    assert (chat.submission, chat.step) == (None, "review")
    assert chat.offered()[0] == "send"
    chat.tap("send")
    assert chat.submission
    assert len(chat.submission.evidence) == 4


@pytest.mark.parametrize("menu", ["cancel", "restart"])
def test_a_voice_note_before_erasing_erases_nothing(menu: str, chat: Chat) -> None:
    file_by_voice(chat).say(menu).send("voice")
    assert chat.step == f"@{menu}"
    assert not chat.turn.erase


def test_the_loudspeaker_beside_the_languages_has_everything_read_out(chat: Chat) -> None:
    before = chat.say("Hi").prompt.aloud
    chat.tap("aloud")
    assert (before, chat.prompt.aloud) == (False, True)
    assert "aloud" not in chat.offered()
    chat.tap("en", "INTOX").say("They sell liquor behind the old temple")
    assert chat.prompt.aloud, "it was chosen"


def test_a_tipster_who_types_a_sentence_after_one_recording_gets_text(chat: Chat) -> None:
    chat.send("voice").tap("en").say("1")
    assert chat.prompt.aloud, "a number is no sign of reading"
    chat.say("They sell liquor behind the old temple")
    assert not chat.prompt.aloud


def test_a_channel_without_voice_notes_behaves_as_before(engine: Engine) -> None:
    chat = Chat(engine).say("Hi")
    assert "aloud" not in chat.offered()
    chat.tap("en").send("voice").tap("INTOX")
    assert chat.step == "place"
    assert not any(prompt.aloud for prompt in chat.prompts)


def test_the_receipts_button_opens_the_mailbox_and_it_is_read_out(chat: Chat) -> None:
    chat.hear(Tap(code_token(RECEIPT.grouped), "🔊"))
    assert chat.turn.open_mailbox
    assert chat.prompt.aloud
    assert chat.prompt.police_words == ("The gang was arrested last night.",)
    assert "The gang was arrested" in chat.text


def test_a_wrong_code_by_button_counts_like_a_typed_one(engine: Engine) -> None:
    chat = Chat(engine).say("Hi").tap("en")
    for _ in range(6):
        chat.hear(Tap(code_token("1111 2222 3333 4444"), "🔊"))
    assert not chat.turn.open_mailbox
    assert chat.hear(Text("status")).session
