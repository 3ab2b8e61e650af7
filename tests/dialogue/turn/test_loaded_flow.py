"""The questionnaire as a form inside a chat: offered once, accepted like single answers, and it sends nothing."""

from __future__ import annotations

import pytest

from satark.api.inbound import FormPage, Tap, Text
from satark.dialogue.engine import Engine
from satark.dialogue.session import Submission
from satark_testing.dialogue.chat import FORM_TOKEN, Chat

Told = Text | Tap
STORY = "They sell liquor behind the school"
FILLED: dict[str, Told] = {
    "category": Tap("INTOX"),
    "what": Text(STORY),
    "place": Text("Lanka"),
    "police": Tap("no"),
    "when": Tap("past"),
    "when_date": Text("On Saturday"),
    "who": Text(""),
    "danger": Text(""),
}


@pytest.fixture
def chat(engine: Engine) -> Chat:
    """A conversation in English on a channel with forms, with the form offered."""
    return Chat(engine, forms=("en", "hi")).say("Hi", "English")


def fill(chat: Chat, answers: dict[str, Told], token: str = FORM_TOKEN) -> Chat:
    return chat.hear(FormPage(tuple(answers.items()), token=token))


def answers_of(chat: Chat) -> dict[str, object]:
    assert chat.session is not None
    return {step: answer.value for step, answer in chat.session.answers.items() if answer.value is not None}


def sent(chat: Chat) -> Submission:
    made = chat.tap("send").submission
    assert made is not None
    return made


# ---------------------------------------------------------------- the offer


def test_after_the_language_the_form_is_offered_below_the_notice(chat: Chat) -> None:
    prompt = chat.prompt
    assert (prompt.form, prompt.menu_label, prompt.choices, prompt.asks) == (FORM_TOKEN, "Fill in the form", (), True)
    assert "Life in danger? Call 112" in prompt.text
    assert "write or speak here" in prompt.text
    assert len(prompt.text) < 1024


def test_the_form_is_offered_once_and_again_in_another_language(chat: Chat) -> None:
    assert chat.say("repeat").prompt.form == ""
    assert "INTOX" in chat.offered()
    assert chat.say("language", "हिन्दी").prompt.menu_label == "फ़ॉर्म भरें"
    assert chat.say("language", "English").prompt.form == FORM_TOKEN


def test_no_form_is_offered_to_a_tipster_who_has_answered(engine: Engine) -> None:
    chat = Chat(engine, forms=("en",)).say("Hi", STORY, "English")
    assert [prompt.form for prompt in chat.prompts] == ["", "", ""]


def test_the_form_is_offered_only_in_the_channels_languages(engine: Engine) -> None:
    assert Chat(engine, forms=("hi",)).say("Hi", "English").prompt.form == ""
    assert Chat(engine).say("Hi", "English").prompt.form == ""


def test_the_form_is_not_offered_to_a_tipster_who_has_prompts_read_out(engine: Engine) -> None:
    chat = Chat(engine, speaks=True, forms=("en", "hi")).say("Hi").tap("aloud").say("English")
    assert (chat.step, chat.prompt.form) == ("category", "")


@pytest.mark.parametrize(
    ("words", "step"),
    [("Illegal arms", "what"), ("1", "what"), (f"{STORY} in Lanka", "review"), ("zzz", "category")],
)
def test_a_tipster_who_writes_instead_of_opening_the_form_is_asked_in_the_chat(
    words: str, step: str, chat: Chat
) -> None:
    assert chat.say(words).step == step
    assert all(not prompt.form for prompt in chat.prompts[2:])


def test_a_tipster_who_speaks_instead_of_opening_the_form_is_asked_in_the_chat(chat: Chat) -> None:
    assert chat.send("voice").step == "category"
    assert "INTOX" in chat.offered()


# ---------------------------------------------------------------- a form that comes


def test_a_complete_form_leads_to_the_review_and_submits_nothing(chat: Chat) -> None:
    fill(chat, FILLED)
    assert (chat.step, chat.submission) == ("review", None)
    assert "not sent yet" in chat.text
    assert chat.offered()[0] == "send"


def test_the_tip_is_that_of_the_same_answers_in_the_chat(chat: Chat, engine: Engine) -> None:
    other = Chat(engine).say("Hi", "English").tap("INTOX").say(STORY, "Lanka").tap("no").say("skip")
    other.tap("details").tap("when").tap("past").say("On Saturday")
    assert sent(fill(chat, FILLED)) == sent(other)


