"""Commands have their effect at each step at which they count."""

from __future__ import annotations

import pytest

from satark.dialogue.turn.session_changes import KEEP
from satark_testing.dialogue.chat import Chat

STEPS = {
    "category": [],
    "what": ["daru"],
    "place": ["daru", "they sell it here every day"],
    "district": ["daru", "they sell it here every day", "behind the temple"],
    "station": ["daru", "they sell it here every day", "behind the temple in Varanasi"],
    "police": ["daru", "they sell it here every day", "Assi"],
    "police_unit": ["daru", "they sell it here every day", "Assi", "yes"],
    "police_who": ["daru", "they sell it here every day", "Assi", "yes", "1"],
    "evidence": ["daru", "they sell it here every day", "Assi", "no"],
    "review": ["daru", "they sell it here every day", "Assi", "no", "skip"],
}


@pytest.fixture(params=list(STEPS))
def walked(request: pytest.FixtureRequest, chat: Chat) -> Chat:
    chat.say("Hi", "2", *STEPS[request.param])
    assert chat.step == request.param
    return chat


def test_help_and_repeat_ask_the_question_again(walked: Chat) -> None:
    step = walked.step
    assert "1098" in walked.say("madad").text
    assert "BNS s.217" in walked.text
    assert walked.step == step
    assert walked.say("phir se").step == step


def test_back_takes_the_last_answer_back_until_the_language(walked: Chat) -> None:
    for _ in range(12):
        walked.say("piche")
    assert walked.step == "@language"
    assert walked.session is not None
    assert not walked.session.answers


def test_a_language_switch_keeps_the_answers(walked: Chat) -> None:
    assert walked.session is not None
    step, answers = walked.step, {k: a.value for k, a in walked.session.answers.items() if a.value is not None}
    assert walked.say("हिंदी").prompt.language == "hi"
    assert walked.say("भाषा").step == "@language"
    walked.say("2")
    assert walked.session is not None
    assert walked.prompt.language == "en"
    assert walked.step == step
    assert {k: a.value for k, a in walked.session.answers.items() if a.value is not None} == answers


def test_cancel_asks_and_then_erases(walked: Chat) -> None:
    drafted = walked.step != "category"
    step = walked.step
    if drafted:
        assert walked.say("radd").step == "@cancel"
        assert walked.say("no").step == step
        assert walked.say("cancel", "haan").step == "@cancel"
        walked.say("mita do")
    else:
        walked.say("cancel")
        assert "no unfinished information" in walked.text
    assert (walked.turn.session, walked.turn.erase, walked.turn.reach) == (None, drafted, None)


def test_restart_asks_and_then_begins_again(walked: Chat) -> None:
    drafted, step = walked.step != "category", walked.step
    if drafted:
        assert walked.say("नमस्ते").step == "@restart"
        assert walked.tap("no").step == step
        walked.say("restart").tap("yes")
    else:
        walked.say("restart")
    assert (walked.turn.session, walked.turn.erase) == (None, drafted)
    assert "Choose a language" in walked.text
    assert walked.tap("en").step == "category"


def test_forget_erases_at_once(walked: Chat) -> None:
    drafted = walked.step != "category"
    walked.say("forget me")
    assert (walked.turn.session, walked.turn.erase, walked.turn.reach) == (None, drafted, False)
    assert ("unfinished" in walked.text) is drafted


def test_skip_continues_where_a_question_may_be_skipped(walked: Chat) -> None:
    step = walked.step
    walked.say("chhode")
    if step in {"police_who", "evidence", "place"}:
        assert walked.step != step
    else:
        assert walked.step == step
        assert "cannot be skipped" in walked.text


def test_edit_opens_the_answers(walked: Chat) -> None:
    step = walked.step
    walked.say("badle")
    assert walked.step in {"@change", "review"}
    if walked.step == "@change":
        assert walked.say("back").step == step


@pytest.mark.parametrize("word", ["status", "sthiti", "jawab"])
def test_status_asks_for_the_code_and_leads_back(walked: Chat, word: str) -> None:
    step = walked.step
    assert walked.say(word).step == "@code"
    assert walked.say("back").step == step


@pytest.mark.parametrize("word", ["no", "बस", "जी", "done", "haan", "pata nahi", "और", "ok", "👍"])
def test_a_word_that_tells_nothing_is_no_story(chat: Chat, word: str) -> None:
    chat.say("Hi", "2", "daru", word)
    assert chat.step == "what"
    assert chat.session is not None
    assert "what" not in chat.session.answers


@pytest.mark.parametrize(
    "text", ["skip the police, they know", "please help, they have guns", "go back to Lanka crossing"]
)
def test_a_text_that_contains_a_command_word_is_an_answer(chat: Chat, text: str) -> None:
    chat.say("Hi", "2", "daru", text)
    assert chat.session is not None
    while chat.session.suggested:  # asked whether it is the command, and then whether it belongs to the tip
        chat.tap("yes" if chat.session.suggested[1] == KEEP else "no")
    assert chat.session.answers["what"].value == text


def test_dont_know_skips_a_question_without_such_an_option(chat: Chat) -> None:
    chat.say("Hi", "2", *STEPS["police_who"]).say("pata nahi")
    assert chat.step == "evidence"


def test_pages_are_turned_by_word_and_tap(chat: Chat) -> None:
    chat.say("Hi", "2", "more")
    assert chat.prompt.page == 1
    assert chat.tap("@less").prompt.page == 0
    assert chat.tap("@more").prompt.page == 1
    assert chat.say("daru").prompt.page == 0


def test_a_file_during_the_engines_own_question_is_stored(chat: Chat) -> None:
    chat.say("Hi", "2", *STEPS["police"]).say("cancel").send("image")
    assert chat.step == "police"
    assert len(chat.turn.media_jobs) == 1
    chat.say("edit").send("image")
    assert chat.step == "police"
    assert len(chat.turn.media_jobs) == 1


def test_delete_at_the_evidence_erases_the_files_only(chat: Chat) -> None:
    chat.say("Hi", "2", *STEPS["evidence"]).send("image").say("mitao")
    assert chat.turn.dropped_files == ("1",)
    assert chat.say("mitao").step == "@cancel"


def test_a_story_during_the_engines_own_question_is_stored(chat: Chat) -> None:
    chat.say("Hi", "2", *STEPS["police"]).say("cancel", "they come in a white van at night")
    assert chat.step == "police"
    assert chat.session is not None
    assert chat.session.answers["what"].value.endswith("they come in a white van at night")


def test_a_word_at_the_engines_own_question_is_asked_about_and_the_question_stays(chat: Chat) -> None:
    assert chat.say("Hi", "2", "daru").say("cancel", "zzz").step == "@suggested"
    assert chat.say("no").step == "@cancel"
