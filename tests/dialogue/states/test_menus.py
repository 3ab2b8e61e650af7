"""The questions beside the flow: details, changes, the contact, and whether to erase."""

from __future__ import annotations

from typing import Any

import pytest

from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import Chat
from support.dialogue.walks import at_review
from support.loops import every_row


def test_every_detail_can_be_added(chat: Chat) -> None:
    at_review(chat)
    for detail, answer in (
        ("when", "Happening now"), ("who", "two men"), ("vehicle", "UP65 1234"), ("how_often", "daily"),
        ("danger", "yes"), ("known_by", "Many"),
    ):  # fmt: skip
        chat.tap("details", detail).say(answer)
        assert chat.step == "review"
    chat.tap("details")
    assert chat.offered() == []
    chat.tap("@leave").tap("send")
    made = chat.submission
    assert made is not None
    assert [made.answers[k] for k in ("when", "who", "vehicle", "how_often", "danger", "known_by")] == [
        "now", "two men", "UP65 1234", "daily", "yes", "many",
    ]  # fmt: skip
    assert made.priority == "high"


def test_a_picked_detail_can_be_left(chat: Chat) -> None:
    for way in ("back", "skip"):
        at_review(chat := Chat(chat.engine)).tap("details", "who").say(way)
        assert chat.step == "review"


@pytest.mark.parametrize(
    ("step", "answer", "value"),
    [
        ("category", "cow", "COW"),
        ("what", "something else entirely", "something else entirely"),
        ("police", "yes", "yes"),
    ],
)
def test_any_answer_can_be_changed_from_the_review(chat: Chat, step: str, answer: str, value: str) -> None:
    at_review(chat).tap("change", step).say(answer)
    assert chat.session is not None
    assert chat.session.answers[step].value == value
    assert chat.step == ("police_unit" if step == "police" else "review")


@pytest.mark.parametrize("way", ["back", "skip"])
def test_leaving_an_edit_keeps_the_answer(chat: Chat, way: str) -> None:
    at_review(chat).tap("change", "what").say(way)
    assert chat.step == "review"
    assert "behind the school" in chat.text


@pytest.mark.parametrize(("option", "reach"), [("no", False), ("yes", True)])
def test_being_reached_is_the_tipsters_choice(chat: Chat, option: str, *, reach: bool) -> None:
    at_review(chat).tap("send").tap(option)
    assert (chat.turn.session, chat.turn.reach, chat.turn.erase) == (None, reach, False)


def test_hi_after_the_receipt_begins_afresh_and_keeps_no_contact(chat: Chat) -> None:
    at_review(chat).tap("send").say("Hi")
    assert (chat.turn.session, chat.turn.reach) == (None, None)
    assert "Choose a language" in chat.text
    assert chat.tap("hi").step == "category"


@pytest.mark.parametrize("word", ["cancel", "mita do", "forget", "1", "No, erase my number", "नहीं, नंबर मिटा दें"])
def test_the_own_word_after_the_receipt_erases_the_contact(chat: Chat, word: str) -> None:
    at_review(chat).tap("send").say(word)
    assert (chat.turn.session, chat.turn.reach, chat.turn.erase) == (None, False, False)
    assert ("cannot be taken back" in chat.text) is (word in {"cancel", "mita do"})


@pytest.mark.parametrize("word", ["skip", "no", "नहीं"])
def test_after_a_refusal_the_tipster_is_told_what_to_tap(chat: Chat, word: str) -> None:
    at_review(chat).tap("send").say(word)
    assert (chat.step, chat.turn.reach) == ("@reach", None)
    assert "tap “No, erase my number” below, or write 1" in chat.text


@pytest.mark.parametrize(
    "word", ["ok", "👍", "thanks", "theek hai", "धन्यवाद", "hmm", "yes but not now", "is it safe?", "kyon?"]
)
def test_only_a_clear_answer_decides_about_the_contact(chat: Chat, word: str) -> None:
    at_review(chat).tap("send").say(word)
    assert chat.turn.reach is None
    assert chat.turn.post is None
    assert chat.step == "@reach"


def test_words_after_the_receipt_are_added_to_the_tip(chat: Chat) -> None:
    at_review(chat).tap("send").say("they come in a white van with the number 4411")
    assert chat.turn.post is not None
    assert chat.turn.post.text == "they come in a white van with the number 4411"
    assert "Added to your information" in chat.text
    assert chat.step == "@reach"


def test_a_file_after_the_receipt_is_added_to_the_tip(chat: Chat) -> None:
    at_review(chat).tap("send").send("image")
    assert [job.role for job in chat.turn.media_jobs] == ["message"]
    assert chat.turn.post is not None
    assert "Added to your information" in chat.text


@pytest.mark.parametrize("word", ["back", "skip", "पीछे"])
@pytest.mark.parametrize("asked", ["Hi", "cancel"])
def test_a_tipster_who_wants_back_from_the_erasing_question_continues(asked: str, word: str, chat: Chat) -> None:
    chat.say("Hi").tap("en").tap("INTOX").say(asked)
    assert chat.step in {"@restart", "@cancel"}
    chat.say(word)
    assert chat.step == "what"