def test_the_order_of_the_fields_does_not_matter(chat: Chat, engine: Engine) -> None:
    other = Chat(engine, forms=("en",)).say("Hi", "English")
    assert sent(fill(chat, dict(reversed(FILLED.items())))) == sent(fill(other, FILLED))


def test_missing_answers_are_asked_for_in_the_chat(chat: Chat) -> None:
    fill(chat, {"category": Tap("TRAFF"), "what": Text(STORY), "place": Text(""), "police": Tap("no")})
    assert chat.step == "now"
    assert "cannot be skipped" not in chat.text
    chat.tap("files")
    assert chat.step == "place"
    assert chat.pin(25.2810, 82.9990, "Lanka").step == "review"


def test_questions_that_the_form_lacks_are_asked_in_the_chat(chat: Chat) -> None:
    fill(chat, {**FILLED, "place": Text("by the two old palms")})
    assert chat.step == "district"


def test_an_answer_to_a_hidden_question_does_not_count(chat: Chat) -> None:
    fill(chat, {**FILLED, "police_unit": Tap("station"), "now": Tap("yes"), "police_who": Text("")})
    assert answers_of(chat).keys() == {"category", "what", "place", "police", "when", "when_date"}
    assert sent(chat).accused is None


def test_a_tip_against_a_police_station_records_the_station_as_accused(chat: Chat) -> None:
    fill(chat, {**FILLED, "police": Tap("yes"), "police_unit": Tap("station"), "police_who": Text("")})
    assert chat.step == "review"
    made = sent(chat)
    assert made.accused is not None
    assert made.accused.level == "station"


def test_a_danger_in_a_form_is_answered_at_once_and_makes_the_tip_urgent(chat: Chat) -> None:
    fill(chat, {**FILLED, "what": Text("They will kill him tonight, help")})
    assert "112" in chat.text
    assert sent(chat).priority == "urgent"


def test_a_form_that_is_sent_again_replaces_its_answers(chat: Chat) -> None:
    fill(fill(chat, FILLED), {**FILLED, "what": Text("It was ganja, not liquor")})
    assert (chat.step, answers_of(chat)["what"]) == ("review", "It was ganja, not liquor")


def test_a_photo_is_still_taken_after_a_form(chat: Chat) -> None:
    fill(chat, FILLED).send()
    assert chat.step == "review"
    assert sent(chat).evidence == ("1",)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("token", ["forged", FORM_TOKEN.lower(), f"{FORM_TOKEN} "])
def test_a_form_under_another_token_is_refused_and_nothing_is_lost(token: str, chat: Chat) -> None:
    chat.say("Illegal arms")
    fill(chat, FILLED, token)
    assert (chat.step, answers_of(chat)) == ("what", {"category": "ARMS"})
    assert "belongs to an earlier conversation" in chat.text


def test_a_form_after_the_tip_is_sent_is_refused(chat: Chat) -> None:
    sent(fill(chat, FILLED))
    fill(chat, FILLED)
    assert (chat.step, "earlier conversation" in chat.text) == ("@reach", True)


def test_the_token_is_forgotten_when_the_tip_is_sent(chat: Chat) -> None:
    fill(chat, FILLED)
    assert chat.session is not None
    assert chat.session.form_token == FORM_TOKEN
    chat.tap("send")
    assert chat.session.form_token == ""


def test_a_form_from_a_channel_that_offered_none_is_refused(engine: Engine) -> None:
    assert answers_of(fill(Chat(engine).say("Hi", "English"), FILLED)) == {}


def test_unknown_fields_are_left_out_with_a_word_and_the_rest_is_kept(chat: Chat) -> None:
    fill(chat, {**FILLED, "phone_number": Text("98765 43210")})
    assert (chat.step, "could not be read and was left out" in chat.text) == ("review", True)
    assert "98765" not in str(sent(chat).answers)


@pytest.mark.parametrize(
    ("bad", "step", "said"),
    [
        ({"category": Tap("NOSUCH")}, "category", "left out"),
        ({"what": Text("x" * 40_001)}, "what", "too long"),
        ({"police": Text("perhaps")}, "police", "left out"),
        ({"when": Tap("never")}, "review", "left out"),
    ],
)
def test_an_unacceptable_value_is_asked_for_again_and_the_other_answers_are_stored(
    bad: dict[str, Told], step: str, said: str, chat: Chat
) -> None:
    fill(chat, {**FILLED, **bad})
    assert (chat.step, said in chat.text) == (step, True), chat.text
    left = answers_of(chat)
    assert {name for name, told in FILLED.items() if told != Text("")} - left.keys() <= {*bad, "when_date"}
