"""A whole tip in one message, and media that show less at once or show a prompt again."""

from __future__ import annotations

import pytest

from satark.api.inbound import CompleteTip, Edited, Media, MediaRef, Tap, Text
from satark.api.prompt import NEXT_PAGE, command_token
from satark.api.tip import HANDOFF_DIGITS, LONGEST_HANDOFF_MESSAGE, RECEIPT_DIGITS
from satark.dialogue.engine import Engine
from satark.dialogue.session import Mailbox, OpenMailbox
from satark_testing.dialogue.chat import HANDOFF_CODE, Chat
from satark_words.tokens import find_code
from support.loops import every_row

STORY = "Arms are sold behind the rice mill in Lanka every night"

HINGLISH = "mujhe batana hai ki yahan raat ko katta bikta hai"

HINDI = "चावल मिल के पीछे रात में हथियार बिकते हैं"

SPOKEN = Media(MediaRef(account="voice:1", id="RE9"), "voice")

CHATS = ("whatsapp", "telegram", "sms")

MARKED = {
    f"TIP {STORY}": "en",
    f"tip: {STORY}": "en",
    f"सूचना: {HINDI}": "hi",
    "soochna lanka me chawal mill ke peeche raat ko hathiyar bikte hai": "hi",
    "TIP they are going to kill a boy at Lanka crossing": "en",
}


@pytest.fixture
def sms(engine: Engine) -> Chat:
    return Chat(engine, channel="sms")


@pytest.mark.parametrize(("body", "language"), [(STORY, "en"), (HINDI, "hi"), (HINGLISH, "hi"), ("112 !!", "hi")])
def test_a_complete_tip_in_one_message_is_submitted_at_once(body: str, language: str, sms: Chat) -> None:
    sms.hear(CompleteTip(Text(body)))
    assert sms.submission is not None
    assert sms.submission.language == language
    assert sms.submission.answers["what"] == body
    assert sms.submission.category == ("OTHER" if body == "112 !!" else "ARMS")
    assert sms.submission.accused is None
    assert "8391 4460 7012 5538" in sms.text


@pytest.mark.parametrize("body", ["abhi lanka me chawal mill ke piche goli chal rahi hai", "गांव में अभी गोली चल रही है"])
def test_a_complete_tip_about_a_present_event_is_urgent(body: str, sms: Chat) -> None:
    sms.hear(CompleteTip(Text(body)))
    assert sms.submission is not None
    assert sms.submission.priority == "urgent"
    assert sms.submission.answers["district"] == "unknown"


def test_a_complete_tip_that_is_spoken_is_submitted_with_the_recording(sms: Chat) -> None:
    sms.hear(CompleteTip(Media(MediaRef(account="voice:1", id="RE1"), "voice")))
    assert sms.submission is not None
    assert sms.submission.answers["what"] == {"voice": "1"}
    assert sms.submission.evidence == ("1",)
    assert [keep.ref.id for turn in sms.turns for keep in turn.media_jobs] == ["RE1"]


def test_a_complete_tip_is_added_to_a_draft_that_is_under_way(sms: Chat) -> None:
    sms.say("Hi", "English", "3")
    sms.hear(CompleteTip(Text(STORY)))
    assert sms.submission is None
    assert sms.session is not None
    assert sms.session.answers["what"].value == STORY


@pytest.mark.parametrize(
    ("told", "role"),
    [
        (("Hi", "English", "3"), "what"),
        (("Hi", "English", "3", STORY), "evidence"),
        (("Hi", "English", "10", STORY, "Lanka"), "evidence"),
        (("Hi", "English", "3", STORY, "Lanka", "No", "skip"), "evidence"),
        (("Hi", "English", "3", STORY, "Lanka", "No", "skip", "Change"), "evidence"),
        (("Hi", "English", "3", STORY, "Lanka", "No", "skip", "Change", "What happens"), "evidence"),
        ((STORY,), "evidence"),
    ],
)
def test_the_last_message_of_a_caller_submits_all_told_answers(
    told: tuple[str, ...], role: str, engine: Engine
) -> None:
    voice = Chat(engine, channel="voice").say(*told).hear(CompleteTip(SPOKEN, last=True))
    assert voice.submission is not None
    assert voice.submission.evidence == ("1",)
    assert [(keep.ref.id, keep.role) for turn in voice.turns for keep in turn.media_jobs] == [("RE9", role)]
    assert not [ordinal for turn in voice.turns for ordinal in turn.dropped_files]
    assert voice.submission.answers["what"] == ({"voice": "1"} if role == "what" else STORY)
    assert "8391 4460 7012 5538" in voice.text


