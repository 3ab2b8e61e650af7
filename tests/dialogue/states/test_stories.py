"""Unsolicited words and files are stored, and answer the questions that they can."""

from __future__ import annotations

import pytest

from satark_testing.dialogue.chat import Chat
from support.dialogue.walks import at_police


def test_a_file_at_any_other_step_is_evidence_and_the_question_stays(chat: Chat) -> None:
    chat.say("Hi", "2").send("image")
    assert chat.step == "category"
    assert "keep it as proof" in chat.text
    assert chat.turn.media_jobs[0].role == "evidence"
    assert chat.prompt.debounce


def test_a_caption_under_a_picture_answers_a_text_question(chat: Chat) -> None:
    chat.say("Hi", "2", "daru").send("image", "they sell it here")
    assert chat.step == "place"
    assert chat.session is not None
    assert chat.session.answers["what"].value == "they sell it here"


def test_a_story_as_the_first_message_answers_the_questions_that_it_tells(chat: Chat) -> None:
    chat.say("They sell illegal liquor at Lanka crossing")
    assert "Send this to the police?" in chat.text
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.category == "INTOX"
    assert chat.submission.answers["what"] == "They sell illegal liquor at Lanka crossing"
    assert (chat.submission.place.district, chat.submission.place.station) == ("varanasi", "lanka")
    assert len(chat.turns) == 2


@pytest.mark.parametrize(
    ("story", "language"),
    [
        ("लंका सामने घाट पर रोज़ रात 2 बजे अवैध बालू खनन होता है", "hi"),
        ("lanka ghat pe roz raat ko avaidh balu khanan hota hai", "hi"),
        ("every night they dig sand at Lanka ghat without permission", "en"),
    ],
)
def test_a_story_is_answered_in_its_own_language(chat: Chat, story: str, language: str) -> None:
    chat.say(story)
    assert chat.session is not None
    assert chat.session.language == language
    assert chat.session.answers["category"].value == "MINE"
    assert chat.session.answers["place"].value["station"] == "lanka"


def test_only_answers_missing_in_the_story_are_asked_for(chat: Chat) -> None:
    chat.say("They sell illegal liquor", "at Lanka crossing every night")
    assert chat.session is not None
    assert chat.session.answers["what"].value == "They sell illegal liquor"
    assert chat.session.answers["place"].value["station"] == "lanka"
    assert chat.step == "review"


def test_photos_voices_and_pins_before_the_first_question_are_stored(chat: Chat) -> None:
    chat.send("image").send("voice").pin(25.281, 82.999).say("2", "daru")
    assert chat.step == "police"
    chat.say("no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.evidence == ("1", "2")
    assert chat.submission.answers["what"] == {"voice": "2"}
    assert chat.submission.place.station == "lanka"


def test_a_story_typed_at_a_choice_is_added_to_the_story(chat: Chat) -> None:
    at_police(chat).say("the boys bring it in a white van")
    assert chat.step == "police"
    assert chat.session is not None
    assert chat.session.answers["what"].value.endswith("\nthe boys bring it in a white van")


def test_a_story_beside_a_voice_message_is_stored_with_it(chat: Chat) -> None:
    chat.send("voice").say("2", "it happens every single night")
    assert chat.session is not None
    assert chat.session.answers["what"].value == {"voice": "1", "text": "it happens every single night"}


def test_a_later_pin_completes_the_place(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily", "behind the big temple").pin(25.281, 82.999)
    assert chat.step == "police"
    assert chat.session is not None
    assert chat.session.answers["place"].value["text"] == "behind the big temple"
