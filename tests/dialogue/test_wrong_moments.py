"""Answers at the wrong moment: strangers' texts at a question, and the dialogue's reaction.

Each row is one wording, in Devanagari, Roman letters, English or Bhojpuri. Nothing told is lost, and nobody is kept at
a question that they can't or won't answer.
"""

from __future__ import annotations

from typing import Any

import pytest

from satark.dialogue.engine import Engine
from satark_testing.dialogue.chat import Chat
from support.loops import every_row

CATEGORY = ("Hi", "English")
WHAT = (*CATEGORY, "Illegal mining")
PLACE = (*WHAT, "They dig sand every night")
POLICE = (*PLACE, "Lanka")
REVIEW = (*POLICE, "no", "skip")
SENT = (*REVIEW, "1")
WHEN = (*REVIEW, "Add details", "When")

WRITE_TO_ME = (
    "haan yahi pe message kar dena", "हाँ यहीं पर मैसेज कर देना", "ha bhaiya yahin par khabar kariha",
    "हँ भइया एही पर लिखिहा", "yes you can write to me on this number later", "ok text me if you need anything",
    "koi baat ho to yahi bata dena", "yes but not at night", "haan par raat ko nahi", "haan lekin naam mat likhna",
)  # fmt: skip
FORGET_ME = (
    "na number mat rakho", "nahi mera number mat rakhna", "नहीं मेरा नंबर मत रखना", "ना हमार नंबर हटा दीं",
    "mujhe koi message mat karna baad me", "no do not keep my number please", "my husband reads my phone so no",
    "phone pati ke paas rehta hai", "फोन घर में सब देखते हैं", "nahi mita do", "रात में मत करना",
)  # fmt: skip
KEEP_IT = ("mera number mat mitana", "number mat hatao", "please don't delete my number", "nahi mitana")


def value(talk: Chat, step: str) -> Any:
    """The answer to a step; None: there is none."""
    assert talk.session is not None
    answer = talk.session.answers.get(step)
    return answer.value if answer else None


def held(talk: Chat) -> list[str]:
    """The words about which it is asked whether they belong to the tip."""
    assert talk.session is not None
    return [words for _, words in talk.session.held]


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms"])
def test_an_answer_about_contact_is_no_message_to_officers(engine: Engine, channel: str) -> None:
    for meant, texts in (("2", WRITE_TO_ME), ("1", FORGET_ME), ("2", KEEP_IT)):
        for text in texts:
            talk = Chat(engine, channel).say(*SENT, text)
            assert talk.turn.post is None, text
            assert not held(talk), text
            assert f"write {meant}" in talk.text, text


@every_row("text", [*WRITE_TO_ME, *FORGET_ME, *KEEP_IT, "only in the daytime"])
def test_a_yes_after_words_about_contact_posts_no_message(engine: Engine, text: str) -> None:
    talk = Chat(engine).say(*SENT, text)
    if held(talk):
        return  # it is asked whether they belong to the report
    talk.say("haan")
    assert talk.turn.post is None
    assert talk.turn.reach is not True


@every_row(
    "text",
    [
        "usme ek aur aadmi tha ramesh naam ka", "उसकी गाड़ी का नंबर UP65 AB 1234 है", "they also have a gun in the house",
        "gadi lal rang ki hai", "kal raat ko phir aayenge wo log",
    ],
)  # fmt: skip
def test_words_that_tell_more_of_the_tip_are_still_added(engine: Engine, text: str) -> None:
    talk = Chat(engine).say(*SENT, text)
    assert talk.turn.post is not None
    assert talk.turn.post.text == text


@every_row(
    "text",
    [
        "mat bhejiyega abhi", "abhi mat bhejiyega", "मत भेजिएगा अभी", "अबहीं मत भेजीं", "bhejiyega mat abhi",
        "don't send it just yet", "abhi na bhejna",
    ],
)  # fmt: skip
def test_dont_send_yet_is_no_part_of_the_tip(engine: Engine, text: str) -> None:
    talk = Chat(engine).say(*REVIEW, text)
    assert talk.step == "review"
    assert not held(talk)
    assert "not sent" in talk.text


@every_row("text", ["ये सब हटा दीजिए", "ye sab hata dijiye", "sab kuch hata do", "सब मिटा दीजिए", "remove all this"])
def test_a_wish_to_remove_everything_asks_whether_to_erase_it(engine: Engine, text: str) -> None:
    assert Chat(engine).say(*REVIEW, text).step == "@cancel"