@pytest.mark.parametrize("command", ["cancel", "restart"])
def test_a_caller_who_asked_to_erase_and_fell_silent_submits_nothing(command: str, engine: Engine) -> None:
    voice = Chat(engine, channel="voice").say("Hi", "English", "3", STORY, command)
    voice.hear(CompleteTip(SPOKEN, last=True))
    assert voice.submission is None
    assert voice.session is not None
    assert voice.session.answers["what"].value == STORY


@pytest.mark.parametrize(
    "text",
    [
        "TIP lanka me daru bikti hai kisi ko mat bhejna",
        "TIP lanka me daru bikti hai police ko mat batana",
        "TIP lanka me ganja bikta hai don't share with police",
        "सूचना लंका में गांजा बिकता है लेकिन दर्ज मत करना",
        "TIP: kal bhejunga lanka me daru bikti hai",
        "TIP pehle bata do naam chhupega ki nahi lanka me ganja bikta hai",
        "TIP I want to ask first whether you reveal names of people who report drugs",
        "TIP sochta hu batau ya nahi lanka me ganja bikta hai",
    ],
)
def test_a_whole_tip_that_says_not_to_send_it_waits_for_the_word_to_send(text: str, engine: Engine) -> None:
    assert Chat(engine, channel="sms").say(text).submission is None


@every_row(
    "doubt",
    [
        ". cancel", ". delete kar do ise", " mita do ye", ", undo", ", forget it", " never mind", ", rehne do",
        " abhi rok ke rakho", ", keep it with you for now", " ise aage na badhaye", ", ye baat kisi tak na pahunche",
        " lekin police tak baat na jaye", ", ye sirf puchne ke liye hai", ", इसे मिटा दो", ", अभी रहने दो",
    ],
)  # fmt: skip
def test_a_tip_that_takes_itself_back_is_not_sent_at_once(engine: Engine, doubt: str) -> None:
    assert Chat(engine, "sms").say(f"TIP lanka me ganja bikta hai{doubt}").submission is None


@pytest.mark.slow("many conversations")
@every_row(
    "doubt",
    [
        # it asks
        "?", ", is it okay to file this?", ", ispe kaun action lega", ", inaam kitna milega", ", submit karun",
        ", isko report kar dun", " jama karu kya", ", likh dun", ", इसे दर्ज करूँ", ", क्या करें", ", भेज दूँ",
        ", kis ko jayega ye",         ", भेजल जाव का", "; who sees it",
        # it refuses or takes back
        " ⛔", " 👎", " 🤔", ", oops galat jagah", ", my mistake", ", strike that", ", kidding",
        ", sorry galti ho gayi", ", not now", ", na abhi", ", ना", ", अभी ना", ", no wait",
        # others said it, or it is an example
        ", kisi ladke ne bhejne ko kaha", ", unhone bola ki ye likh do", ", this is a sample", " namuna hai",
        ", उदाहरण",
        # more follows
        ", adhura hai", ", not finished", ", baaki likh rahi hu", " (contd.)", ", part one",
        ", next message me naam dunga",
    ],
)  # fmt: skip
def test_a_tip_in_doubt_is_kept_as_a_draft_and_sent_by_one_tap(engine: Engine, doubt: str) -> None:
    talk = Chat(engine, "sms").say(f"TIP school ke piche charas bikti hai{doubt}")
    assert (talk.submission, talk.step) == (None, "review")
    assert talk.session is not None
    assert "school ke piche charas bikti hai" in talk.session.answers["what"].value
    assert talk.say("1").submission is not None


