"""The default flow, walked as citizens walk it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.channel import Event, MediaKind, Tap, Text, Unsupported
from satark.api.flow import Step
from satark.api.tip import Accused, Place
from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import FileNotice, Session
from satark_testing.dialogue.chat import NOW, RECEIPT, Chat
from satark_words.geography.geography import Geography

CATEGORIES = [
    "COW", "INTOX", "ARMS", "GAMBL", "TRAFF", "MINE", "EXTORT", "HARASS", "CONV", "POLCOR", "HEIN", "OTHER",
]  # fmt: skip


def at_police(chat: Chat, language: str = "2", category: str = "daru") -> Chat:
    """Answer up to the question after the place."""
    return chat.say("Hi", language, category, "They sell it behind the school", "Assi ghat")


def at_evidence(chat: Chat) -> Chat:
    return at_police(chat).say("no")


def at_review(chat: Chat) -> Chat:
    return at_evidence(chat).say("skip")


# ----------------------------------------------------------------- the short road


@pytest.mark.parametrize("language", ["1", "2"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_seven_answers_after_hi_make_a_tip(chat: Chat, language: str, category: str) -> None:
    chat.say("Hi", language).tap(category).say("क्या हो रहा है behind the school")
    asks_now = category in {"TRAFF", "HARASS", "HEIN"}
    chat.tap("no") if asks_now else None
    chat.say("Assi ghat")
    chat.tap("unknown") if category == "POLCOR" else chat.tap("no")
    if category == "POLCOR":
        chat.tap("@skip")
    chat.tap("send") if asks_now else chat.tap("@skip").tap("send")
    assert len(chat.turns) == 1 + 7 + (category == "POLCOR")
    made = chat.submission
    assert made is not None
    assert (made.category, made.language) == (category, "hi" if language == "1" else "en")
    assert made.answers["category"] == category
    assert made.answers["what"] == "क्या हो रहा है behind the school"
    assert made.answers["place"] == {"text": "Assi ghat", "district": "varanasi", "station": "bhelupur"}
    assert made.place == Place(text="Assi ghat", district="varanasi", station="bhelupur")
    assert made.evidence == ()
    assert made.accused == (Accused(level="unknown") if category == "POLCOR" else None)
    assert not {"language", "review", "evidence", "notice"} & set(made.answers)


def test_the_receipt_shows_number_and_code_in_four_groups_and_asks_to_be_reached(chat: Chat) -> None:
    at_review(chat).tap("send")
    assert RECEIPT.number in chat.text
    assert "8391 4460 7012 5538" in chat.text
    assert "delete this chat" in chat.text
    assert chat.prompt.must_arrive
    assert chat.offered() == ["no", "yes"]
    assert chat.session is not None
    assert chat.session.submitted
    assert chat.session.identity == ""
    assert chat.session.answers == {}
    assert b"8391" not in msgspec.msgpack.encode(chat.session)


def test_the_first_question_carries_the_channels_notice_and_112(chat: Chat, engine: Engine) -> None:
    assert "WhatsApp itself knows" in chat.say("Hi", "2").text
    assert "112" in chat.text
    for channel, words in (
        ("telegram", "Telegram itself knows"),
        ("other", "stays confidential"),
        ("web_form", "Write nothing that shows who you are"),
    ):
        assert words in Chat(engine, channel=channel).say("Hi", "2").text


def test_the_language_question_comes_in_both_languages(chat: Chat) -> None:
    chat.say("नमस्ते")
    assert "भाषा चुनें" in chat.text
    assert "Choose a language" in chat.text
    assert [choice.label for choice in chat.prompt.choices] == ["हिन्दी", "English"]


@pytest.mark.parametrize(("typed", "language"), [("1", "hi"), ("१", "hi"), ("2️⃣", "en"), ("हिंदी", "hi"), ("eng", "en")])
def test_a_language_is_chosen_by_number_or_name(chat: Chat, typed: str, language: str) -> None:
    chat.say("Hi", typed)
    assert chat.prompt.language == language
    assert chat.step == "category"


def test_a_language_name_as_the_very_first_word_is_a_choice(chat: Chat) -> None:
    assert chat.say("English").step == "category"


@pytest.mark.parametrize(
    "typed",
    ["2", "२", "२.", "2)", "2️⃣", "अवैध शराब / नशा", "अवैध शराब नशा", "शराब", "दारू", "daru", "sharab bikti hai", "liquor"],
)
def test_a_category_is_chosen_in_many_ways(chat: Chat, typed: str) -> None:
    chat.say("Hi", "1", typed)
    assert chat.step == "what"
    assert chat.session is not None
    assert chat.session.answers["category"].value == "INTOX"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("sand", "MINE"), ("बालू", "MINE"), ("cow", "COW"), ("jua", "GAMBL"), ("12", "OTHER"), ("१०", "POLCOR")],
)
def test_other_words_and_numbers_choose_categories(chat: Chat, typed: str, code: str) -> None:
    chat.say("Hi", "2", typed)
    assert chat.session is not None
    assert chat.session.answers["category"].value == code


@pytest.mark.parametrize("typed", ["13", "0", "qwerty", "!!"])
def test_what_chooses_nothing_is_answered_politely(chat: Chat, typed: str) -> None:
    chat.say("Hi", "2", typed)
    assert chat.step == "category"
    assert "not understood" in chat.text


# ----------------------------------------------------------------- speaking, places, files


def test_a_voice_message_is_the_answer_and_goes_into_the_tip(chat: Chat) -> None:
    chat.say("Hi", "1", "daru").send("voice").say("Lanka").say("no", "skip").tap("send")
    made = chat.submission
    assert made is not None
    assert made.answers["what"] == {"voice": "1"}
    assert made.evidence == ("1",)
    assert chat.turns[3].media_jobs[0].role == "what"


def test_a_pin_tells_district_and_station(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily").pin(25.2815, 82.9995, "BHU gate")
    assert chat.step == "police"
    chat.say("no", "skip").tap("send")
    assert chat.submission is not None
    place = chat.submission.place
    assert (place.text, place.district, place.station) == ("BHU gate", "varanasi", "lanka")
    assert chat.submission.answers["place"]["latitude"] == 25.2815


def test_an_unknown_place_has_its_station_asked_and_dont_know_is_fine(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily", "behind the big temple")
    assert chat.step == "district"
    chat.say("Varanasi")
    assert chat.step == "station"
    chat.say("don't know", "no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.place == Place(text="behind the big temple", district="varanasi")
    assert chat.submission.answers["station"] == "unknown"


@pytest.mark.parametrize("typed", ["लंका", "lanka", "thana lanka", "1"])
def test_a_station_is_chosen_by_name(chat: Chat, typed: str) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily", "behind the big temple", "Varanasi", typed)
    chat.say("no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.place.station == "lanka"
    assert chat.submission.answers["place"]["station"] == "lanka"


def test_a_spoken_place_is_kept(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily").send("voice").say("no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["place"] == {"voice": "1"}


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, float("nan")), (float("inf"), 1.0)])
def test_a_pin_that_is_nowhere_is_refused(chat: Chat, latitude: float, longitude: float) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily").pin(latitude, longitude)
    assert chat.step == "place"


def test_evidence_is_any_number_of_files_until_done(chat: Chat) -> None:
    at_evidence(chat).send("image").send("video")
    assert "2 so far" in chat.text
    assert chat.prompt.debounce
    chat.say("ho gaya").tap("remove", "send")
    assert chat.submission is not None
    assert chat.submission.evidence == ("1", "2")


def test_whoever_sends_a_film_is_told_once_that_their_voice_may_be_in_it(chat: Chat) -> None:
    warning = "voice in a video can give you away"
    at_evidence(chat).send("image")
    assert warning not in chat.text
    assert warning in chat.send("video").text
    assert warning not in chat.send("video").text
    assert chat.say("done").step == "film_sound"


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "web_form"])
@pytest.mark.parametrize("answer", ["remove", "keep"])
def test_the_sound_of_a_film_is_removed_by_one_tap(engine: Engine, channel: str, answer: str) -> None:
    chat = at_evidence(Chat(engine, channel=channel)).send("video").say("done").tap(answer)
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["film_sound"] == answer


def test_a_film_that_comes_at_the_review_has_its_sound_asked_about(chat: Chat) -> None:
    at_review(chat).send("video")
    assert chat.step == "film_sound"
    assert chat.say("skip").step == "review"
    assert "film_sound" not in chat.tap("send").submission.answers  # type: ignore[union-attr] # it was sent


def test_a_film_that_comes_unasked_is_warned_of_too(chat: Chat) -> None:
    chat.say("Hi", "2").send("video")
    assert "voice in a video can give you away" in chat.text
    assert "keep it as evidence" in chat.text


@pytest.mark.parametrize("kind", ["voice", "audio"])
@pytest.mark.parametrize(("tapped", "answer"), [("own", "own"), ("other", "other"), ("@skip", None)])
def test_whose_voice_it_is_is_asked_once_a_recording_is_among_the_evidence(
    chat: Chat, kind: MediaKind, tapped: str, answer: str | None
) -> None:
    at_evidence(chat).send("image").send(kind).say("done")
    assert chat.step == "whose_voice"
    chat.tap(tapped, "send")
    assert chat.submission is not None
    assert chat.submission.answers.get("whose_voice") == answer


def test_it_is_not_asked_of_photos_nor_of_a_spoken_answer_nor_in_a_phone_call(chat: Chat, engine: Engine) -> None:
    at_evidence(chat).send("image").send("image").say("done")
    assert chat.step == "review"
    spoken = Chat(engine).say("Hi", "2", "daru").send("voice").say("Assi ghat", "no", "skip")
    assert spoken.step == "review"
    call = at_evidence(Chat(engine, channel="voice")).send("voice").say("done")
    assert call.step == "review"


def test_it_is_asked_when_a_recording_comes_late_and_not_once_it_is_taken_back(chat: Chat) -> None:
    at_evidence(chat).send("image").say("done")
    chat.send("voice")
    assert chat.step == "whose_voice"
    chat.tap("other").tap("change", "evidence").tap("@clear").send("image").say("done")
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert "whose_voice" not in chat.submission.answers


def test_a_file_at_any_other_step_is_evidence_and_the_question_stays(chat: Chat) -> None:
    chat.say("Hi", "2").send("image")
    assert chat.step == "category"
    assert "keep it as evidence" in chat.text
    assert chat.turn.media_jobs[0].role == "evidence"
    assert chat.prompt.debounce


def test_a_caption_under_a_picture_answers_a_text_question(chat: Chat) -> None:
    chat.say("Hi", "2", "daru").send("image", "they sell it here")
    assert chat.step == "place"
    assert chat.session is not None
    assert chat.session.answers["what"].value == "they sell it here"


def test_all_files_of_a_step_can_be_erased(chat: Chat) -> None:
    at_evidence(chat).send("image").send("image").tap("@clear")
    assert chat.turn.dropped_files == ("1", "2")
    assert chat.step == "evidence"
    chat.send("image")
    assert chat.turn.media_jobs[0].ordinal == "3"


# ----------------------------------------------------------------- the first words


def test_a_story_as_the_first_message_answers_what_it_tells(chat: Chat) -> None:
    chat.say("They sell illegal liquor at Lanka crossing")
    assert "NOT sent yet" in chat.text
    assert "Understood: Illegal liquor / drugs, Lanka" in chat.text
    assert chat.step == "police"
    chat.say("no")
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.category == "INTOX"
    assert chat.submission.answers["what"] == "They sell illegal liquor at Lanka crossing"
    assert (chat.submission.place.district, chat.submission.place.station) == ("varanasi", "lanka")
    assert len(chat.turns) == 3


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


def test_only_what_a_story_leaves_out_is_asked(chat: Chat) -> None:
    chat.say("They sell illegal liquor", "at Lanka crossing every night")
    assert chat.session is not None
    assert chat.session.answers["what"].value == "They sell illegal liquor"
    assert chat.session.answers["place"].value["station"] == "lanka"
    assert chat.step == "police"


def test_first_photo_voice_and_pin_are_kept(chat: Chat) -> None:
    chat.send("image").send("voice").pin(25.281, 82.999).say("2", "daru")
    assert chat.step == "police"
    chat.say("no", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.evidence == ("1", "2")
    assert chat.submission.answers["what"] == {"voice": "2"}
    assert chat.submission.place.station == "lanka"


@pytest.mark.parametrize("greeting", ["Hi", "hello sir", "namaste ji", "नमस्ते", "ok", "👋", "", "start"])
def test_a_greeting_is_not_taken_for_a_story(chat: Chat, greeting: str) -> None:
    chat.say(greeting)
    assert chat.session is not None
    assert chat.session.answers == {}
    assert "not understood" not in chat.text


def test_a_story_at_a_choice_is_added_to_what_was_told(chat: Chat) -> None:
    at_police(chat).say("the boys bring it in a white van")
    assert chat.step == "police"
    assert chat.session is not None
    assert chat.session.answers["what"].value.endswith("\nthe boys bring it in a white van")


def test_a_story_beside_a_voice_message_is_kept_with_it(chat: Chat) -> None:
    chat.send("voice").say("2", "it happens every single night")
    assert chat.session is not None
    assert chat.session.answers["what"].value == {"voice": "1", "text": "it happens every single night"}


def test_a_later_pin_completes_the_place(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "It is sold here daily", "behind the big temple").pin(25.281, 82.999)
    assert chat.step == "police"
    assert chat.session is not None
    assert chat.session.answers["place"].value["text"] == "behind the big temple"


# ----------------------------------------------------------------- police


@pytest.mark.parametrize(
    ("unit", "more", "accused", "promise"),
    [
        ("station", [], Accused(level="station", unit="bhelupur"), "Only the SP and DIG offices"),
        ("outpost", [], Accused(level="outpost", unit="bhelupur"), "Only the SP and DIG offices"),
        ("other_station", ["sigra"], Accused(level="station", unit="sigra"), "Only the SP and DIG offices"),
        ("other_station", ["don't know"], Accused(level="unknown"), "Only the SP and DIG offices"),
        ("circle", [], Accused(level="circle"), "not be shown to that office"),
        ("district", [], Accused(level="district", unit="varanasi"), "Only the DIG's office"),
        ("unknown", [], Accused(level="unknown"), "any thana or chowki"),
    ],
)
def test_whom_the_tip_accuses_and_what_is_promised(
    chat: Chat, unit: str, more: list[str], accused: Accused, promise: str
) -> None:
    at_police(chat).tap("yes").tap(unit).say(*more)
    assert chat.step == "police_who"
    assert promise in chat.text
    chat.say("skip", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == accused


def test_a_named_outpost_is_the_accused(chat: Chat) -> None:
    at_police(chat).tap("yes", "outpost").say("the SI of durgakund chowki", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == Accused(level="outpost", unit="bhelupur-durgakund")


@pytest.mark.parametrize("word", ["no", "नहीं", "unknown"])
def test_without_suspicion_nobody_is_accused(chat: Chat, word: str) -> None:
    at_police(chat).say(word, "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused is None


def test_changing_the_category_leaves_no_answer_of_the_road_not_taken(chat: Chat) -> None:
    at_police(chat).tap("yes", "station").send("voice").say("skip")
    chat.tap("change", "police").say("no")
    assert chat.step == "review"
    chat.tap("send")
    made = chat.submission
    assert made is not None
    assert not {"police_unit", "police_who"} & set(made.answers)
    assert made.accused is None
    assert made.evidence == ()
    assert chat.turn.dropped_files == ("1",)


# ----------------------------------------------------------------- the review


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


def test_a_past_event_has_its_day_asked(chat: Chat) -> None:
    at_review(chat).tap("details", "when", "past")
    assert chat.step == "when_date"
    chat.say("last night at 10").tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["when_date"] == "last night at 10"
    assert chat.submission.priority == "normal"


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


def test_files_can_be_added_from_the_review(chat: Chat) -> None:
    at_review(chat).tap("change", "evidence").send("image").say("done")
    assert chat.step == "review"
    assert "1 file\n" in chat.text


def test_a_long_answer_is_clipped_in_the_summary_only(chat: Chat) -> None:
    story = "बहुत लंबी बात " * 100
    chat.say("Hi", "1", "daru", story, "Assi", "no", "skip")
    assert len(chat.text) < 1000
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["what"] == story.strip()


# ----------------------------------------------------------------- long texts


def test_a_text_too_long_for_one_message_is_continued_in_the_next(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "word " * 900)
    assert chat.step == "what"
    assert "kept up to these words" in chat.text
    chat.say("and the rest")
    assert chat.step == "place"
    assert chat.session is not None
    assert chat.session.answers["what"].value.endswith("word\nand the rest")


def test_a_text_too_long_may_be_left_at_that(chat: Chat) -> None:
    assert chat.say("Hi", "2", "daru", "word " * 900, "done").step == "place"


def test_going_back_takes_back_the_part(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "word " * 900, "back")
    assert chat.step == "what"
    assert "What is happening" in chat.text


def test_a_text_grows_only_so_far(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", *(["x" * 9000] * 12))
    assert "No more can be added" in chat.text
    assert chat.say("done").step == "place"


# ----------------------------------------------------------------- stale taps and second thoughts


def test_a_stale_tap_changes_that_answer(chat: Chat) -> None:
    chat.say("Hi", "2")
    old = {c.token.split(":")[1]: c for c in chat.prompt.choices}

    chat.tap("COW").hear(Tap(old["ARMS"].token, "x"))
    assert chat.step == "what"
    assert "Changed: About: Illegal arms" in chat.text
    chat.hear(Tap(old["ARMS"].token, "x"))
    assert "Changed" not in chat.text


@pytest.mark.parametrize(
    "token",
    [
        "police:yes:3", "review:send:1", "evidence:@done:1", "@cancel:yes:1", "nonsense", "", "a:b", "what:x:1",
        "category:ZZZ:1", "category:COW:zzzzzzzzzzz", "@mailbox:answer:1",
    ],
)  # fmt: skip
def test_a_foreign_tap_puts_the_question_again(chat: Chat, token: str) -> None:

    chat.say("Hi", "2", "daru")
    before = chat.session
    chat.hear(Tap(token, ""))
    assert before is not None
    assert chat.session is not None
    assert chat.step == "what"
    assert chat.session.answers == before.answers


def test_an_old_send_button_shows_the_newest_summary_first(chat: Chat) -> None:
    at_review(chat)
    old = chat.prompt.choices[0]
    chat.tap("change", "what").say("quite another story")

    chat.hear(Tap(old.token, old.label))
    assert chat.submission is None
    assert "quite another story" in chat.text
    assert chat.tap("send").submission is not None


def test_a_language_button_from_above_switches_the_language(chat: Chat) -> None:
    chat.say("Hi")
    hindi = chat.prompt.choices[0]

    chat.say("2", "daru").hear(Tap(hindi.token, hindi.label))
    assert chat.prompt.language == "hi"
    assert chat.step == "what"


def test_an_edited_message_changes_its_answer(chat: Chat) -> None:
    at_review(chat).edit("s3", "They sell it near the bridge")
    assert "near the bridge" in chat.text
    assert chat.step == "review"
    chat.edit("s2", "cow").edit("s1", "1")
    assert chat.session is not None
    assert chat.session.answers["category"].value == "COW"


def test_an_edit_that_can_not_be_read_leaves_the_answer(chat: Chat) -> None:
    at_review(chat).edit("s2", "blah")
    assert chat.session is not None
    assert chat.session.answers["category"].value == "INTOX"
    assert "the earlier answer stays" in chat.text
    assert chat.edit("nobody's", "x").step == "review"


def test_a_revoked_message_takes_its_answer_back(chat: Chat) -> None:
    at_review(chat).revoke("s3")
    assert chat.step == "what"
    assert "taken back" in chat.text
    assert chat.revoke("nobody's").step == "what"


def test_wiping_a_chat_after_the_end_is_not_answered(chat: Chat) -> None:
    at_review(chat).tap("send").tap("no")
    assert chat.session is None
    said = len(chat.prompts)
    chat.revoke("s3").edit("s2", "something else").revoke("s1")
    assert chat.session is None
    assert len(chat.prompts) == said
    assert chat.say("Hi").step == "@language"


def test_a_revoked_file_is_erased(chat: Chat) -> None:
    at_evidence(chat).send("image").send("image").revoke("s6")
    assert chat.turn.dropped_files == ("1",)
    assert "1 so far" in chat.text


def test_a_revoked_voice_answer_is_erased_and_asked_again(chat: Chat) -> None:
    chat.say("Hi", "2", "daru").send("voice").revoke("s3")
    assert chat.turn.dropped_files == ("1",)
    assert chat.step == "what"


def test_edits_and_revokes_after_the_receipt_are_answered(chat: Chat) -> None:
    at_review(chat).tap("send").edit("s3", "x")
    assert "already sent" in chat.text
    chat.revoke("s3")
    assert "cannot be taken back" in chat.text
    assert chat.step == "@reach"


# ----------------------------------------------------------------- after the receipt


@pytest.mark.parametrize(("option", "reach"), [("no", False), ("yes", True)])
def test_being_reached_is_the_tipsters_choice(chat: Chat, option: str, *, reach: bool) -> None:
    at_review(chat).tap("send").tap(option)
    assert (chat.turn.session, chat.turn.reach, chat.turn.erase) == (None, reach, False)


def test_hi_after_the_receipt_forgets_and_begins_afresh(chat: Chat) -> None:
    at_review(chat).tap("send").say("Hi")
    assert (chat.turn.session, chat.turn.reach) == (None, False)
    assert "Choose a language" in chat.text
    assert chat.tap("hi").step == "category"


@pytest.mark.parametrize("word", ["skip", "cancel", "no", "नहीं", "forget"])
def test_a_refusal_after_the_receipt_means_forget(chat: Chat, word: str) -> None:
    at_review(chat).tap("send").say(word)
    assert (chat.turn.session, chat.turn.reach, chat.turn.erase) == (None, False, False)


@pytest.mark.parametrize(
    "word", ["ok", "👍", "thanks", "theek hai", "धन्यवाद", "hmm", "yes but not now", "is it safe?", "kyon?"]
)
def test_nothing_but_a_clear_answer_decides_about_the_contact(chat: Chat, word: str) -> None:
    at_review(chat).tap("send").say(word)
    assert chat.turn.reach is None
    assert chat.turn.post is None
    assert chat.step == "@reach"


def test_what_is_told_after_the_receipt_is_added_to_the_tip(chat: Chat) -> None:
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


# ----------------------------------------------------------------- the engine's other voices


def test_time_running_out_says_nothing_and_leaves_no_word_of_a_draft(chat: Chat, engine: Engine) -> None:
    at_police(chat)
    assert chat.session is not None
    left = engine.expire(chat.session)
    assert left is not None
    assert (left.tip, left.identity, left.answers, left.lapsed) == ("", "", {}, True)
    chat.say("no", "skip").tap("send")
    assert engine.expire(chat.session) is None


def test_restating_changes_nothing(chat: Chat, engine: Engine) -> None:
    at_review(chat)
    assert chat.session is not None
    again = engine.repeat_question(chat.session)
    assert again.choices == chat.prompt.choices
    assert "Check your answers" in again.text


def test_notices_are_neutral(engine: Engine) -> None:
    for language in ("hi", "en", "xx"):
        for prompt in (
            engine.news_notice(language),
            engine.failure_notice(language),
            engine.file_notice(FileNotice("lost"), language),
        ):
            assert not any(word in prompt.text.lower() for word in ("police", "tip", "पुलिस", "सूचना", "crime"))


def test_what_a_channel_can_not_take_is_answered(chat: Chat) -> None:
    assert "cannot take this kind" in chat.say("Hi", "2").hear(Unsupported("poll")).text
    assert "contact card can show who you are" in chat.hear(Unsupported("contact")).text
    assert "too large" in chat.hear(Unsupported("too_large")).text
    assert chat.step == "category"


def test_an_interpreter_may_read_an_event_otherwise() -> None:
    def interpret(event: Event, step: Step | None, session: Session) -> Event | None:
        return Text("2") if event == Text("two") else None

    source = default_flow()
    chat = Chat(Engine(load_flow(source), source.catalogues, Geography.sample(), interpret))
    assert chat.say("Hi", "two").prompt.language == "en"


def test_a_pinned_session_goes_on_with_the_flow_rebuilt_from_its_canonical_form(chat: Chat, engine: Engine) -> None:
    at_police(chat)
    rebuilt = rebuild_flow(engine.flow.canonical)
    assert rebuilt.hash == engine.flow.hash
    assert len(rebuilt.hash) == 64
    assert rebuilt.languages == ("hi", "en")
    chat.engine = Engine(rebuilt, default_flow().catalogues, Geography.sample())
    assert chat.say("no", "skip").tap("send").submission is not None


def test_lone_surrogates_never_reach_a_prompt_or_a_tip(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "a story with \ud83d half an emoji", "Assi", "no", "skip")
    chat.text.encode()
    chat.tap("send")
    assert chat.submission is not None
    msgspec.json.encode(chat.submission)


def test_back_to_the_evidence_erases_none_of_it(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it at the shop", "Assi", "no").send("image").send("image").say(
        "done", "back"
    )
    assert chat.step == "evidence"
    assert "2 so far" in chat.text
    assert [turn.dropped_files for turn in chat.turns if turn.dropped_files] == []
    chat.say("back", "no", "done").tap("send")
    assert chat.submission is not None
    assert chat.submission.evidence == ("1", "2")


def test_back_to_a_spoken_answer_erases_it(chat: Chat) -> None:
    assert chat.say("Hi", "2", "daru").send("voice").say("back").step == "what"
    assert chat.turn.dropped_files == ("1",)


def test_who_can_not_be_reached_is_not_asked_and_forgotten_with_the_receipt(engine: Engine) -> None:
    session = engine.begin(channel="voice", tip="0" * 32, recipient="age1", identity="K", reachable=False)
    turn = engine.show_receipt(session, RECEIPT, NOW)
    assert (turn.session, turn.reach) == (None, False)
    assert turn.prompt is not None
    assert turn.prompt.must_arrive
    assert not turn.prompt.asks
    assert "8391 4460 7012 5538" in turn.prompt.text
    assert "नहीं करेंगे" in turn.prompt.text


def test_a_question_is_repeated_without_the_word_that_something_was_not_understood(chat: Chat) -> None:
    chat.say("Hi", "2", "zzz")
    assert "not understood" in chat.text
    assert "not understood" not in chat.say("repeat").text


def test_a_long_place_is_kept_and_what_is_cut_off_is_told(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it at the shop", "left of the mill, " * 200)
    assert "very long" not in chat.text
    chat.say("back", "left of the mill, " * 300)
    assert "very long" in chat.text
    assert chat.session is not None
    assert 3900 < len(chat.session.answers["place"].value["text"]) <= 4000


@pytest.mark.parametrize("word", ["back", "skip", "पीछे"])
@pytest.mark.parametrize("asked", ["Hi", "cancel"])
def test_who_wants_back_from_the_question_whether_to_erase_goes_on(asked: str, word: str, chat: Chat) -> None:
    chat.say("Hi").tap("en").tap("INTOX").say(asked)
    assert chat.step in {"@restart", "@cancel"}
    chat.say(word)
    assert chat.step == "what"


def test_the_digits_of_the_languages_erase_nothing_where_something_is_under_way(chat: Chat) -> None:
    """On the phone they are pressed by habit, before one has heard what they do this time."""
    assert chat.say("Hi").tap("en").tap("INTOX").say("Hi").say("1").step == "what"
    assert chat.say("Hi").say("2").step == "@language"
    assert chat.say("2").step == "what"


def test_a_key_pressed_on_the_phone_where_words_are_awaited_is_no_answer(engine: Engine) -> None:
    call = Chat(engine, channel="voice").say("Hi").tap("en").tap("INTOX").say("1")
    assert call.step == "what"
    assert "not understood" in call.text
    assert call.send("voice").say("7").step == "place"
    assert Chat(engine).say("Hi").tap("en").tap("INTOX").say("1").step == "place"


def test_a_place_that_is_a_stations_name_is_shown_once(chat: Chat) -> None:
    chat.say("Hi", "1", "daru", "दुकान पर बिकती है", "लंका", "नहीं", "छोड़ें")
    assert "जगह: लंका\n" in chat.text


def what(chat: Chat) -> Any:
    assert chat.session is not None
    return chat.session.answers["what"].value


def test_a_rewritten_message_replaces_no_other_message_of_the_same_answer(chat: Chat) -> None:
    at_police(chat).say("they bring it every night after ten, in a white pickup")
    source = f"s{len(chat.turns) - 1}"
    assert "every night" in what(chat.edit(source, "they bring it every night after nine, in a blue pickup"))
    assert what(chat).splitlines()[0] == "They sell it behind the school"
    assert "blue pickup" in what(chat)


def test_a_rewritten_part_of_a_long_answer_replaces_no_other_part(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "x" * 4500, "the rest of it")
    chat.edit("s4", "the rest of it, changed")
    assert what(chat).startswith("x" * 4000)
    assert what(chat).endswith("changed")


def test_a_rewritten_caption_of_a_spoken_answer_leaves_the_voice(chat: Chat) -> None:
    chat.say("Hi", "2", "daru").send("voice", "by the mill").edit("s3", "by the bridge")
    assert what(chat) == {"voice": "1", "text": "by the bridge"}


def test_a_rewritten_message_that_is_no_answer_is_not_passed_over_in_silence(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it", "Lanka", "no").send("image", "a white pickup").edit(
        "s6", "a blue pickup"
    )
    assert "earlier answer stays" in chat.text
