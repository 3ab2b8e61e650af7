"""Rewordings of two strangers' texts that the dialogue misread: each cause of a misreading, and the present result."""

from __future__ import annotations

from typing import Any

from satark.dialogue.engine import Engine
from satark.dialogue.session import Session
from satark_testing.dialogue.chat import Chat
from support.dialogue.unseen import conversation
from support.loops import every_row


def said(engine: Engine, step: str, text: str) -> Session:
    """Say a text at a question; return the session after it."""
    session = conversation(engine, step).say(text).session
    assert session is not None
    return session


def value(session: Session, step: str) -> Any:
    """Return an answer; None: there is none."""
    return session.answers[step].value if step in session.answers else None


@every_row(
    "text",
    [
        "we want police to come fast",
        "police jaldi aao",
        "please send police quickly they are fighting",
        "पुलिस जल्दी भेजिए मार रहे हैं",
        "police ko jaldi bhejo maar rahe hai",
        "call the police fast he has a knife",
        "I am locked in a room near Cantt station, a man took my phone. Please come fast",
    ],
)
def test_police_who_are_called_for_help_are_not_accused(engine: Engine, text: str) -> None:
    session = Chat(engine).say(text).session
    assert session is not None
    assert session.dangers
    assert session.accused == ()
    assert value(session, "police") != "yes"


@every_row(
    "text",
    [
        "kal",
        "parso",
        "15 तारीख को",
        "diwali ke din",
        "Tuesday",
        "raat 10 baje",
        "holi se pahile",
        "before the election",
    ],
)
def test_a_past_or_future_day_is_stored_and_asked_about_again(engine: Engine, text: str) -> None:
    session = said(engine, "when", text)
    assert session.step == "when"
    assert value(session, "when") is None
    assert value(session, "when_date") == text


@every_row(
    "text, code",
    [
        ("kal hua tha", "past"),
        ("parso raat ko hua", "past"),
        ("5 min pehle nikle", "past"),
        ("2 din pehle", "past"),
        ("pahle roj hota tha ab band hai", "past"),
        ("kal maal aane wala hai", "coming"),
        ("chunav se pehle baatega", "coming"),
        ("अगिला एतवार के", "coming"),
        ("agle mahine", "coming"),
        ("aaj raat ko aayega", "coming"),
    ],
)
def test_a_verb_shows_whether_a_day_is_past_or_future(engine: Engine, text: str, code: str) -> None:
    assert value(said(engine, "when", text), "when") == code


@every_row(
    "text, code",
    [
        ("daroga ko paisa jata hai isliye pakadta nahi, smack bikti hai lanka me", "INTOX"),
        ("चौकी वाले पैसा लेते हैं इसलिए बालू बंद नहीं होता, रामनगर", "MINE"),
        ("roz jua hota hai shahganj me, sipahi ko hissa milta hai", "GAMBL"),
        ("raat ko gaay le jate hai, police hissa leti hai", "COW"),
        ("They sell pistols in Mardah, the constable gets a share", "ARMS"),
        ("सिपाही ट्रक वालों से हर रात 200 लेता है तिराहे पर", "POLCOR"),
        ("thane ka munshi dukandaro se har hafte 500 leta hai", "POLCOR"),
        ("mera pati roj daru pi ke marta hai", "HARASS"),
        ("saas dahej ke liye bahu ko jala dene ki dhamki deti hai", "HARASS"),
        ("padosi bahu ko maarta hai", "HARASS"),
    ],
)
def test_a_crime_gets_its_own_category(engine: Engine, text: str, code: str) -> None:
    session = Chat(engine).say(text).session
    assert session is not None
    assert value(session, "category") == code


@every_row(
    "text",
    [
        "Fake call from CBI officer, they took 2 lakh from my father",
        "nakli police banke paisa leta hai",
        "farzi daroga ghum raha hai paisa leta hai",
        "police wala banke loot liya",
        "नकली पुलिस बनकर पैसे ले गए",
        "he posed as an inspector and took my gold",
    ],
)
def test_somebody_who_only_poses_as_police_is_not_accused_as_police(engine: Engine, text: str) -> None:
    assert value(said(engine, "category", text), "police") != "yes"


@every_row(
    "step, text",
    [
        ("danger", "hathiyar nahi hai par kutte paale hai"),
        ("danger", "not armed, but they have big dogs"),
        ("danger", "koi hathiyar nahi par raat me akele mat jana"),
        ("danger", "हथियार नहीं देखे पर धमकी देते हैं"),
        ("police", "police ko batane gaye the to ulta hame hi bhaga diya"),
        ("now", "jab mai nikla tab ho raha tha"),
        ("now", "it was going on when I came home"),
        ("now", "तब तो चल रहा था जब मैं निकली"),
        ("now", "thodi der pehle tak chal raha tha"),
    ],
)
def test_an_answer_with_a_limit_is_asked_about_again(engine: Engine, step: str, text: str) -> None:
    session = said(engine, step, text)
    assert value(session, step) is None
    assert session.step in {step, "@suggested"} or session.state == "@suggested"


@every_row(
    "text",
    [
        "agar usi thane me jayega to mat bhejna nahi to bhej do",
        "send it only if my number does not go",
        "paisa lagega ka bhejne ka",
        "Everything fine except police part. I never said police is involved. Please correct.",
        "bhejo lekin thane ko nahi",
    ],
)
def test_words_about_sending_are_no_part_of_the_tip(engine: Engine, text: str) -> None:
    before = conversation(engine, "review").session
    session = said(engine, "review", text)
    assert before is not None
    assert session.state != "@cancel"
    assert value(session, "what") == value(before, "what")
    assert not session.submitted