@every_row(
    "text",
    [
        'TIP "charas bikti hai school ke piche"',
        "TIP ~charas bikti hai school ke piche~",
        "TIP > charas bikti hai school ke piche",
        "tip diye the charas bikti hai school ke piche",
        "tip wale bhaiya charas bechte hai school ke piche",
        "TIP for example charas bikti hai school ke piche",
    ],
)
def test_a_tip_that_is_quoted_struck_out_or_told_before_is_not_sent(engine: Engine, text: str) -> None:
    talk = Chat(engine, "sms").say(text)
    assert (talk.submission, talk.session is not None) == (None, True)


@every_row(
    "text",
    [
        "TIP raju daru bechta hai school ke paas, roz shaam 7 baje (do ladke)",
        "TIP lanka me juaa hota hai, police aati nahi, subah tak chalta hai",
        "TIP sand is dug at night / 3 trucks, near the bridge!",
        "TIP लंका में गांजा बिकता है, रोज रात को",
        "TIP katta banta hai ramu ke ghar me, 5000 me bikta hai",
    ],
)
def test_a_plain_tip_is_sent_at_once(engine: Engine, text: str) -> None:
    assert Chat(engine, "sms").say(text).submission is not None


@pytest.mark.parametrize("text", ["TIP lanka me ganja bikta hai", "सूचना लंका थाने के पीछे दारू बिकती है, पुलिस नहीं आती"])
def test_a_whole_tip_is_sent_at_once(text: str, engine: Engine) -> None:
    assert Chat(engine, channel="sms").say(text).submission is not None


@pytest.mark.parametrize("command", ["", "code "])
def test_a_cry_beside_a_code_is_answered_with_numbers_to_call(command: str, engine: Engine) -> None:
    code = "482719305571" if command else "8391446070125538"
    assert "112" in Chat(engine).say("Hi", "English", f"{command}{code} bachao wo mujhe maar raha hai").text


def test_turning_a_page_keeps_the_texts_that_stood_above_it(sms: Chat) -> None:
    sms.say("Hi", "English")
    assert "Police see no number" in sms.text
    before = sms.text
    sms.hear(Tap(NEXT_PAGE))
    assert (sms.text, sms.prompt.page) == (before, 1)


def test_a_repeated_question_has_the_texts_that_stood_above_it(sms: Chat, engine: Engine) -> None:
    sms.say("Hi", "English")
    assert sms.session is not None
    assert engine.repeat_question(sms.session).text == sms.text
    sms.hear(Tap(command_token("repeat")))
    assert "Police see no number" in sms.text
    sms.say("3")
    assert engine.repeat_question(sms.session).text == sms.text


def test_a_receipt_is_never_repeated(sms: Chat, engine: Engine) -> None:
    sms.hear(CompleteTip(Text(STORY)))
    assert sms.session is not None
    assert sms.session.said == ""
    assert "8391" not in engine.repeat_question(sms.session).text
    sms.say("repeat")
    assert "8391" not in sms.text


@pytest.mark.parametrize(("name", "words"), [("status", "16-digit"), ("help", "112"), ("nonsense", "not understood")])
def test_a_key_has_its_command_at_every_question(name: str, words: str, sms: Chat) -> None:
    sms.say("Hi", "English", "3")
    sms.hear(Tap(command_token(name)))
    assert words in sms.text


def test_a_channel_has_wording_of_its_own(engine: Engine) -> None:
    told = {}
    for channel in ("voice", "sms", "whatsapp"):
        chat = Chat(engine, channel=channel)
        chat.hear(Text("Hi")).say("English", "status")
        told[channel] = chat.text
    assert "keypad" in told["voice"]
    assert told["sms"] == told["whatsapp"]


