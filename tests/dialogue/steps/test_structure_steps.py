"""Files are sent until done, and the review shows them."""

from __future__ import annotations

from satark_testing.dialogue.chat import Chat
from support.dialogue.small_flows import SEND, small_chat
from support.dialogue.walks import at_evidence, at_review


def test_evidence_is_any_number_of_files_until_done(chat: Chat) -> None:
    at_evidence(chat).send("image").send("video")
    assert "2 so far" in chat.text
    assert chat.prompt.debounce
    chat.say("ho gaya").tap("remove", "send")
    assert chat.submission is not None
    assert chat.submission.evidence == ("1", "2")


def test_all_files_of_a_step_can_be_erased(chat: Chat) -> None:
    at_evidence(chat).send("image").send("image").tap("@clear")
    assert chat.turn.dropped_files == ("1", "2")
    assert chat.step == "evidence"
    chat.send("image")
    assert chat.turn.media_jobs[0].ordinal == "3"


def test_files_can_be_added_from_the_review(chat: Chat) -> None:
    at_review(chat).tap("change", "evidence").send("image").say("done")
    assert chat.step == "review"
    assert "1 file\n" in chat.text


def test_a_step_without_its_own_text_for_further_files_has_the_evidences() -> None:
    chat = small_chat("- {id: photo, type: media, skip: true}" + SEND, texts={"photo.ask": "?", "photo.name": "Photo"})
    chat.say("hi").send("image")
    assert "Received. 1 so far." in chat.text