@every_row(
    "text",
    [
        "daroga ko pata nahi chalna chahiye", "दरोगा को पता नहीं चलना चाहिए", "thanedar ko khabar nahi honi chahiye",
        "दरोगा के मालूम ना होखे के चाहीं", "थाना वालन के पता ना चले", "chauki wale na jaan paye",
        "the inspector should not know",
    ],
)  # fmt: skip
def test_a_wish_that_an_officer_must_not_know_is_not_read_as_dont_know(engine: Engine, text: str) -> None:
    talk = Chat(engine).say(*POLICE, text)
    assert talk.step == "police"
    assert value(talk, "police") is None
    assert "No thana or chowki will be shown this" in talk.text


UNHEARD = (
    "pehle bhi bataya tha kuch nahi hua", "पहले भी बताया था कुछ नहीं हुआ", "पिछली बार भी सूचना दी थी कुछ नहीं किया",
    "पहिलहूँ बतवले रहनी कुछ ना भइल", "i told you before and nothing happened",
    "i complained earlier also no action was taken", "last time you did nothing",
)  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("said", [CATEGORY, PLACE, POLICE, REVIEW, SENT])
def test_words_about_an_earlier_tip_without_result_are_answered_and_not_lost(
    engine: Engine, said: tuple[str, ...]
) -> None:
    for text in UNHEARD:
        talk = Chat(engine).say(*said, text)
        kept = said == PLACE and text in value(talk, "what")  # "we told before" is told, and the place asked again
        assert kept or "We are sorry" in talk.text, text
        assert kept or held(talk) == [text], text


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "sms", "voice"])
def test_a_tipster_who_can_or_will_not_tell_the_place_gets_past_the_question(engine: Engine, channel: str) -> None:
    for text in (
        "pata nahi exact jagah", "जगह नहीं बता सकता", "जगह ना बता पाइब", "हमके जगह मालूम नइखे", "i dont know the address",
        "i would rather not say where", "jagah nahi bataunga", "skip", "ye mat pucho",
    ):  # fmt: skip
        talk = Chat(engine, channel).say(*PLACE, text)
        assert talk.step == "district", text
        assert value(talk.tap("unknown"), "place") is None, text
        assert talk.step == "police", text
        talk.tap("no").say("skip").tap("send")
        assert talk.turn.submission is not None
        assert not talk.turn.submission.place.district


@every_row(
    "text",
    [
        "thane me bataya tha par police ne kuch nahi kiya", "i told the police but they did nothing",
        "police ko bata chuka hu", "i told the police about it last month", "थाना में कहनी त भगा देले",
        "contractor and engineer made road only on paper", "they burn plastic waste and hospital waste in open field",
        "a private hospital does illegal sex test of unborn babies", "engineer aur thekedar ne kagaj par sadak bana di",
        "they come with guns", "ओकर भाई भी गांजा बेचेला",
    ],
)  # fmt: skip
def test_a_deed_at_the_question_for_the_place_is_told_and_the_place_asked_again(engine: Engine, text: str) -> None:
    talk = Chat(engine).say(*PLACE, text)
    assert talk.step == "place"
    assert text in value(talk, "what")
    assert talk.say("Lanka").step != "place"


@every_row("text", ["pradhan ji ka purana makan", "shiv mandir ke piche wali gali", "station ke samne wala hotel"])
def test_a_headmans_house_is_a_place(engine: Engine, text: str) -> None:
    assert value(Chat(engine).say(*PLACE, text), "place")["text"] == text


def test_a_second_deed_is_taken_for_the_place(engine: Engine) -> None:
    text = "godown where they store the bottles"
    talk = Chat(engine).say(*PLACE, text, text)
    assert talk.step == "district"
    assert value(talk, "place")["text"] == text


@every_row(
    "text, step, when",
    [
        ("roz sham 7 baje ke baad", "how_often", None),
        ("har somvar raat", "how_often", None),
        ("kal se", "how_often", None),
        ("do mahine se", "how_often", None),
        ("रोजे राति में", "how_often", None),
        ("हर शुक्रवार को", "how_often", None),
        ("every friday", "how_often", None),
        ("kabhi kabhi", "how_often", None),
        ("कल रात 10 बजे", "when_date", "past"),
        ("last tuesday around 9pm", "when_date", "past"),
        ("kal subah gadi niklegi", "when_date", "coming"),
        ("tomorrow morning", "when_date", "coming"),
    ],
)
def test_a_time_at_the_question_of_when_is_kept_in_words(
    engine: Engine, text: str, step: str, when: str | None
) -> None:
    talk = Chat(engine).say(*WHEN, text)
    assert talk.step == "review"
    assert value(talk, step) == text
    assert value(talk, "when") == when
    assert text in talk.text


@every_row("text", ["now", "abhi ho raha hai", "अभी चल रहा है"])
def test_now_at_the_question_of_when_is_now(engine: Engine, text: str) -> None:
    talk = Chat(engine).say(*WHEN, text)
    assert value(talk, "when") == "now"
    assert value(talk, "how_often") is None