def test_a_complete_tip_during_a_draft_is_handled_as_typed_text(sms: Chat) -> None:
    typed = Text("सूचना मिली है कि रात में जुआ होता है")
    sms.say("Hi", "हिन्दी", "4").hear(CompleteTip(Text("मिली है कि रात में जुआ होता है"), typed=typed))
    assert sms.session is not None
    assert sms.session.answers["what"].value == typed.body


@pytest.mark.parametrize(("word", "told"), [("help", "skip = next question"), ("zzz", "not understood")])
def test_a_new_statement_is_on_the_first_page(word: str, told: str, sms: Chat) -> None:
    sms.say("Hi", "English").hear(Tap(NEXT_PAGE))
    assert sms.prompt.page == 1
    sms.say(word)
    assert told in sms.text
    assert sms.prompt.page == 0
    sms.hear(Tap(NEXT_PAGE))
    assert (told in sms.text, sms.prompt.page) == (True, 1)
    sms.hear(Tap(command_token("repeat")))
    assert sms.prompt.page == 1


@pytest.mark.slow("a third of a second of a processor")
@every_row("channel", CHATS)
@every_row("typed", MARKED)
def test_a_typed_tip_is_submitted_at_once_and_a_second_one_is_a_new_tip(
    engine: Engine, channel: str, typed: str
) -> None:
    talk = Chat(engine, channel).say(typed)
    assert talk.submission is not None
    assert talk.submission.answers["what"] == typed.split(maxsplit=1)[1]
    assert "8391 4460 7012 5538" in talk.text
    assert bool(talk.submission.flags) == ("kill" in typed)
    assert ("112" in talk.text) == ("kill" in typed)
    first, second = talk.submission, "TIP liquor is sold at the ghat in Ramnagar every evening"
    talk.say(second)
    assert talk.submission is not first
    assert talk.submission.answers["what"] == second.removeprefix("TIP ")
    assert not any(turn.post for turn in talk.turns)


@pytest.mark.slow("many conversations")
@every_row("channel", CHATS)
@every_row(
    "typed",
    [
        "TIP",
        "tip daru",
        "tip kaise bheje?",
        "tip mat bhejo abhi ruko",
        "soochna deni hai mujhe",
        "सूचना देनी है मुझे",
        "सूचना मिली है कि रात में जुआ होता है",
        "tip lanka me daru bikti hai par abhi mat bhejna",
        "TIP they will kill me, don't send this yet",
        "tip ka kya hua batao",
        "tip lanka me daru bikti hai aur",
        "tip lanka wali baat kal poori likhunga, abhi sirf yaad rakhne ko",
        "tip they sell liquor in Lanka behind the",
        "टिप लंका में दारू बिकती है क्योंकि",
        "टिप लंका वाली बात वापस लेनी है, दारू बिकती थी",
        "tipper trucks pass the bridge at night",
        "can I tip you something about Lanka",
    ],
)
def test_talk_about_tips_is_never_submitted(engine: Engine, channel: str, typed: str) -> None:
    assert Chat(engine, channel).say(typed).submission is None
    assert Chat(engine, channel).say("Hi", "English", typed).submission is None


@pytest.mark.slow("many conversations")
@every_row(
    "said",
    [", kal confirm karungi tab bhejna", ", mere kehne par hi bhejna", ", apne paas rakhna", ". nahi",
     ". sorry wrong number", ", ignore this", ", disregard", ", mazak kar raha tha", ", joke tha",
     ", check kar raha hu", " (draft)", ", रुकिए", ", कल भेजना", ", tab bhejna jab mai kahu",
     ", send only after I confirm", ", wapas lena hai", ", ye jhooth hai", ", maine jhooth bola",
     ", practice kar raha tha", ", trial hai", ", यह झूठ है"],
)  # fmt: skip
def test_a_tip_that_its_sender_takes_back_or_delays_is_not_sent(engine: Engine, said: str) -> None:
    talk = Chat(engine, "sms").say(f"TIP lanka me ganja bikta hai{said}")
    assert (talk.submission, talk.session is not None) == (None, True)


