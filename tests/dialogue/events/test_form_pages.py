"""A page of a form, and the questionnaire as one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.flow import FormQuestion, FormView
from satark.api.inbound import FormPage, Media, MediaRef, Pin, Tap, Text
from satark.dialogue.engine import Engine
from satark.dialogue.events.form_pages import CLEAR
from satark.dialogue.flow.definition import FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import NOW, Chat
from satark_words.geography.geography import Geography

pytestmark = pytest.mark.slow("whole conversations")

Told = Text | Tap | Pin | Media
STORY = "They sell liquor behind the school"
SHORT = (
    ("category", Tap("INTOX")),
    ("what", Text(STORY)),
    ("place", Text("Assi ghat")),
    ("police", Tap("no")),
    ("evidence", Text("")),
)


@pytest.fixture
def form(engine: Engine) -> Chat:
    return Chat(engine, channel="web_form")


def fill(chat: Chat, *answers: tuple[str, Told], language: str = "en") -> Chat:
    return chat.hear(FormPage(answers, language))


def sheet(chat: Chat) -> FormView:
    assert chat.session is not None
    return chat.engine.form(chat.session, NOW)


def question(chat: Chat, step: str) -> FormQuestion:
    return next(one for one in sheet(chat).questions if one.step == step)


def photo(name: str = "1") -> Media:
    return Media(MediaRef(account="web_form:site", id=name), "image")


def voice(caption: str = "") -> Media:
    return Media(MediaRef(account="web_form:site", id="v"), "voice", caption)


def test_a_whole_form_at_once_leads_to_the_review(form: Chat) -> None:
    fill(form, *SHORT)
    assert (form.step, form.prompt.language) == ("review", "en")
    made = form.tap("send").submission
    assert made is not None
    assert (made.answers["what"], made.category) == (STORY, "INTOX")


def test_question_by_question_the_tip_is_the_same(form: Chat, engine: Engine) -> None:
    for one in SHORT:
        fill(form, one)
    other = fill(Chat(engine, channel="web_form"), *SHORT)
    assert form.tap("send").submission == other.tap("send").submission


def test_an_answer_goes_to_its_question_from_anywhere_in_the_conversation(form: Chat) -> None:
    fill(form, *SHORT[:3])
    assert form.step == "police"
    fill(form, ("what", Text("Not liquor, but ganja")))
    assert form.step == "police"
    assert question(form, "what").value == "Not liquor, but ganja"


def test_an_edit_under_way_in_a_menu_is_left_for_the_form(form: Chat) -> None:
    fill(form, *SHORT).tap("change").tap("what")
    fill(form, ("place", Text("Lanka")))
    assert form.step == "review"
    assert question(form, "what").value == STORY
    assert question(form, "place").value["text"] == "Lanka"


def test_refused_answers_are_reported_beside_their_questions_and_the_others_accepted(form: Chat) -> None:
    fill(form, ("category", Tap("NONE")), ("what", Text(STORY)), ("place", Text(" ")))
    assert dict(form.prompt.problems).keys() == {"category", "place"}
    assert all(said in form.text for _, said in form.prompt.problems)
    assert form.step == "category"
    assert question(form, "what").value == STORY


def test_a_text_longer_than_a_chats_limit_is_accepted_whole(form: Chat) -> None:
    told = "कथा " * 9000
    fill(form, ("what", Text(told)))
    assert question(form, "what").value == told.strip()
    fill(form, ("what", Text(told * 2)))
    assert form.prompt.problems[0][0] == "what"
    assert question(form, "what").value == told.strip()


def test_words_for_a_question_that_is_not_asked_are_stored(form: Chat) -> None:
    fill(form, *SHORT, ("police_who", Text("Constable Ram of Lanka thana")))
    assert question(form, "what").value == f"{STORY}\nConstable Ram of Lanka thana"


def test_details_are_answered_and_taken_back_without_being_picked_first(form: Chat) -> None:
    fill(form, *SHORT, ("who", Text("A tall man")), ("when", Tap("now")))
    assert form.step == "review"
    fill(form, ("who", Text("")))
    assert not question(form, "who").answered
    assert question(form, "when").value == "now"


def test_files_and_a_recording_belong_to_their_questions(form: Chat) -> None:
    fill(form, *SHORT[:2], ("what", voice()), ("evidence", photo("1")), ("evidence", photo("2")))
    assert (question(form, "evidence").files, question(form, "what").files) == (2, 1)
    assert len(form.turn.media_jobs) == 3
    fill(form, ("what", Text("In words too")))
    assert question(form, "what").value == {"voice": "1", "text": "In words too"}
    fill(form, ("evidence", Text("")), ("place", Text("Assi ghat")), ("police", Tap("no")))
    assert form.step == "review"
    made = form.tap("send").submission
    assert made is not None
    assert made.evidence == ("1", "2", "3")


@pytest.mark.parametrize("told", [(voice(), Text("in words")), (voice("in words"),)])
def test_a_recording_is_erased_and_the_words_stay(told: tuple[Told, ...], form: Chat) -> None:
    fill(form, *(("what", one) for one in told))
    fill(form, ("what", Tap(CLEAR)))
    assert question(form, "what").value == "in words"
    assert form.turn.dropped_files == ("1",)


def test_the_files_of_a_question_are_erased(form: Chat) -> None:
    fill(form, *SHORT, ("evidence", photo()), ("evidence", Text("")))
    fill(form, ("evidence", Tap(CLEAR)))
    assert (question(form, "evidence").files, form.turn.dropped_files) == (0, ("1",))
    assert form.step == "evidence"


def test_after_the_receipt_a_form_that_is_still_open_changes_nothing(form: Chat) -> None:
    fill(form, *SHORT).tap("send")
    fill(form, ("what", Text("Something else")))
    assert "already sent" in form.text
    assert form.session is not None
    assert form.session.submitted


def test_the_pages_language_is_used_only_if_none_is_chosen(form: Chat) -> None:
    fill(form, SHORT[0], language="hi")
    fill(form, SHORT[1], language="en")
    assert form.prompt.language == "hi"


def test_words_before_a_language_are_stored_by_a_form_without_one(form: Chat) -> None:
    fill(form, SHORT[1], language="xx")
    assert form.step == "@language"
    assert question(form, "what").value == STORY


@pytest.fixture(scope="session")
def many() -> Engine:
    """A flow with several choices of one question."""
    shipped = default_flow()
    text = "languages: [en]\naccuses: nobody\nsteps:\n- {id: danger, type: choices, options: ['yes', 'no', unknown]}\n"
    text += "- {id: review, type: review}\n- {id: send, type: submit}\n"
    source = FlowSource(name="many", text=text, catalogues=shipped.catalogues)
    return Engine(load_flow(source), source.catalogues, Geography.sample())


def test_several_options_are_chosen_together_and_replace_earlier_ones(many: Engine) -> None:
    chat = fill(Chat(many), ("danger", Tap("unknown")), ("danger", Tap("yes")))
    assert question(chat, "danger").value == ["yes", "unknown"]
    assert fill(chat, ("danger", Tap("no"))).step == "review"
    assert question(chat, "danger").value == ["no"]


def test_the_sheet_shows_the_questions_and_their_answers(form: Chat) -> None:
    fill(form, *SHORT[:2])
    shown = sheet(form)
    assert (shown.current, shown.language, shown.started, shown.review) == ("place", "en", True, "")
    asked = [one.step for one in shown.questions if one.asked and not one.detail]
    assert asked == ["category", "what", "place", "district", "police", "evidence"]
    assert question(form, "category").shown == "Illegal liquor / drugs"
    assert [one.step for one in shown.questions if one.detail and one.asked][:2] == ["when", "who"]
    assert sheet(fill(form, *SHORT[2:])).review == "review"


_STEPS = [step.id for step in load_flow(default_flow()).steps]
_TOLD = st.one_of(
    st.builds(Text, st.text(max_size=40)),
    st.builds(Tap, st.sampled_from(["yes", "no", "INTOX", "unknown", "station", CLEAR, "now", ""])),
    st.builds(Pin, st.floats(allow_nan=False), st.floats(allow_nan=False), st.text(max_size=5)),
    st.sampled_from([photo(), voice(), voice("words")]),
)
_PAGES = st.lists(st.tuples(st.sampled_from([*_STEPS, "", "@language"]), _TOLD), max_size=5)


@settings(max_examples=50, deadline=None)
@given(st.lists(_PAGES, max_size=6))
def test_everything_filled_in_is_answered_and_no_file_is_dropped(engine: Engine, pages: list[list[object]]) -> None:
    chat = Chat(engine, channel="web_form")
    for page in pages:
        chat.hear(FormPage(tuple(page), "hi"))  # type: ignore[arg-type] # Hypothesis can't type its tuples
        assert chat.text
        assert sheet(chat).questions
        assert chat.session is not None
        kept = {keep.ordinal for turn in chat.turns for keep in turn.media_jobs}
        dropped = {ordinal for turn in chat.turns for ordinal in turn.dropped_files}
        assert {file.ordinal for file in chat.session.files} == kept - dropped
        assert not dropped & {o for a in chat.session.answers.values() for o in a.evidence}


def test_the_words_beside_a_recording_are_shown_with_it(form: Chat) -> None:
    fill(form, *SHORT[:1], ("what", voice()), ("what", Text("In words too")), ("place", voice()))
    assert question(form, "what").shown == "In words too, voice message"
    assert question(form, "place").shown == "voice message"


def test_a_cleared_recording_of_a_place_leaves_the_words_beside_it(form: Chat) -> None:
    fill(form, *SHORT[:1], ("place", voice("near the ghat")))
    fill(form, ("place", Tap(CLEAR)))
    assert question(form, "place").shown == "near the ghat"
