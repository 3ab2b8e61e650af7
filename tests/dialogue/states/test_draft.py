"""The flow's own questions: recordings and films, going back, and answers that are no longer asked."""

from __future__ import annotations

import pytest

from satark.api.inbound import MediaKind
from satark.dialogue.engine import Engine
from satark.dialogue.turn.summary import SCREEN
from satark_testing.dialogue.chat import Chat
from support.dialogue.small_flows import SEND, small_chat
from support.dialogue.walks import at_evidence, at_police, at_review


def test_a_voice_message_is_an_answer_and_part_of_the_tip(chat: Chat) -> None:
    chat.say("Hi", "1", "daru").send("voice").say("Lanka").say("no", "skip").tap("send")
    made = chat.submission
    assert made is not None
    assert made.answers["what"] == {"voice": "1"}
    assert made.evidence == ("1",)
    assert chat.turns[3].media_jobs[0].role == "what"


def test_a_tipster_who_sends_a_video_is_warned_once_about_their_voice(chat: Chat) -> None:
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


def test_a_film_at_the_review_is_asked_about_its_sound(chat: Chat) -> None:
    at_review(chat).send("video")
    assert chat.step == "film_sound"
    assert chat.say("skip").step == "review"
    assert "film_sound" not in chat.tap("send").submission.answers  # type: ignore[union-attr] # it was sent


def test_an_unsolicited_film_is_warned_of_too(chat: Chat) -> None:
    chat.say("Hi", "2").send("video")
    assert "voice in a video can give you away" in chat.text
    assert "keep it as proof" in chat.text


@pytest.mark.parametrize("kind", ["voice", "audio"])
@pytest.mark.parametrize(("tapped", "answer"), [("own", "own"), ("other", "other"), ("@skip", None)])
def test_the_tipster_is_asked_whose_voice_is_in_recorded_evidence(
    chat: Chat, kind: MediaKind, tapped: str, answer: str | None
) -> None:
    at_evidence(chat).send("image").send(kind).say("done")
    assert chat.step == "whose_voice"
    chat.tap(tapped, "send")
    assert chat.submission is not None
    assert chat.submission.answers.get("whose_voice") == answer


def test_no_question_about_voices_follows_photos_spoken_answers_or_calls(chat: Chat, engine: Engine) -> None:
    at_evidence(chat).send("image").send("image").say("done")
    assert chat.step == "review"
    spoken = Chat(engine).say("Hi", "2", "daru").send("voice").say("Assi ghat", "no", "skip")
    assert spoken.step == "review"
    call = at_evidence(Chat(engine, channel="voice")).send("voice").say("done")
    assert call.step == "review"


def test_a_review_in_the_first_reply_fits_on_a_screen_and_repeats_nothing() -> None:
    steps = "- {id: notice, type: say}\n- {id: what, type: text, opening: true}\n- {id: place, type: place}"
    talk = small_chat(steps + SEND, {"notice.whatsapp": "n" * 300})
    story = "They sell liquor behind the school near Lanka every night " * 8
    assert talk.say(story).step == "r"
    assert len(talk.text) <= SCREEN
    assert "We understood" not in talk.text
    assert story[:150] not in talk.text
    assert story[:200] in talk.tap("details").say("back").text, "a later review has more room"


@pytest.mark.parametrize("answer", ["कोई नहीं", "koi nahi", "none"])
def test_a_tipster_who_suspects_nobody_accuses_nobody_and_names_no_officer(chat: Chat, answer: str) -> None:
    chat.say("Hi", "हिन्दी", "अवैध खनन", "रात में बालू निकालते हैं", "लंका", "हाँ")
    assert chat.step == "police_unit"
    assert chat.say(answer).step == "evidence"
    made = chat.tap("@skip", "send").submission
    assert made is not None
    assert (made.accused, made.answers["police"]) == (None, "no")


def test_a_complaint_about_the_police_may_accuse_nobody_by_name(chat: Chat) -> None:
    chat.say("Hi", "हिन्दी", "पुलिस भ्रष्टाचार", "रात में ट्रकों से पैसे लिए जाते हैं", "लंका").tap("none")
    assert chat.step == "evidence"
    made = chat.tap("@skip", "send").submission
    assert made is not None
    assert (made.accused, made.answers["police_unit"]) == (None, "none")


def test_the_tipster_is_asked_about_the_voice_of_a_late_recording_and_not_of_a_removed_one(chat: Chat) -> None:
    at_evidence(chat).send("image").say("done")
    chat.send("voice")
    assert chat.step == "whose_voice"
    chat.tap("other").tap("change", "evidence").tap("@clear").send("image").say("done")
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert "whose_voice" not in chat.submission.answers


def test_changing_the_category_drops_answers_that_are_no_longer_asked(chat: Chat) -> None:
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


def test_a_past_event_is_asked_for_its_day(chat: Chat) -> None:
    at_review(chat).tap("details", "when", "past")
    assert chat.step == "when_date"
    chat.say("last night at 10").tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["when_date"] == "last night at 10"
    assert chat.submission.priority == "normal"


def test_going_back_to_the_evidence_erases_no_file(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it at the shop", "Assi", "no").send("image").send("image").say(
        "done", "back"
    )
    assert chat.step == "evidence"
    assert "2 so far" in chat.text
    assert [turn.dropped_files for turn in chat.turns if turn.dropped_files] == []
    chat.say("back", "no", "done").tap("send")
    assert chat.submission is not None
    assert chat.submission.evidence == ("1", "2")


def test_going_back_to_a_spoken_answer_erases_the_answer(chat: Chat) -> None:
    assert chat.say("Hi", "2", "daru").send("voice").say("back").step == "what"
    assert chat.turn.dropped_files == ("1",)