@every_row(
    "said",
    [
        ", uska naam pata nahi",
        ". jaldi aaiye",
        ", koi nahi rokta",
        ", sach bol raha hu mazak nahi",
        ", police ko jhooth bolta hai",
        ", kal maal bhejega",
        ", after 10 at night",
    ],
)
def test_a_tip_with_a_no_that_takes_nothing_back_is_sent(engine: Engine, said: str) -> None:
    assert Chat(engine, "sms").say(f"TIP lanka me ganja bikta hai{said}").submission is not None


@pytest.mark.parametrize("channel", CHATS)
def test_a_typed_tip_is_added_to_an_open_draft_or_mailbox(engine: Engine, channel: str) -> None:
    draft = Chat(engine, channel).say("Hi", "English", "3", f"TIP {STORY}")
    assert draft.submission is None
    assert draft.session is not None
    assert STORY in draft.session.answers["what"].value
    opened = OpenMailbox(tip="1" * 32, number="4K7Q-2XPM", recipient="age1")
    box = Chat(engine, channel, Mailbox(open=opened, language="en", messages=()))
    box.say("status 8391446070125538", f"TIP {STORY}")
    assert (box.submission, box.turn.post is not None) == (None, True)


@every_row(
    "text, code, handoff_code",
    [
        ("continue 4827 1930 5571", None, HANDOFF_CODE),
        ("४८२७१९३०५५७१", None, HANDOFF_CODE),
        ("4827-1930-5571-0000", "4827193055710000", None),
        ("482719305571 and 482719305572", None, None),
        ("x" * 60 + " 482719305571", None, None),
        ("48271930557", None, None),
    ],
)
def test_the_two_kinds_of_codes_are_told_apart_by_their_length(
    text: str, code: str | None, handoff_code: str | None
) -> None:
    assert (find_code(text, RECEIPT_DIGITS), find_code(text, HANDOFF_DIGITS, longest=LONGEST_HANDOFF_MESSAGE)) == (
        code,
        handoff_code,
    )


CODE = "8391 4460 7012 5538"

WITH_CODE = [
    f"mera code {CODE}",
    f"code hai {CODE} kya hua",
    f"मेरा कोड {CODE} है, क्या हुआ",
    f"namaste ji ye raha {CODE} batao kuch hua ki nahi",
    f"{CODE} 3 din ho gaye",
    f"my number is {CODE}, what happened to my tip",
    f"{CODE} ka kya hua, wo log abhi bhi lanka me sharab bech rahe hai",
]

AT = {
    "first": (),
    "category": ("Hi", "English"),
    "what": ("Hi", "English", "3"),
    "place": ("Hi", "English", "3", STORY),
    "police": ("Hi", "English", "3", STORY, "Lanka"),
    "review": ("Hi", "English", "3", STORY, "Lanka", "No", "skip"),
    "cancel": ("Hi", "English", "3", STORY, "cancel"),
}


@pytest.mark.slow("many conversations")
@every_row("step", AT)
@every_row("text", WITH_CODE)
def test_a_code_in_any_sentence_opens_the_mailbox_and_is_in_no_answer(engine: Engine, step: str, text: str) -> None:
    opened = Mailbox(open=OpenMailbox(tip="1" * 32, number="4K7Q-2XPM", recipient="age1"), language="en", messages=())
    talk = Chat(engine, mailbox=opened).say(*AT[step], text)
    assert "4K7Q-2XPM" in talk.text
    assert talk.session is not None
    assert "8391" not in str([answer.value for answer in talk.session.answers.values()])


def test_words_beside_a_code_are_stored(engine: Engine) -> None:
    talk = Chat(engine).say(WITH_CODE[-1])
    assert talk.session is not None
    assert "lanka me sharab bech rahe hai" in talk.session.answers["what"].value