@every_row(
    "step, text",
    [
        ("how_often", "ham ginte thodi hai"),
        ("how_often", "गिनते थोड़े हैं भाई"),
        ("known_by", "kisi ko mat bolna"),
        ("known_by", "Nobody ko mat batana bas"),
        ("known_by", "किसी को मत बताना"),
        ("known_by", "dont tell anybody"),
        ("place", "mere gaon me"),
        ("place", "my village only"),
        ("place", "nahi batauga"),
    ],
)
def test_words_that_answer_nothing_are_not_accepted_as_an_answer(engine: Engine, step: str, text: str) -> None:
    before = conversation(engine, step).session
    session = said(engine, step, text)
    assert before is not None
    assert value(session, step) is None
    assert {step} & {session.step, before.step}


@every_row(
    "text, code",
    [("haa khatra hai", "yes"), ("haan bandook hai sabke paas", "yes"), ("katta rakhta hai kamar me", "yes"),
     ("हाँ बहुत खतरनाक लोग हैं", "yes"), ("yes they are dangerous", "yes")],
)  # fmt: skip
def test_the_answer_that_it_is_dangerous_is_no_cry(engine: Engine, text: str, code: str) -> None:
    assert value(said(engine, "danger", text), "danger") in {code, None}


@every_row(
    "text",
    ["dawa khaike sut jaib", "dawai kha ke sut rahab", "dawa kha ke so jaunga", "goli kha ke sut jaib hamesha",
     "दवा खा के सो जाऊँगी"],
)  # fmt: skip
def test_a_tipster_who_will_take_medicine_and_sleep_sees_a_number_to_call(engine: Engine, text: str) -> None:
    assert "14416" in Chat(engine).say(text).text


@every_row(
    "text",
    [
        "kal maar peet hui thi ab shant hai",
        "कल मारपीट हुई थी अब सब शांत है",
        "kal bahut jhagda hua lathi chali, ab sab shant hai",
        "he beats his workers every night",
        "parso goli chali thi bazar me ab sab thik hai",
    ],
)
def test_a_habit_and_a_calm_day_show_numbers_and_are_not_urgent(engine: Engine, text: str) -> None:
    session = Chat(engine).say(text).session
    assert session is not None
    assert not session.dangers


@every_row(
    "text",
    ["abhi abhi nikle", "abhi bhag gaya", "अभी अभी गए हैं", "they just left", "abhi abhi le gaye"],
)
def test_a_text_that_a_person_just_left_does_not_mean_now(engine: Engine, text: str) -> None:
    assert value(said(engine, "when", text), "when") != "now"


@every_row(
    "text",
    ["Is reward given for information of illegal pistol?", "will the seller of ganja know my name",
     "gaanja ke bare me batane se inaam milega kya", "hum khud pehle daru bechte the, humko to nahi pakdoge na"],
)  # fmt: skip
def test_a_first_message_that_may_only_ask_begins_no_tip(engine: Engine, text: str) -> None:
    session = Chat(engine).say(text).session
    assert session is not None
    assert not session.answers


@every_row(
    "text",
    ["ek aur baat batani hai, uska naam Ramu hai", "एक बात और बतानी थी, उसका नाम रामू है",
     "thank you ji, uska bhai Shyamu bhi hai", "ek baat reh gayi, gadi ka number UP65 AB 1234 hai"],
)  # fmt: skip
def test_what_is_told_beside_talk_after_sending_is_added_or_asked_about(engine: Engine, text: str) -> None:
    chat = Chat(engine).say("Hi", "1", "sigra me mandir ke paas daru bikti hai roz").tap("send")
    chat.say(text)
    assert chat.session is not None
    assert text in {*(words for _, words in chat.session.held), *(post.text for post in [chat.turn.post] if post)}


@every_row(
    "text", ["kya koi jaan payega?", "kya koi jaan payega", "कोई जान तो नहीं पाएगा?", "will anyone know it is me?"]
)
@every_row("step", ["place", "police", "evidence", "review"])
def test_a_question_keeps_the_step(engine: Engine, step: str, text: str) -> None:
    chat = conversation(engine, step)
    before = chat.session and chat.session.answers
    chat.say(text)
    assert chat.step in {step, "@suggested"}
    assert chat.session is not None
    assert chat.session.answers == before


@every_row("text", ["nahi number mita do mat rakho", "number mita do, mat rakhna"])
def test_a_wish_to_keep_no_number_is_no_wish_to_spare_it(engine: Engine, text: str) -> None:
    chat = conversation(engine, "reach").say(text)
    assert chat.turn.reach is not True
    assert "हाँ, संदेश भेजें» दबाएँ" not in chat.text


@every_row("text, when", [("holi ke do din pahle hone wala hai", "coming"), ("teen din pahle hua tha", "past")])
def test_days_before_a_day_are_no_habit(engine: Engine, text: str, when: str) -> None:
    session = said(engine, "when", text)
    assert (value(session, "when"), value(session, "when_date"), value(session, "how_often")) == (when, text, None)


@every_row(
    "text",
    ["jaan se marne ki dhamki diya hai chunav ke baad dekh lenge", "mera pati roz pi ke marta hai",
     "They will kill me, they threatened my father last year"],
)  # fmt: skip
def test_a_threat_a_habit_and_the_past_show_numbers_and_are_not_urgent(engine: Engine, text: str) -> None:
    chat = Chat(engine).say(text)
    assert "112" in chat.text
    assert chat.session is not None
    assert not chat.session.dangers
