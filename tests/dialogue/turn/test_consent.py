"""Acts that can't be undone happen only on their own words, and only code with consent can carry them out."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import msgspec
import pytest

import satark.dialogue
from satark.api.flow import Step
from satark.api.inbound import CompleteTip, Event, FormPage, Media, MediaRef, Tap, Text
from satark.dialogue.engine import STATES, Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Session
from satark.dialogue.turn.consent import is_plain, option_named
from satark.dialogue.turn.context import TurnContext
from satark_testing.dialogue.chat import NOW, Chat
from satark_words.geography.geography import Geography
from satark_words.tokens import fold
from support.dialogue.acting import MEDIA, QUESTIONS, acted, consents
from support.dialogue.corpus import read_corpus
from support.loops import every_row

CORPORA = Path(__file__).parents[2] / "words" / "corpora"
REFUSALS = ("mat bhejo", "rehne do", "abhi nahi", "ruko", "bhejna mat", "मत भेजो", "don't send")
AGREEING = ("haan", "हाँ", "ji", "ok", "theek hai", "sahi hai", "👍", "yes", "accha", "bilkul")
SUGGESTING = (
    "rehne do mita do",
    "submit mat karna",
    "sab mita do yaar",
    "bhej du kya",
    "cancel kar do na",
)
REF = MediaRef(account="test:1", id="m")
ERASED = ("erased", "मिटा दी", "मिटा दिया", "मिटा दिए")
TAKES_BACK = (
    "mita do", "meri suchna radd karo", "delete my message", "radd karo", "cancel", "meri shikayat hata do",
    "delete it", "सूचना रद्द करो", "sab mita do yaar", "cancel my complaint",
)  # fmt: skip


def chat(engine: Engine, question: str, channel: str = "whatsapp") -> Chat:
    return QUESTIONS[question](engine, channel)


@pytest.mark.slow("many conversations")
@every_row("channel", MEDIA)
@every_row("agreeing", AGREEING)
@every_row("before", (*REFUSALS, *SUGGESTING))
def test_no_agreement_sends_after_a_refusal_or_a_suggestion(
    engine: Engine, before: str, agreeing: str, channel: str
) -> None:
    talk = chat(engine, "review", channel).say(before, agreeing)
    assert talk.submission is None
    assert not talk.turn.erase
    assert talk.session is not None


@pytest.mark.slow("a third of a second of a processor")
@every_row("agreeing", AGREEING)
@every_row(
    "before", ("nahi rehne do", "message mat karna", "mat puchna", "ruko", "baad me batata hu", "mita do mera sab")
)
def test_no_agreement_decides_about_the_contact(engine: Engine, before: str, agreeing: str) -> None:
    talk = chat(engine, "@reach").say(before, agreeing)
    assert talk.turn.reach is None
    assert talk.step == "@reach"


def test_a_refused_contact_stays_refused(engine: Engine) -> None:
    talk = chat(engine, "@reach").say("nahi number mita do")
    assert talk.turn.reach is False
    assert talk.say("haan").turn.reach is None


@pytest.mark.slow("many conversations")
@every_row("channel", [name for name in MEDIA if name != "voice"])
@every_row("before", ("don't", "please do not", "wait", "should i", "मत", "abhi nahi", "kya main", "ruko", "क्या"))
def test_an_act_after_a_message_that_only_refuses_or_asks_needs_its_word_again(
    engine: Engine, before: str, channel: str
) -> None:
    for word in ("send", "bhejo", "भेज दो", "1"):
        talk = chat(engine, "review", channel).say(before, word)
        assert talk.submission is None, word
        assert talk.say(word).submission is not None, word


@pytest.mark.slow("a third of a second of a processor")
@every_row("before", ("don't", "मत", "mat", "should i"))
def test_files_stay_after_a_refusal_and_the_word_that_drops_them(engine: Engine, before: str) -> None:
    talk = chat(engine, "evidence").say(before)
    assert talk.session is not None
    assert acted(talk.session, engine.advance(talk.session, Text("delete"), "s9", NOW)) == []


@pytest.mark.slow("a third of a second of a processor")
@every_row("question", [name for name in QUESTIONS if name.startswith("@") or name == "review"])
def test_a_plain_yes_no_or_ok_acts_nowhere(engine: Engine, question: str) -> None:
    for word in (*AGREEING, "no", "नहीं", "nahi", "na", "nope", "जी नहीं"):
        talk = chat(engine, question)
        session = talk.session
        assert session is not None
        assert acted(session, engine.advance(session, Text(word), "s9", NOW)) == [], word


@every_row("channel,label", [("whatsapp", "Yes, send"), ("sms", "Yes, send"), ("voice", "press 1")])
def test_a_refusal_names_the_way_to_send_on_this_channel(engine: Engine, channel: str, label: str) -> None:
    text = chat(engine, "review", channel).say("don't send").text
    assert "not sent" in text.split("\n")[0]
    assert label in text.split("\n")[0]


def test_after_a_yes_at_the_review_the_tipster_is_told_how_to_send(engine: Engine) -> None:
    talk = chat(engine, "review").say("yes")
    assert talk.text.startswith("For that tap “Yes, send” below, or write 1.")
    assert talk.say("1").submission is not None


def test_own_words_act_in_another_language_and_wording(engine: Engine) -> None:
    assert chat(engine, "review", "voice").say("हाँ, भेज दें").submission is not None
    assert chat(engine, "@cancel", "sms").say("Haan, mita dein").turn.erase
    assert chat(engine, "@reach", "sms").say("Nahi, number mita dein").turn.reach is False


AGREED: Final = (
    "ab bhej dijiye", "haan bhai bhej do", "yes please submit this now", "theek hai bhej do",
    "जी हाँ, अब भेज दीजिए।", "fine, send it", "Please send this tip now.", "sab sahi likha hai bhej dijiye",
    "सब ठीक है, भेज दो भैया", "maine padh liya hai, send kar do", "It all looks right. Please submit.",
    "everything is correct, send it", "bhejdo bhai jaldi", "haan ji bhej dein", "submit kar dijiye",
    "kuch nahi badalna hai bhej do", "no changes, send", "dar lag raha hai phir bhi bhej do",
    "I'm scared but send it", "jo hoga dekha jayega bhejo", "ok sedn it", "bhejo bhejo jaldi", "सही बा, भेज दा",
    "thank you, submit it", "एकदम सही लिखा है, सबमिट कर दीजिए", "chalo bhej hi do", "ye suchna police ko bhej do",
    "I have read it all, please send",
)  # fmt: skip
"""Sentences that send at the review: the word to send beside words that only agree."""


@every_row("channel", MEDIA)
@every_row("words", AGREED)
def test_the_word_to_send_beside_words_that_only_agree_sends(engine: Engine, channel: str, words: str) -> None:
    assert chat(engine, "review", channel).say(words).submission is not None


@every_row(
    "words",
    ["ab bhej dun", "haan kal bhej do", "bhej do agar naam chhupa ho", "yes please do not submit this now",
     "sahi ho to bhej do", "ab bhej dijiye?", "usne kaha haan bhej do", "abhi mat bhej do", "please send me this",
     "ab 1", "haan ab", "shayad bhej do", "jaldi me galti se bhej do", "haan bhej do baad me", "send no changes",
     "nothing else send", "kuch badalna hai nahi bhejo", "kuch nahi bhejo", "sab sahi hai par bhej do par",
     "par bhej do", "bhej do dar lag raha hai par", "I am scared but do not send it", "theek hai to bhej do",
     "agar sab sahi hai bhej do", "sab galat hai bhej do", "dost ko bhej do", "mujhe bhej do", "thane ko bhej do",
     "can you send it", "bhej du", "you can not send it", "send all my money", "bhej di", "bheja", "bhej sakte ho",
     "bhejna hai", "jo hoga dekha jayega", "sab sahi hai", "kuch badalna nahi hai", "no send",
     "sab sahi hai mat bhejo", "bhejo na", "darna kya", "forward", "bhej abhi do", "ab bhej dijiye kal",
     "everything is correct but send it later", "1 bhej de"],
)  # fmt: skip
def test_the_word_to_send_beside_any_other_word_sends_nothing(engine: Engine, words: str) -> None:
    assert chat(engine, "review", "whatsapp").say(words).submission is None


DOUBTS: Final = (
    "mat", "nahi", "nhi", "na", "kabhi nahi", "abhi nahi", "मत", "नहीं", "ना", "जिन", "जनि", "नइखे", "jin",
    "naikhe", "مت", "نہیں", "don't", "do not", "not", "never", "no", "not yet", "cannot", "kya", "kyun", "kab",
    "kaise", "kaun", "ya nahi", "क्या", "क्यों", "कब", "कौन", "काहे", "should i", "why", "when", "who",
    "can you", "should you", "shayad", "agar", "ho to", "ruko", "baad me", "kal", "subah", "galat",
    "soch raha hu", "शायद", "अगर", "रुको", "बाद में", "कल", "बिहान", "maybe", "if", "wrong", "wait", "later",
    "tomorrow", "unless", "until", "usne kaha", "bola", "उसने कहा", "he said", "they say", "my wife says",
    "dost ko", "mujhe", "thane ko", "me a copy", "pehle", "पहले", "first", "before", "taaki", "so that",
)  # fmt: skip
"""Words that refuse, ask, put off, doubt, quote, or tell whom else it shall go to."""


def test_no_word_of_doubt_anywhere_in_an_agreeing_sentence_sends(engine: Engine) -> None:
    session = chat(engine, "review").session
    assert session is not None
    context = TurnContext(engine._loaded, STATES, session, "s9", NOW)
    name, question = context.state.question(context)
    assert all(option_named(context, name, question, fold(one)) == "send" for one in AGREED)
    sentences = [one.split() for one in AGREED]
    places = [(words[:at], words[at:]) for words in sentences for at in range(len(words) + 1)]
    texts = [" ".join((*before, doubt, *after)) for before, after in places for doubt in DOUBTS]
    assert len(texts) > 9000
    assert [one for one in texts if option_named(context, name, question, fold(one))] == []


def test_no_text_of_the_corpus_that_means_anything_but_to_send_it_names_that_option(engine: Engine) -> None:
    session = chat(engine, "review").session
    assert session is not None
    context = TurnContext(engine._loaded, STATES, session, "s9", NOW)
    name, question = context.state.question(context)
    said = [one for one in read_corpus(CORPORA) if one.step == "review" and is_plain(one.text)]
    sent = {one.text: one.meant for one in said if option_named(context, name, question, fold(one.text)) == "send"}
    assert len(sent) > 120
    assert {text: meant for text, meant in sent.items() if "option:send" not in meant} == {}


def test_an_agreeing_sentence_after_a_refusal_sends_nothing(engine: Engine) -> None:
    assert chat(engine, "review", "whatsapp").say("mat", "ab bhej dijiye").submission is None


def test_a_question_mark_takes_the_consent_away(engine: Engine) -> None:
    assert chat(engine, "review").say("send?").submission is None
    assert chat(engine, "@reach").say("Yes, message me?").turn.reach is None


OWN_WORD = {
    "review": "send",
    "@unsent": "भेज दो",
    "@cancel": "mita do",
    "@restart": "new",
    "@reach": "number mita do",
    "@origin": "bata do",
    "@identity": "erase and send",
    "evidence": "erase files",
}


@pytest.mark.slow("many conversations")
@every_row("question", OWN_WORD)
@every_row(
    "signs",
    ["❌ {}", "{} ❌", "🚫 {}", "{} 👎", "{}👎🏽", "✋ {}", "⛔ {}", "🛑 {}", "{} 🙅🏽‍♂️", "{} 🤔", "{} 🤷", "{} 😡",
     "{} ✖", "~{}~", "> {}", '"{}"', "“{}”", "«{}»", "'{}'", "({}?)", "({})", "{}…", "{} :(", "{} ¿",
     "{} ⁉️", "{}/", "={}"],
)  # fmt: skip
def test_an_own_word_with_a_sign_that_may_refuse_quote_or_ask_does_nothing(
    engine: Engine, question: str, signs: str
) -> None:
    for body in (signs.format(OWN_WORD[question]), signs.format("1")):
        session = chat(engine, question).session
        assert session is not None
        turn = engine.advance(session, Text(body), "s9", NOW)
        assert acted(session, turn) == [], body
        assert turn.prompt is not None


@every_row(
    "body",
    [
        "send 👍",
        "send 👍🏽",
        "🙏 send",
        "send.",
        "Send!",
        "भेज दो।",
        "bhej-do",
        "1.",
        "1)",
        "1️⃣",
        "send ✅",
        "se\u200bnd",
    ],
)
def test_an_own_word_with_a_sign_that_only_agrees_or_ends_it_acts(engine: Engine, body: str) -> None:
    assert chat(engine, "review").say(body).submission is not None


@every_row(
    "before",
    [Text("✋"), Text("🚫"), Text("❌❌"), Text("👎"), Media(REF, "image", "mat"), Media(REF, "image", "don't")],
)
def test_a_sign_or_a_caption_that_only_refuses_holds_for_the_next_message(engine: Engine, before: Event) -> None:
    talk = chat(engine, "review").hear(before).say("bhejo")
    assert talk.submission is None
    assert talk.say("bhejo").submission is not None


def test_a_suggestion_is_a_question_with_two_buttons(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it every night", "near the old temple", "is it Jaunpur?")
    assert chat.step == "@suggested"
    assert [choice.label for choice in chat.prompt.choices] == ["Yes, Jaunpur", "No"]
    assert chat.say("haan").step == "police"
    assert chat.session is not None
    assert chat.session.suggested is None


@pytest.mark.parametrize(
    ("answer", "step"),
    [("no", "district"), ("2", "district"), ("1", "police"), ("Ghazipur", "police"), ("help", "@suggested")],
)
def test_an_event_that_is_no_answer_to_a_suggestion_goes_to_the_question_below(
    chat: Chat, answer: str, step: str
) -> None:
    chat.say("Hi", "2", "daru", "They sell it every night", "near the old temple", "is it Jaunpur?", answer)
    assert chat.step == step


def test_a_suggested_erasure_asks_again_in_its_own_words(engine: Engine) -> None:
    talk = chat(engine, "review").say("erase karo yaar")
    assert talk.step == "@suggested"
    assert talk.say("haan").step == "@cancel"
    assert talk.say("haan").step == "@cancel"
    assert talk.say("erase it").turn.erase


def test_a_long_suggestion_has_a_button_that_fits(engine: Engine) -> None:
    session = engine.begin(channel="whatsapp", tip="0" * 32, recipient="age1", identity="K")
    asked = msgspec.structs.replace(
        session, language="en", state="@suggested", suggested=("", "x", "A very long label here")
    )
    assert [one.label for one in engine.repeat_question(asked).choices] == ["Yes", "No"]


# ------------------------------------------------------------- what is said to be erased


@pytest.mark.slow("many conversations")
@every_row("words", TAKES_BACK)
def test_no_reply_says_erased_after_a_tip_was_sent(engine: Engine, words: str) -> None:
    talk = chat(engine, "@reach").say(words)
    assert "already sent and cannot be taken back" in talk.text
    assert ("your number is erased" in talk.text) == (talk.turn.reach is False)
    ended = chat(engine, "@reach").tap("no").say(words)
    assert not any(word in ended.text for word in ERASED), ended.text
    assert any(said in ended.text for said in ("cannot be taken back", "वापस नहीं हो सकती"))
    anew = chat(engine, "@reach").say("Hi", words)
    assert not any(word in anew.text for word in ERASED), anew.text


@every_row("words", ["forget me", "mujhe bhul jao", "erase my number", "मुझे भूल जाओ", "नंबर मिटा दो"])
def test_the_reply_to_forget_names_a_draft_only_if_there_was_one(engine: Engine, words: str) -> None:
    with_draft, without = chat(engine, "review").say(words), chat(engine, "@reach").tap("yes").say(words)
    assert with_draft.turn.erase
    assert "unfinished information and your number are erased" in with_draft.text
    assert (without.turn.erase, without.turn.reach) == (False, False)
    assert "unfinished" not in without.text
    assert "cannot be taken back" in without.text


@pytest.mark.slow("many conversations")
@every_row(
    "words",
    [
        "forget",
        "forget it",
        "forget this",
        "forget everything",
        "bhool jao",
        "bhul jao",
        "bhool jao sab",
        "भूल जाओ",
        "भूल जाएँ",
    ],
)
def test_a_tipster_who_says_forget_it_is_asked_before_a_draft_is_erased(engine: Engine, words: str) -> None:
    for question in ("review", "evidence"):
        talk = chat(engine, question).say(words)
        assert (talk.step, talk.turn.erase, talk.turn.reach) == ("@cancel", False, None)
        assert talk.say("erase it").turn.erase
    without = chat(engine, "@reach").tap("yes").say(words)
    assert (without.turn.erase, "erased" in without.text and "unfinished" in without.text) == (False, False)


def test_replies_say_that_files_are_erased_only_if_there_were_any(engine: Engine) -> None:
    talk = chat(engine, "evidence")
    assert "erased" in talk.say("erase files").text
    assert "erased" not in talk.say("erase files").text


@every_row("words", ["clear", "Clear", "clear 👍", "clear.", "CLEAR", "clear hai", "photo clear hai"])
def test_clear_says_how_a_photo_looks_and_erases_none(engine: Engine, words: str) -> None:
    talk = chat(engine, "evidence")
    assert talk.session is not None
    assert acted(talk.session, engine.advance(talk.session, Text(words), "s9", NOW)) == []


# ------------------------------------------------------------- who gives consent


def _interpreting(answer: Event) -> Engine:
    def interpret(event: Event, step: Step | None, session: Session) -> Event | None:
        del event, step
        if isinstance(answer, Tap):
            return Tap(f"{session.step}:{answer.token}:{session.revision}")
        return answer

    source = default_flow()
    return Engine(load_flow(source), source.catalogues, Geography.sample(), interpret)


@pytest.mark.slow("many conversations")
@every_row(
    "answer",
    [Tap("send"), Tap("yes"), Tap("no"), Tap("remove"), Text("भेजें"), Text("1"), Text("forget"), Text("mita do"),
     CompleteTip(Text("they sell liquor behind the school")), FormPage((("review", Tap("send")),))],
)  # fmt: skip
@every_row("question", QUESTIONS)
def test_an_event_that_a_plugin_replaced_gives_no_consent(engine: Engine, question: str, answer: Event) -> None:
    session = chat(engine, question).session
    assert session is not None
    turn = _interpreting(answer).advance(session, Text("hmm"), "s9", NOW)
    assert acted(session, turn) == []


@every_row(
    "fields", [{"submission": object()}, {"erase": True}, {"reach": False}, {"reach": True}, {"delete_messages": True}]
)
def test_a_turn_that_acts_without_consent_cant_be_made(engine: Engine, fields: dict[str, object]) -> None:
    session = chat(engine, "review").session
    assert session is not None
    context = TurnContext(engine._loaded, STATES, session, "", NOW)
    with pytest.raises(AssertionError, match="no consent"):
        context.turn(None, None, **fields)
    context.consent = frozenset(fields)
    context.turn(None, None, **fields)


@pytest.mark.slow("every file of the host")
def test_only_the_context_makes_turns() -> None:
    """The dialogue has one place that makes a `Turn`, which checks consent; no other code sets what acts."""
    acting = {"submission", "erase", "reach", "delete_messages"}
    makers, setters = set(), set()
    root = Path(satark.dialogue.__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called == "Turn":
                    makers.add(str(path.relative_to(root)))
                if called == "replace" and acting & {keyword.arg for keyword in node.keywords}:
                    setters.add(str(path.relative_to(root)))
    assert makers == {"dialogue/turn/context.py"}
    assert setters == {"ingest/turn.py"}, "which joins the two halves of a turn"


@pytest.mark.slow("many conversations")
def test_the_table_of_own_words_is_the_catalogues(engine: Engine) -> None:
    """The labels of buttons are own words in the independent table too, on every medium."""
    acting = {"review": "send", "@cancel": "yes", "@restart": "yes", "@origin": "yes", "@identity": "send"}
    options = [*acting.items(), ("@identity", "all"), ("@reach", "yes"), ("@reach", "no")]
    for channel in MEDIA:
        for question, code in options:
            shown = {one.token.split(":")[1]: one.label for one in chat(engine, question, channel).prompt.choices}
            assert consents(question, shown[code]), (channel, question, shown)


@pytest.mark.parametrize("words", ["1", "भेज दो", "send"])
def test_no_word_answers_a_question_that_was_not_sent_yet(engine: Engine, words: str) -> None:
    told = Chat(engine).say("lanka me ramesh daru bechta hai roz raat ko")
    assert told.step == "review"
    assert told.session is not None
    assert engine.advance(told.session, Text(words), "s2", NOW, unseen=True).submission is None
    assert engine.advance(told.session, Text(words), "s2", NOW).submission is not None


def test_a_number_that_comes_twice_sends_nothing_the_second_time(engine: Engine) -> None:
    talk = Chat(engine, channel="sms").say("lanka me ladkiyo ko bech dete hai", "1")
    assert talk.step == "review"
    assert talk.say("1").submission is None
    assert talk.say("1").submission is not None