@pytest.mark.parametrize(
    "text", ["paise is khate me jate hai 8391 4460 7012 5538", "the money goes to account 8391446070125538"]
)
def test_the_number_of_an_account_is_no_code(engine: Engine, text: str) -> None:
    talk = Chat(engine).say("Hi", "English", "3", text)
    assert not talk.turn.open_mailbox
    assert talk.session is not None
    assert talk.session.answers["what"].value == text


def test_a_code_in_a_caption_or_an_edit_is_removed(engine: Engine) -> None:
    talk = Chat(engine).say("Hi", "English", "3")
    talk.hear(Text(STORY), "m1").hear(Edited("m1", f"They sell guns, {CODE}"))
    talk.send("image", f"the shop, {CODE}")
    assert "8391" not in str([talk.session, *(turn.media_jobs for turn in talk.turns)])
    assert talk.session is not None
    assert "They sell guns" in talk.session.answers["what"].value


@pytest.mark.parametrize(
    "text", ["mera code 4827 1930 5571 hai", "doosre phone ka code 482719305571", "मेरा कोड 4827 1930 5571"]
)
def test_a_handoff_code_in_a_sentence_brings_the_draft(engine: Engine, text: str) -> None:
    assert Chat(engine).say(text).turn.redeem_handoff_code


def test_a_whole_tip_with_a_code_opens_the_mailbox_and_submits_nothing(sms: Chat) -> None:
    words = f"my code {CODE} what happened"
    sms.hear(CompleteTip(Text(words), typed=Text(f"TIP {words}")))
    assert sms.submission is None
    assert sms.turn.open_mailbox


BESIDE = [
    "mera code {} hai aur gadi number UP65 AB 1234 hai",
    "{} unka naya number 9876543210",
    "{} raju ab bandook bhi rakhta hai",
    "{} daroga bhi mila hua hai",
    "code {} ab wo dusri dukan me baithta hai",
    "status {} ladka ka naam Sonu hai",
    "मेरा कोड {} है, वो अब सिगरा में रहता है",
    "my code is {} and the shop moved to Sigra",
]


def _box(engine: Engine, question: int | None) -> Chat:
    opened = OpenMailbox(tip="1" * 32, number="4K7Q-2XPM", recipient="age1", question=question)
    return Chat(engine, mailbox=Mailbox(open=opened, language="en", messages=()))


@pytest.mark.slow("many conversations")
@every_row("text", BESIDE)
@every_row("step", [*AT, "reach"])
def test_words_beside_a_code_are_kept_or_asked_about_once_the_mailbox_is_open(
    engine: Engine, step: str, text: str
) -> None:
    talk = _box(engine, None).say(*AT.get(step, (*AT["review"], "1")), text.format(CODE))
    assert talk.turn.open_mailbox or talk.session
    assert talk.session is not None
    word = max((part for part in text.replace(",", "").split() if part not in {"{}", "status"}), key=len)
    told = [words for _, words in talk.session.held] + [str(one.value) for one in talk.session.answers.values()]
    assert any(word in one for one in told), told
    if talk.step == "@suggested":
        assert "4K7Q-2XPM" in talk.text
        post = talk.say("yes").turn.post
        assert post is not None
        assert word in post.text


@every_row("text", [text for text in BESIDE if "daroga" not in text])
@every_row("question", [None, 4])
def test_words_beside_a_code_in_an_open_mailbox_are_posted(engine: Engine, question: int | None, text: str) -> None:
    talk = _box(engine, question).say("status " + CODE, text.format(CODE))
    assert talk.turn.post is not None
    assert "8391" not in talk.turn.post.text


@every_row(
    "text",
    [
        "{}",
        "mera code {} hai",
        "{} kya hua",
        "code {} ka status batao",
        "namaste ji {} kuch hua ki nahi",
        "{} 3 din ho gaye",
    ],
)
def test_nothing_is_held_beside_a_code_that_stands_alone(engine: Engine, text: str) -> None:
    talk = _box(engine, None).say("Hi", "English", text.format(CODE))
    assert (talk.step, talk.session.held if talk.session else None) == ("@mailbox", ())


