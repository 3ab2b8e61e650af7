"""After a negation, a question or talk at a step that acts, nothing is sent, erased, disclosed or forgotten.

The same for every chat, on the session as the engine leaves it; the understanding of texts has separate laws.
"""

from __future__ import annotations

import pytest

from satark.api.inbound import Text
from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import NOW, Chat
from support.dialogue.acting import MEDIA, QUESTIONS, acted
from support.loops import every_row

NEGATED = (
    "mat bhejo", "मत भेजें", "ruko mat bhejo", "don't send", "do not send it", "abhi nahi bhejna", "अभी मत भेजना",
    "don't erase", "mat mitao", "मत मिटाओ", "mitana mat", "do not delete", "don't forget me", "हटाना मत",
    "this is not correct", "sahi nahi hai", "haan lekin galti hai", "yes but not now", "haan par abhi nahi",
    "مت بھیجو", "मत भेजीं", "send mat karo", "nahi nahi ruko", "not yes", "haan mat karo", "never send this",
)  # fmt: skip
ASKING = (
    "sahi hai kya", "bhej du kya", "क्या भेज दूँ?", "should I send?", "send?", "yes?", "haan?", "kya mitana chahiye",
    "is it safe to send?", "erase?", "kya hoga agar bhej du", "what happens if I say yes", "kaun dekhega?", "why?",
    "forget?", "cancel?",
)  # fmt: skip
TALK = (
    "ok",
    "👍",
    "hmm",
    "thanks",
    "theek hai",
    "धन्यवाद",
    "wait",
    "ruko",
    "ek minute",
    "maybe",
    "😢",
    "…",
    "bhej dunga",
)


@pytest.mark.slow("many dialogues")
@every_row("channel", MEDIA)
@every_row("step", QUESTIONS)
def test_a_second_thought_does_nothing_that_cant_be_undone(engine: Engine, step: str, channel: str) -> None:
    talk = QUESTIONS[step](engine, channel)
    session = talk.session
    assert session is not None
    assert step in {session.step, session.state}
    found = {
        text: signs
        for text in (*NEGATED, *ASKING, *TALK)
        if (signs := acted(session, engine.advance(session, Text(text), "s99", NOW)))
    }
    assert found == {}, found


@every_row(
    "words",
    [
        "kuch mat bhejna sab hata do", "sab hata do kuch mat bhejna", "mat bhejna, mita do sab", "मत भेजना सब मिटा दो",
        "कुछ मत भेजना सब हटा दो", "don't send anything, erase everything", "remove everything and send nothing",
        "kuch nahi bhejna hai, sab delete kar do",
    ],
)  # fmt: skip
@every_row(
    "before", [("Hi", "1", "4"), ("Hi", "1", "4", "Raju ganja bechta hai"), ("lanka me Raju ganja bechta hai roz",)]
)
def test_a_tipster_who_wants_nothing_sent_and_all_erased_is_asked_whether_to_erase(
    engine: Engine, before: tuple[str, ...], words: str
) -> None:
    chat = Chat(engine).say(*before, words)
    assert (chat.step, chat.turn.erase) == ("@cancel", False)
    assert chat.session is not None
    assert words not in str((chat.session.answers, chat.session.held))


@pytest.mark.slow("many conversations")
@every_row(
    "words",
    [
        "galat khabar thi, mita do", "galat soochna thi mita dijiye", "complaint wapas leni hai",
        "meri report wapas lo", "shikayat wapas lena chahta hun", "गलत सूचना थी मिटा दो", "शिकायत वापस लेनी है",
        "सूचना वापस ले लो",
        "wrong report, erase it", "my report was wrong, delete", "take back my report", "I withdraw my complaint",
        "I want to take my complaint back", "I take it back",
    ],
)  # fmt: skip
def test_a_tipster_who_takes_the_whole_tip_back_is_asked_to_erase_or_told_that_it_is_sent(
    engine: Engine, words: str
) -> None:
    review = Chat(engine).say("Hi", "1", "lanka bazar me sharab bik rahi hai")
    before = review.session.answers if review.session else {}
    asked = review.say(words)
    assert (asked.step, asked.turn.erase) == ("@cancel", False)
    assert asked.session is not None
    assert (asked.session.answers, asked.session.held) == (before, ())
    sent = Chat(engine).say("Hi", "2", "lanka bazar me sharab bik rahi hai").tap("send").say(words)
    assert "already sent and cannot be taken back" in sent.text
    assert sent.turn.post is None


@every_row(
    "words",
    [
        "mat mitao", "mitana mat", "delete mat karo", "hatana nahi", "मत मिटाओ", "मिटाना मत", "don't delete",
        "do not erase", "don't delete it please", "dont erase anything", "no need to delete",
    ],
)  # fmt: skip
def test_a_tipster_who_wants_nothing_erased_is_told_that_nothing_was_erased(engine: Engine, words: str) -> None:
    chat = Chat(engine).say("Hi", "2", "lanka bazar me sharab bik rahi hai", words)
    assert "Nothing is sent or erased yet" in chat.text
    assert chat.step == "review"
    assert chat.session is not None
    assert words not in str((chat.session.answers, chat.session.held))


@every_row(
    "words",
    [
        "go ahead", "ok go ahead", "carry on", "ji", "haan ji", "👍", "theek hai", "acha",
        "जी", "आगे बढ़ो", "fine", "sure", "yes go ahead",
    ],
)  # fmt: skip
def test_a_tipster_who_agrees_at_the_review_is_told_how_to_send(engine: Engine, words: str) -> None:
    chat = Chat(engine).say("Hi", "2", "lanka bazar me sharab bik rahi hai", words)
    assert chat.text.startswith("For that tap “Yes, send” below, or write 1.")
    assert chat.submission is None
