"""Words, files and whole tips are taken back only as the tipster says. Others' erasing is no wish."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import Chat
from support.dialogue.walks import SAID_UNTIL, new_chat
from support.loops import every_row

TAKEN_BACK = [
    "maine jhooth likha tha sab mita do", "मैंने झूठ लिखा था सब मिटा दो", "sab jhooth tha mita dijiye",
    "mujhse galti ho gayi sab mita do", "mazak tha mita do sab", "jhooth bola maine, delete kar do",
    "I lied please delete",
]  # fmt: skip


@pytest.mark.slow("a third of a second of a processor")
@every_row("said", TAKEN_BACK)
def test_a_tipster_with_a_reason_for_erasing_must_confirm_and_hears_that_a_sent_tip_stays(said: str) -> None:
    for step in ("police", "review"):
        talk = new_chat().say(*SAID_UNTIL[step])
        begun = talk.session
        talk.say(said)
        assert begun
        assert talk.session
        assert (talk.session.state, talk.session.answers) == ("@cancel", begun.answers)
    sent = new_chat().say(*SAID_UNTIL["review"]).tap("send").say(said)
    assert "cannot be taken back" in sent.text
    assert sent.turn.post is None


@every_row("said", ["usne bola sab mita do", "unhone sab saboot mita diya", "police ne video delete kar di thi"])
def test_telling_that_others_erase_something_is_no_wish_to_erase(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], said)
    assert talk.session
    assert talk.session.state != "@cancel"
    assert said in (*(words for _, words in talk.session.held), *str(talk.session.answers["what"].value).split("\n"))


TOLD = "Raju aur Ajay daru bechte hai, Raju ki dukan par"


UNWANTED = {
    "Raju ka naam hata do": "Raju", "Raju ka naam mat likhna": "Raju", "राजू का नाम हटा दो": "Raju",
    "राजू का नाम मत लिखिए": "Raju", "don't mention Raju please": "Raju", "do not write Ajay": "Ajay",
    "remove the name Ajay": "Ajay", "Ajay ka naam nikal dijiye": "Ajay",
}  # fmt: skip


@pytest.mark.slow("a third of a second of a processor")
@every_row("said", UNWANTED)
def test_an_unwanted_name_is_taken_out_only_after_a_yes(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], TOLD, said)
    assert talk.session
    assert "Erase these words" in talk.text
    assert TOLD in str(talk.session.answers["what"].value)
    talk.tap("no" if talk.channel == "sms" else "yes")
    assert UNWANTED[said] not in str(talk.session.answers)
    assert talk.step == "review"
    assert talk.submission is None
    kept = new_chat().say(*SAID_UNTIL["review"], TOLD, said).tap("no", "send").submission
    assert kept
    assert kept.answers["what"].endswith(TOLD)


@pytest.mark.slow("a third of a second of a processor")
@every_row("step", ["what", "place", "police", "review"])
@every_row(
    "said", ["Suresh ka naam hata do", "सुरेश का नाम मत लिखना", "photo mita do", "फोटो हटा दीजिए", "remove my photo"]
)
def test_unwanted_words_that_are_not_in_the_tip_are_asked_about_and_the_wish_is_never_added(
    step: str, said: str
) -> None:
    talk = new_chat().say(*SAID_UNTIL[step], said)
    assert talk.session
    assert talk.session.state == "@change"
    assert said not in str(talk.session.answers)
    assert not talk.session.held


@every_row("said", ["photo mita do", "photo hata dijiye", "फोटो हटा दो", "remove my photo", "video hata do"])
def test_an_unwanted_file_leads_to_the_files_and_the_word_that_erases_them(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).send().say(said)
    assert "Erase files" in talk.text
    assert talk.step == "evidence"
    talk.say("erase files")
    assert talk.session
    assert not talk.session.files
    assert talk.say("done").step == "review"


@every_row(
    "said", ["usne bola Raju ka naam hata do", "kya Raju ka naam hata doge?", "police ne Raju ka naam hata diya"]
)
def test_telling_that_others_take_something_out_is_no_wish(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], TOLD, said)
    assert talk.session
    assert not (talk.session.suggested and talk.session.suggested[1].startswith("-"))


UNWANTED_PHOTO = [
    "not this photo", "don't send the photo", "ye photo mat bhejna", "bina photo ke bhej do", "photo rehne do",
    "फोटो मत भेजना", "send without the photo", "ignore the photo", "photo saaf nahi hai",
]  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("said", UNWANTED_PHOTO)
def test_words_against_a_photo_lead_to_the_question_of_erasing_it(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).send("image")
    assert "1 file" in talk.text
    talk.say(said)
    assert talk.session
    assert (talk.session.state, len(talk.session.files)) == ("edit:evidence", 1)
    assert "Erase files" in talk.text
    talk.say("Erase files")
    assert talk.session.files == ()


TAKEN_BACK_LATE = [
    "take it back please", "undo", "unsend", "please send it back", "take back what I sent", "wapas le lo",
    "जो भेजा वो वापस लो", "भेजा हुआ संदेश वापस ले लो", "mera message wapas le lo", "galti se bhej diya wapas lo",
    "meri shikayat wapas le lo", "bhejal wapas le la",
]  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("said", TAKEN_BACK_LATE)
def test_a_tipster_who_takes_back_a_sent_tip_in_a_new_chat_hears_of_the_code(said: str) -> None:
    for begun in (new_chat(), new_chat().say("Hi")):
        talk = begun.say(said)
        assert talk.session is None
        assert any(word in talk.text for word in ("cannot be taken back", "वापस नहीं हो सकती"))
        assert any(word in talk.text for word in ('"status"', '"स्थिति"'))


@every_row("said", ["wapas le lo", "जो भेजा वो वापस लो", "take it back please", "sab wapas le lo"])
def test_a_tipster_who_takes_a_draft_back_is_asked_whether_to_erase_it(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], said)
    assert talk.step == "@cancel"


@pytest.mark.slow("many conversations")
@every_row(
    "said",
    [
        "rok do", "रोक दो", "ruk jao", "रुक जाओ", "roko ise", "hold it", "wait don't send", "yes send tomorrow",
        "send later", "haan kal bhejo", "हाँ कल भेजना", "abhi mat bhejna kal bhejna", "wapas le lo", "undo",
    ],
)  # fmt: skip
def test_a_tipster_who_wants_to_stop_or_delay_a_sent_tip_hears_that_it_is_sent(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).tap("send").say(said)
    assert "already sent and cannot be taken back" in talk.text
    assert talk.turn.post is None
    assert talk.step == "@reach"


@pytest.mark.slow("many conversations")
@every_row("refusal", ["mat bhejo", "don't send", "no", "nahi"])
@every_row("said", ["go ahead", "aage badho", "carry on", "आगे बढ़ो"])
def test_a_tipster_who_agrees_after_a_refusal_hears_the_effect(refusal: str, said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).tap("send").say(refusal, said)
    assert "already sent" in talk.text
    assert talk.step == "@reach"


LEFT = [
    "nahi bhai rehne do", "नहीं भाई रहने दो", "kuch nahi rehne do", "nahi bhai chhodo ye sab", "no let it be",
    "chhodo", "छोड़ो", "let it be", "let it go", "leave it", "rehne dijiye", "chhoda bhaiya",
]  # fmt: skip


@pytest.mark.slow("a third of a second of a processor")
@every_row("step", ["category", "what", "place", "police"])
@every_row("said", LEFT)
def test_a_tipster_who_would_rather_stop_is_asked_again_and_nothing_is_stored(step: str, said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL[step])
    begun = talk.session
    talk.say(said)
    assert begun
    assert talk.session
    # "chhodo" is the word of the button that leaves the place; its district is asked then.
    assert talk.step in {step, "@suggested", "district" if step == "place" else step}
    told, before = ({name: one for name, one in each.answers.items() if one.value} for each in (talk.session, begun))
    assert told == before


@pytest.mark.slow("many conversations")
@every_row(
    "said", ["mera bhai bhi", "मेरा भाई भी", "hamar bhaiya bhi", "meri behan bhi", "my brother too", "uska bhai bhi"]
)
@every_row("menu", ["details", "change"])
def test_kin_that_are_named_in_a_menu_are_not_lost(menu: str, said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).tap(menu).say(said)
    assert talk.session
    assert said in (*(words for _, words in talk.session.held), *str(talk.session.answers["what"].value).split("\n"))


@pytest.mark.slow("many conversations")
@every_row("step", ["category", "what", "police", "review"])
@every_row(
    "said", ["police se bachao", "पुलिस से बचाओ", "police se bachaiye", "save me from the police", "pulis se bacha la"]
)
def test_a_tipster_who_fears_the_police_is_answered_and_no_station_gets_the_tip(step: str, said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL[step], said)
    assert talk.session
    assert "112" in talk.text
    assert "We do not ask who you are" in talk.text
    assert [one for one in talk.session.accused if one.is_sure]


ASKS_TO_SEND = [
    "bas bhej do", "ok send", "thik hai bhej dijiye", "ab bhej do", "bhej do na", "please send now", "ok done send",
    "बस भेज दो", "अब भेज दीजिए",
]  # fmt: skip
FORBIDS_TO_SEND = ["na bhejo", "bhejo mat", "bhejna nahi hai", "abhi na bhejo", "send nahi karna", "मत भेजो"]


def said_in_vain(engine: Engine, step: str, text: str) -> Chat:
    """Say a text that answers no question."""
    talk = Chat(engine).say(*SAID_UNTIL[step])
    before = talk.session
    talk.say(text)
    assert before
    assert talk.session
    assert (talk.session.step, talk.session.answers) == (step, before.answers)
    return talk


ALSO_SENDS = (
    "ok send", "thik hai bhej dijiye", "ab bhej do", "please send now", "अब भेज दीजिए", "bas bhej do", "बस भेज दो",
)  # fmt: skip
"""Of these the ones that send at the review: the word of the act beside words that only agree."""


@every_row("said", ASKS_TO_SEND)
def test_a_text_that_only_asks_to_send_leads_on_and_is_no_answer(said: str, engine: Engine) -> None:
    for step in ("what", "place", "police"):
        talk = said_in_vain(engine, step, said)
        assert "This one question is needed" in talk.text
    evidence = Chat(engine).say(*SAID_UNTIL["police"], "no", said)
    assert evidence.step == "review"
    assert evidence.submission is None
    review = evidence.say(said)
    if said in ALSO_SENDS:
        assert review.submission
        return
    assert review.submission is None
    assert "tap “Yes, send”" in review.text


@every_row("said", ["bas", "bas ho gaya", "aur kuch nahi", "that's all"])
def test_who_has_no_more_to_tell_at_the_review_is_told_what_sends(said: str, engine: Engine) -> None:
    talk = Chat(engine).say(*SAID_UNTIL["review"], said)
    assert (talk.step, talk.submission) == ("review", None)
    assert "tap “Yes, send”" in talk.text


@every_row("said", FORBIDS_TO_SEND)
def test_who_forbids_to_send_answers_no_question_with_it(said: str, engine: Engine) -> None:
    for step in ("place", "police"):
        said_in_vain(engine, step, said)
    assert Chat(engine).say(*SAID_UNTIL["review"], said).submission is None


@every_row("cry", ["bachao mujhe mar denge ye log", "help me they will kill me tonight"])
def test_a_cry_does_not_say_that_it_happens_at_another_time(cry: str, engine: Engine) -> None:
    talk = Chat(engine).say(cry, "Sigra")
    assert talk.session
    assert getattr(talk.session.answers.get("now"), "value", None) != "no"