def test_the_languages_digits_erase_nothing_during_a_draft(chat: Chat) -> None:
    """On the phone, callers press them by habit before they have heard the present question."""
    assert chat.say("Hi").tap("en").tap("INTOX").say("Hi").say("1").step == "what"
    assert chat.say("Hi").say("2").step == "@language"
    assert chat.say("2").step == "what"


UNCLEAR = (
    "nahi", "no", "नहीं", "haan", "yes", "ok", "mita do", "mita do please", "hata do", "मिटा दो", "erase", "delete it",
    "sab mita do", "sab hata do", "सब मिटा दो", "erase everything", "delete all of it", "forget", "mera number mita do",
    "mat bhejo", "mat bhejna", "मत भेजो", "nahi bhejna", "don't send", "do not send it", "rehne do", "wahi rehne do",
    "skip", "done", "pata nahi", "don't know", "hmm", "kuch bhi", "naam mat likhna", "👍",
)  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("words", UNCLEAR)
@every_row("channel", ["whatsapp", "sms"])
def test_no_unclear_answer_leaves_identifying_words_in_or_takes_them_out(
    engine: Engine, channel: str, words: str
) -> None:
    chat = Chat(engine, channel).say("Hi", "1", "daru", "mere chacha charas bechte hain", "Lanka", "nahi", "skip")
    before = chat.session
    assert before is not None
    assert before.state == "@identity"
    for _ in range(2):
        chat.say(words)
        assert chat.session is not None
        assert chat.submission is None
        assert chat.session.state in {"@identity", "@change", "@suggested"}
        assert not chat.session.identity_decided
        assert chat.session.answers["what"] == before.answers["what"]


OF_OTHERS = [
    "uska bhai bhi", "unka beta bhi", "unki biwi bhi", "uske 2 ladke bhi", "उनका बेटा भी", "उसका भाई भी", "his son too",
    "and his two brothers", "wo aur uska damad",
]  # fmt: skip


@every_row("words", ["chacha nahi mama", "not my uncle, my brother", "चाचा नहीं मामा", *OF_OTHERS])
def test_new_text_at_the_question_about_identifying_words_is_checked_too(engine: Engine, words: str) -> None:
    chat = Chat(engine).say("Hi", "1", "daru", "mere chacha charas bechte hain", "Lanka", "nahi", "skip", words)
    assert words in chat.text
    chat.tap("yes")
    assert chat.step == "@identity"
    assert words in what(chat)


@every_row(
    "words",
    [
        "keep my number", "number rakho", "mera number rakh lo", "number mat mitao", "नंबर रखो", "नंबर मत मिटाओ",
        "don't erase my number", "do not delete the number", "keep it", "mat mitao", "number save rakhna",
    ],
)  # fmt: skip
def test_a_tipster_who_wants_the_number_kept_hears_which_words_keep_it(chat: Chat, words: str) -> None:
    at_review(chat).tap("send").say(words)
    assert (chat.step, chat.turn.reach, chat.turn.post) == ("@reach", None, None)
    assert "tap “Yes, message me” below, or write 2" in chat.text


@every_row(
    "words",
    [
        "photo mita do", "photo hata do", "फोटो मिटा दो", "delete the photo", "take my photo back", "photo wapas lo",
        "video delete karo", "tasveer hata dijiye", "Raju ka naam hata do", "remove the name", "meri baat mita do",
    ],
)  # fmt: skip
def test_a_tipster_who_wants_a_sent_tip_back_hears_that_it_is_impossible(chat: Chat, words: str) -> None:
    at_review(chat).tap("send").say(words)
    assert (chat.step, chat.turn.reach, chat.turn.post) == ("@reach", None, None)
    assert "already sent and cannot be taken back" in chat.text


@every_row("words", ["wo log photo mita rahe hain", "they erased the camera recording at night"])
def test_telling_that_others_erase_something_adds_to_the_tip(chat: Chat, words: str) -> None:
    at_review(chat).tap("send").say(words)
    held = chat.session.held if chat.session else ()
    assert (chat.turn.post and chat.turn.post.text == words) or words in str(held)


def what(chat: Chat) -> Any:
    assert chat.session is not None
    return chat.session.answers["what"].value


@pytest.mark.parametrize("no", ["nahi", "no", "नहीं"])
def test_a_second_plain_no_to_contact_ends_the_conversation_and_forgets_nobody(chat: Chat, no: str) -> None:
    at_review(chat).tap("send").say(no)
    assert (chat.step, chat.turn.reach) == ("@reach", None)
    assert chat.say("ok").step == "@reach"
    assert chat.say(no).step == "@reach", "another message came between"
    chat.say(no)
    assert (chat.turn.session, chat.turn.reach) == (None, None)
    assert "We will not message you" in chat.text