def test_words_beside_a_code_that_accuse_a_desk_of_the_tip_are_answered(engine: Engine) -> None:
    talk = _box(engine, None).say("status " + CODE, f"{CODE} daroga bhi mila hua hai")
    assert talk.turn.post is None
    assert "Restart" in talk.text


EVIDENCE = [
    "paytm wallet no 8391446070125538 se unhone 9000 kaat liye",
    "कूरियर वाले ने पार्सल संख्या {} दी और 4000 ठग लिए, दुकान रामनगर में है",
    "they sold me a fake policy, serial {}, the office is at Lahurabir",
    "wo do mobile se gaali deta hai {} dono usi ke hain",
    "raju apni daru ki bori par {} chhapta hai",
]
"""Tips with a number of sixteen digits that nobody calls a code."""


@pytest.mark.slow("many conversations")
@every_row("step", ["first", "what", "place", "review"])
@every_row("text", EVIDENCE)
def test_a_number_that_opens_no_mailbox_and_is_called_no_code_stays_in_the_tip(
    engine: Engine, step: str, text: str
) -> None:
    said = text.format(CODE)
    talk = Chat(engine).say(*AT[step], said)
    assert talk.session is not None
    told = [str(one.value) for one in talk.session.answers.values()] + [words for _, words in talk.session.held]
    assert any(said in one for one in told), (told, talk.text)
    assert talk.session.wrong_codes == 1, "nobody guesses codes for nothing"


@every_row("text", EVIDENCE)
def test_a_number_that_opens_a_mailbox_is_in_no_tip(engine: Engine, text: str) -> None:
    talk = _box(engine, None).say(*AT["what"], text.format(CODE))
    assert talk.step in {"@mailbox", "@suggested"}
    assert "8391" not in str(talk.session)


@every_row("text", ["mera code {} hai, raju smack bechta hai", "रसीद {} , वो जुआ भी खिलाता है", "tip number {} daru"])
def test_a_number_that_is_called_a_code_stays_nowhere(engine: Engine, text: str) -> None:
    talk = Chat(engine).say(*AT["what"], text.format(CODE))
    assert talk.step == "@code"
    assert "8391" not in str(talk.session)


def test_a_number_at_the_question_for_a_code_is_one(engine: Engine) -> None:
    talk = Chat(engine).say("Hi", "English", "status", "raju ki daru ki bori par likha tha 8391446070125538")
    assert talk.step == "@code"
    assert "8391" not in str(talk.session)


OTHERS = ["my other one is {}, the shop moved to Sigra", "{} wali me likh do ki wo ab gaadi se aata hai"]


@every_row("text", OTHERS)
def test_words_beside_the_code_of_another_tip_are_not_posted_to_the_open_one(engine: Engine, text: str) -> None:
    talk = _box(engine, None).say("status " + CODE)
    other = OpenMailbox(tip="2" * 32, number="7M3R-9TWB", recipient="age1")
    talk.mailbox = Mailbox(open=other, language="en", messages=())
    talk.say(text.format(CODE))
    assert talk.turn.post is None
    assert (talk.step, talk.session and talk.session.mailbox) == ("@suggested", other)
    assert "7M3R-9TWB" in talk.text
    assert talk.say("yes").turn.post is not None


def test_a_code_that_opens_nothing_posts_no_words_to_the_open_mailbox(engine: Engine) -> None:
    talk = _box(engine, None).say("status " + CODE)
    talk.mailbox = None
    talk.say("for my other code 7197 2204 5561 3380: the shop moved to Sigra")
    assert (talk.turn.post, talk.step) == (None, "@code")


def test_another_number_is_posted_whole_to_the_open_mailbox(engine: Engine) -> None:
    talk = _box(engine, None).say("status " + CODE)
    talk.mailbox = None
    said = "us truck ki bilty par 7197220455613380 likha hai"
    post = talk.say(said).turn.post
    assert post is not None
    assert post.text == said
