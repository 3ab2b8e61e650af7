"""Words, files and whole tips are taken back only as the tipster says, and what others erase is no wish."""

from __future__ import annotations

import pytest

from support.dialogue.walks import SAID_UNTIL, new_chat
from support.loops import every_row

TAKEN_BACK = [
    "maine jhooth likha tha sab mita do", "मैंने झूठ लिखा था सब मिटा दो", "sab jhooth tha mita dijiye",
    "mujhse galti ho gayi sab mita do", "mazak tha mita do sab", "jhooth bola maine, delete kar do",
    "I lied please delete",
]  # fmt: skip


@pytest.mark.slow("a third of a second of a processor")
@every_row("said", TAKEN_BACK)
def test_who_gives_a_reason_for_erasing_is_asked_to_confirm_it_and_told_that_a_sent_tip_stays(said: str) -> None:
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
def test_what_others_erase_is_no_wish_to_erase(said: str) -> None:
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
def test_a_name_that_is_not_wanted_is_taken_out_after_a_yes_and_only_then(said: str) -> None:
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
def test_what_is_not_in_the_tip_is_asked_about_and_the_wish_is_never_in_it(step: str, said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL[step], said)
    assert talk.session
    assert talk.session.state == "@change"
    assert said not in str(talk.session.answers)
    assert not talk.session.held


@every_row("said", ["photo mita do", "photo hata dijiye", "फोटो हटा दो", "remove my photo", "video hata do"])
def test_a_file_that_is_not_wanted_leads_to_the_files_and_the_word_that_erases_them(said: str) -> None:
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
def test_what_others_take_out_is_no_wish_of_the_tipster(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], TOLD, said)
    assert talk.session
    assert not (talk.session.suggested and talk.session.suggested[1].startswith("-"))


UNWANTED_PHOTO = [
    "not this photo", "don't send the photo", "ye photo mat bhejna", "bina photo ke bhej do", "photo rehne do",
    "फोटो मत भेजना", "send without the photo", "ignore the photo", "photo saaf nahi hai",
]  # fmt: skip


@every_row("said", UNWANTED_PHOTO)
def test_words_against_a_photo_ask_about_erasing_it_and_the_review_names_it(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).send("image")
    assert "1 file" in talk.text
    talk.say(said)
    assert talk.session
    assert (talk.session.state, len(talk.session.files)) == ("edit:evidence", 1)
    assert "Erase files" in talk.text
    talk.say("Erase files")
    assert talk.session.files == ()
