"""Words that are no command are read: dangers get numbers to call, remarks an answer, stories their place."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reading import DangerKind
from satark_words.small_words import read_table
from support.dialogue.walks import SAID_UNTIL, new_chat
from support.loops import every_row

CRIES = {
    "bachao mujhe maar denge": "112",
    "मुझे बचाओ, वे मुझे मार डालेंगे": "112",
    "they are going to kill me": "112",
    "main apni jaan de dunga": "14416",
    "मैं जीना नहीं चाहती": "14416",
    "I want to kill myself": "14416",
    "he says he will take his own life": "14416",
    "they will take her life tonight": "112",
    "mere saath balatkar hua": "1090",
    "मेरे साथ बलात्कार हुआ": "1090",
    "a girl is being raped here": "112",
    "bacche ko utha le gaye": "1098",
}


@pytest.mark.slow("every step")
@every_row("step", SAID_UNTIL)
@every_row("cry", CRIES)
def test_a_cry_for_help_gets_its_number_at_every_step(step: str, cry: str) -> None:
    talk = new_chat().say(*SAID_UNTIL[step], cry)
    assert CRIES[cry] in talk.text
    assert "112" in talk.text
    assert talk.submission is None
    assert talk.session is not None
    assert talk.session.dangers


HINDI_CRIES = [
    "bachao", "bachaao", "koi bachao", "bacha lo mujhe", "jaan bachao", "बचाओ", "हमें बचा लो",
    "fansi laga lunga aaj", "aaj phansi laga lungi", "phasi laga lunga", "main fansi lagane ja raha hu",
    "फाँसी लगा लूँगा आज",
    "hamke bacha la bhaiya", "hamke bacha la bhai", "हमके बचा लऽ भइया", "हमनी के बचाईं", "hamke bachai",
    "हमार बिटिया के उठाय लइ गए", "hamar bitiya ke uthay lai gaye", "beti ko utha le gaye",
    "🆘", "🆘🆘", "jaldi aao bachao",
]  # fmt: skip
ENGLISH_CRIES = [
    "help me please", "please help me", "save us please", "somebody help us", "he is going to kill me",
    "I want to kill myself", "they are going to kill us",
]  # fmt: skip


@pytest.mark.slow("many dialogues")
@every_row("cry, language", [(one, "hi") for one in HINDI_CRIES] + [(one, "en") for one in ENGLISH_CRIES])
def test_a_cry_as_the_first_message_is_answered_in_its_language_and_asked_for_the_place(
    cry: str, language: str
) -> None:
    talk = new_chat().say(cry)
    assert talk.session is not None
    assert talk.session.language == language
    assert ("अभी" in talk.text, "112" in talk.text, "now" in talk.text) == (language == "hi", True, language == "en")
    assert talk.step == "place"
    assert talk.offered() == []
    assert len(talk.text) <= 500
    assert talk.session.answers["what"].value == cry


@pytest.mark.parametrize("step", ["category", "what", "place"])
@pytest.mark.parametrize("where", ["near the old temple", "Lanka", "varanasi cantt ke paas"])
def test_the_place_after_a_cry_leads_to_the_review_that_sends_it(step: str, where: str) -> None:
    talk = new_chat().say(*SAID_UNTIL[step], "he is stabbing my brother right now", where)
    assert talk.step == "review"
    talk.tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert "stabbing my brother" in talk.submission.answers["what"]
    assert talk.submission.place.text.lower() == where.lower()


def test_a_danger_to_a_life_beside_another_is_not_said_twice() -> None:
    talk = new_chat().say("हमार बिटिया के उठाय लइ गए")
    assert talk.session is not None
    assert talk.session.dangers == (DangerKind.CHILD, DangerKind.LIFE)
    assert talk.text.count("112") == 1


def test_a_cry_that_names_its_place_is_asked_no_further_question() -> None:
    talk = new_chat().say("lanka me goli chal rahi hai bachao")
    assert talk.step == "review"
    assert len(talk.text) <= 500


def test_no_station_gets_a_cry_about_a_policeman() -> None:
    talk = new_chat().say("daroga mujhe maar raha hai bachao", "lanka").tap("send")
    assert talk.submission is not None
    assert talk.submission.accused is not None
    assert talk.submission.accused.level == "unknown"


def test_a_cry_for_help_is_asked_for_the_place_until_answered_or_skipped() -> None:
    talk = new_chat().say("bachao", "jaldi aao mujhe maar rahe hai")
    assert talk.step == "place"
    assert talk.session is not None
    assert talk.session.answers["what"].value == "bachao\njaldi aao mujhe maar rahe hai"
    assert talk.session.answers.get("place") is None
    assert talk.say("skip").step == "review"


@pytest.mark.parametrize(("channel", "where"), [("sms", "Write the place"), ("web_form", "Where is it?")])
def test_a_channel_without_locations_asks_a_cry_in_its_own_words(channel: str, where: str) -> None:
    source = default_flow()
    talk = Chat(Engine(load_flow(source), source.catalogues, Geography.sample()), channel).say("help me please")
    assert where in talk.text


def test_the_notice_that_a_cry_left_no_time_for_is_shown_above_the_review() -> None:
    talk = new_chat().say("help me please")
    assert "Meta" not in talk.text
    assert "Meta" in talk.say("Lanka").text


ORDINARY = [
    "blood bank me khoon bechte h", "blood bank me khoon bechta hai", "ब्लड बैंक में खून बेचते हैं",
    "they sell blood at the blood bank", "khoon ki bottle black me bechte hai", "blood bank se khoon chori hota hai",
    "chain snatching parso hua", "chain snatching kal hui thi", "चेन स्नैचिंग परसों हुई", "chain chheen ke bhage parso",
    "chain snatching happened yesterday", "parso chain snatching hui lanka pe",
    "he sells bullets", "कट्टा बनावेला लोहार", "do saal pehle jo murder hua tha uska aaropi daru bechta hai",
    "pichle saal yaha goli chali thi ab juwa hota hai",
]  # fmt: skip


@pytest.mark.slow("many dialogues")
@every_row("tip", ORDINARY)
def test_an_ordinary_tip_with_violent_words_is_not_urgent(tip: str) -> None:
    talk = new_chat().say("Hi", "2", tip)
    assert talk.session is not None
    assert talk.session.dangers == ()


def test_a_danger_that_only_one_reading_finds_is_shown_and_is_not_urgent() -> None:
    talk = new_chat().say("Hi", "2", "blood bank me khoon bechte h")
    assert "112" in talk.text
    while talk.step != "review":
        answers = {"place": "Lanka", "now": "no", "police": "no", "category": "12"}
        talk.say(answers.get(talk.step, "skip"))
    talk.tap("send")
    assert talk.submission is not None
    assert (talk.submission.priority, talk.submission.flags) == ("normal", ())


def test_an_urgent_tip_tells_its_reason() -> None:
    talk = new_chat().say(*SAID_UNTIL["what"], "they will kill the boy if he tells", "Lanka", "no", "skip").tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert talk.submission.flags
    assert all(flag.startswith("danger:") for flag in talk.submission.flags)


def test_an_ordinary_tip_is_not_urgent() -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).tap("send")
    assert talk.submission is not None
    assert (talk.submission.priority, talk.submission.flags) == ("normal", ())


@pytest.mark.slow("every step")
def test_every_language_names_the_numbers_of_every_danger() -> None:
    numbers = read_table("danger.yaml", dict[str, Any])["numbers"]
    for catalogue, kind in itertools.product(Catalogues.of("satark.dialogue"), DangerKind):
        for number in numbers[kind]:
            assert number in catalogue.text(f"danger.{kind}"), (catalogue.language, number)


@pytest.mark.parametrize("typed", ["13", "0", "qwerty", "!!"])
def test_a_text_that_chooses_nothing_is_answered(chat: Chat, typed: str) -> None:
    chat.say("Hi", "2", typed)
    assert chat.step == "category"
    assert "not understood" in chat.text


@every_row(
    "following",
    [
        "ladkiyo ke piche jate h",
        "ladki ke piche pade hai",
        "लड़कियों के पीछे जाते हैं",
        "mere piche aata hai",
        "wo meri behan ke piche jata hai",
    ],
)
def test_going_behind_girls_is_no_step_back(following: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["what"], following)
    assert talk.session is not None
    if talk.session.suggested:
        talk.tap("no", "yes")
    assert talk.session.answers["what"].value == following


@every_row(
    "said",
    ["angrezi sharab bikti hai", "अंग्रेजी शराब बिकती है", "English daru bechta hai pappu", "is mahine 3 chori hui"],
)
def test_a_hindi_tip_about_english_liquor_is_answered_in_hindi(said: str) -> None:
    talk = new_chat().say(said)
    assert talk.session
    assert (talk.session.language, said in str(talk.session.answers["what"].value)) == ("hi", True)


@every_row("said, language", [("English please, they sell ganja", "en"), ("english me bolo", "en"), ("hindi me", "hi")])
def test_a_requested_language_is_chosen(said: str, language: str) -> None:
    talk = new_chat().say(said)
    assert talk.session
    assert talk.session.language == language


HINDI = ("Hi", "हिन्दी", "अवैध खनन", "वे हर रात रेत खोदते हैं", "लंका", "नहीं", "skip")
HINDI_UNTIL = {
    **{f"after {count} messages": HINDI[:count] for count in range(2, len(HINDI) + 1)},
    **{name: (*HINDI, name) for name in ("details", "change", "restart", "cancel", "status", "send", "continue")},
}


@pytest.mark.slow("many conversations")
@every_row("state", HINDI_UNTIL)
def test_a_hindi_conversation_stays_in_hindi_at_every_question(state: str, engine: Engine) -> None:
    english = next(texts for texts in default_flow().catalogues if texts.language == "en")
    lines = {line for key in english for line in english.text(key).splitlines() if line.count(" ") > 1}
    stood = Chat(engine).say(*HINDI_UNTIL[state]).session
    for said in ("wo english bolta hai", "help", "asdf", "no", "kya yeh safe hai?"):
        talk = Chat(engine)
        talk.session = stood
        talk.say(said)
        assert (talk.prompt.language, lines.intersection(talk.text.splitlines())) == ("hi", set())


@pytest.mark.slow("a third of a second of a processor")
@every_row("said", ["Ajay Rai", "Rajesh", "lal makaan", "Sujabad", "लकड़ी चोरी", "Munna", "white van", "ganja"])
def test_a_word_or_two_at_the_review_are_asked_about_and_stored(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], said)
    if talk.session and talk.session.held:
        assert said in talk.text
        talk.say("yes")
    assert talk.session
    assert said in str(talk.session.answers["what"].value)
    assert talk.submission is None


@every_row("said", ["bhej dunga", "haan par abhi nahi", "bad me", "not yes", "theek hai"])
def test_talk_about_sending_at_the_review_is_not_stored(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"])
    begun = talk.session
    talk.say(said)
    assert begun
    assert talk.session
    assert (talk.session.held, talk.session.answers) == ((), begun.answers)


OTHERS = {
    "nahi nahi daroga nahi, CO mila hua hai": "circle",
    "daroga nahi CO mila hua hai": "circle",
    "दरोगा नहीं, सीओ मिला है": "circle",
    "not the station, the circle officer takes money": "circle",
    "no not the inspector, the SP takes money": "district",
    "chauki ke log nahi, SP mila hua hai": "district",
}


@pytest.mark.slow("a third of a second of a processor")
@every_row("said", OTHERS)
def test_a_no_that_accuses_another_office_is_a_yes_or_asked_and_kept(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["police"], said)
    assert talk.session
    assert talk.step == "police" or talk.session.answers["police"].value == "yes"
    assert said in str(talk.session.answers["what"].value)
    assert OTHERS[said] in {named for one in talk.session.accused for named in (one.level, one.unit)}


@every_row(
    "said",
    ["nahi daroga mila hua nahi hai", "nahi, CO bhi nahi mila hua hai", "nahi, na daroga na CO mila hua hai",
     "nahi police hamare saath hai", "daroga aur CO nahi mile hue hain"],
)  # fmt: skip
def test_a_no_that_clears_every_office_stays_a_no(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["police"], said)
    assert talk.session
    assert talk.session.answers["police"].value == "no"


@pytest.mark.slow("many conversations")
@every_row("said", ["mat bhejo", "mat bhejna", "do not send it", "भेजना मत"])
@every_row("question", ["what", "place"])
def test_words_that_forbid_to_send_are_no_answer(question: str, said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).tap("change").tap(question)
    assert talk.session
    before = talk.session.answers[question].value
    talk.say(said)
    assert talk.session.answers[question].value == before


@every_row(
    "said", ["my husband Raju sells near school", "main uski biwi hun", "my phone is 9876543210 raju sells daily"]
)
def test_words_that_may_identify_are_asked_about_after_sending_too(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"]).tap("send").say(said)
    assert (talk.turn.post, "show who you are" in talk.text) == (None, True)
    talk.say("yes")
    assert talk.turn.post is not None
    assert said in talk.turn.post.text


@every_row("said", ["mera naam aur number mat likhna", "मेरा नाम मत लिखना", "do not write my name"])
def test_an_own_name_that_was_not_told_is_only_answered(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["police"])
    begun = talk.session
    talk.say(said)
    assert begun
    assert talk.session
    assert (talk.session.state, talk.session.answers) == (begun.state, begun.answers)
