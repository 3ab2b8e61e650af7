"""A suggestion is carried out, and doubtful words are stored, only on a clear yes; nothing is lost silently."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from satark.api.inbound import Edited, Event, Media, MediaRef, Pin, Revoked, Tap, Text, Unsupported
from satark.dialogue.engine import Engine
from satark.dialogue.session import Session, Turn
from satark_testing.dialogue.chat import NOW, Chat
from support.dialogue.acting import acted, consents
from support.loops import every_row

STORY: Final = "lanka me ramesh daru bechta hai roz raat ko"
WAITS: Final = "ruko abhi koi aa gaya hai gadi UP65 AB 1234"
NAMES: Final = "mera naam mat likhna mai Sunita hu, 9876543210"
BACK: Final = "wapas jail gaya tha"
OWN: Final = "lanka me mere bhai ramesh daru bechta hai, mera naam Sunita hai, mobile 9876543210"
WHAT: Final = ("hi", "1", "daru")
PLACE: Final = (*WHAT, "ramesh ghar se bechta hai raat ko")
STATES: Final[dict[str, tuple[str, ...]]] = {
    "first words": (WAITS,), "first words that name": (NAMES,), "language chosen": (WAITS, "1"),
    "category": ("hi", "1", WAITS), "what": (*WHAT, NAMES), "place": (*PLACE, NAMES), "review": (STORY, WAITS),
    "review, held": (NAMES, STORY), "cancel": (STORY, "cancel", WAITS), "restart": (STORY, "restart", WAITS),
    "identity": (OWN, WAITS), "details": (STORY, "2", WAITS), "back?": (*PLACE, BACK),
    "back? at what": (*WHAT, NAMES, BACK), "back? at the review": (STORY, BACK), "erase?": (STORY, "delete that"),
    "reach": (STORY, "1", WAITS),
}  # fmt: skip
"""Question → the tipster's texts that lead to a suggestion, or to held words, at that question."""
YES: Final = ("haan", "हाँ", "yes", "1", "theek hai", "haan likh do")
OTHERS: Final = (
    "2", "nahi", "mat likho", "hata do", "galti se bheja", "nahi chahiye", "no don't include that", "3", "?", "help",
    "repeat", "kya matlab", "back", "cancel", "status", "भाषा", "bhej do", "send", "mita do", "hi", "lanka",
    "uska bhai sonu bhi ganja bechta hai", "nahi nahi wo to ganja bhi bechta hai", WAITS, NAMES, BACK,
    "TIP sigra me ganja bikta hai",
)  # fmt: skip
REF: Final = MediaRef(account="test:1", id="m")
EVENTS: Final[tuple[Event, ...]] = (
    *map(Text, (*YES, *OTHERS)), Media(REF, "voice"), Media(REF, "image", "dekho"), Pin(25.3, 83.0),
    Unsupported("poll"), Edited("s0", "lanka me ramesh ganja bechta hai"), Revoked("s0"), Revoked("s1"),
    *(Tap(f"{option}:now") for option in ("@suggested:yes", "@suggested:no", "review:send", "@cancel:yes")),
    *(Tap(f"{option}:old") for option in ("@suggested:yes", "review:send", "@cancel:yes", "@identity:send")),
)  # fmt: skip
"""Possible next events; a tap is on a button of the newest question, or of the one before it."""


def held(session: Session | None) -> tuple[str, ...]:
    return tuple(words for _, words in session.held) if session else ()


def answered(session: Session | None, *steps: str) -> str:
    answers = session.answers.items() if session else ()
    return "\n".join(str(answer.value) for step, answer in answers if not steps or step.removeprefix("@") in steps)


def _sent_now(event: Event, session: Session) -> Event:
    if not isinstance(event, Tap):
        return event
    option, _, when = event.token.rpartition(":")
    return Tap(f"{option}:{session.revision - (when == 'old')}")


def _agrees(event: Event, session: Session) -> bool:
    if isinstance(event, Text):
        return event.body in YES and event.body != session.chosen_by
    return isinstance(event, Tap) and event.token == f"@suggested:yes:{session.revision}"


def _own(event: Event, session: Session) -> bool:
    asked = session.state if session.state.startswith("@") else session.step
    if isinstance(event, Text):
        return consents(asked, event.body) and event.body != session.chosen_by
    return (
        isinstance(event, Tap) and event.token.startswith(f"{asked}:") and event.token.endswith(f":{session.revision}")
    )


def _faults(session: Session, shown: str, event: Event, turn: Turn) -> Iterator[str]:
    """List effects of a turn that its event did not ask for. `shown`: the text of the question that it answers."""
    after, said = turn.session, turn.prompt.text if turn.prompt else turn.session.said if turn.session else ""
    agrees, changes = _agrees(event, session), isinstance(event, Edited | Revoked)
    goes_back = agrees and session.suggested is not None and session.suggested[1] == "@back"
    goes_back = goes_back or (isinstance(event, Text) and event.body == "back")
    may = (
        {"took words out", "erased"} if goes_back or "{" in answered(session, "what") else set()
    )  # a recording gets words
    did = [act for act in acted(session, turn) if act not in may]
    if did and not (_own(event, session) or changes or _is_tip(event)):
        yield f"{did} without its own word"
    if turn.submission and not _is_tip(event):
        lines = str(turn.submission.answers.get("what", "")).split("\n")
        yield from (f"sent unseen: {line}" for line in lines if not _was_shown(line, shown) and line not in OWN)
    if turn.submission and held(session) and any(one not in said for one in held(session)):
        yield "sent while words were held, and did not say that they are left out"
    for words in () if turn.erase or turn.submission or changes else held(session):
        is_told = words in answered(after) or bool(turn.post and words in turn.post.text)
        if is_told and not agrees and not (isinstance(event, Text) and event.body == words):
            yield f"kept without a yes: {words}"
        if not is_told and words not in held(after) and words not in said:
            yield f"lost unsaid: {words}"
    lost = {
        step for step, one in session.answers.items() if one.value is not None and after and step not in after.answers
    }
    if after and not after.submitted and not changes and len({step.removeprefix("@") for step in lost}) > 1:
        yield f"took back more than one answer: {lost}"


def _was_shown(line: str, shown: str) -> bool:
    """Return whether a question shows a line; that about identifying words shows these and the rest apart."""
    return all(word in shown for word in line.replace(",", "").split())


def _is_tip(event: Event) -> bool:
    return isinstance(event, Text) and event.body.startswith("TIP ")


def _walk(engine: Engine, talk: Chat, events: tuple[Event, ...], *, unseen: bool = False) -> list[str]:
    session, shown, done = talk.session, talk.text, []
    for at, event in enumerate(events):
        assert session is not None
        now = _sent_now(event, session)
        turn = engine.advance(session, now, f"e{at}", NOW, unseen=unseen)
        done.append(now)
        if faults := list(_faults(session, shown, now, turn)):
            return [f"{fault} on {[getattr(one, 'body', '') or one for one in done]}" for fault in faults]
        if turn.session is None or turn.submission or turn.prompt is None:
            break
        session, shown = turn.session, turn.prompt.text
    return []


@cache
def _at(engine: Engine, state: str, channel: str) -> Chat:
    return Chat(engine, channel).say(*STATES[state])


@pytest.mark.slow("every event at every suggestion")
@every_row("channel", ["whatsapp", "sms"])
@every_row("state", STATES)
def test_no_event_at_a_suggestion_has_an_effect_that_it_does_not_name(engine: Engine, state: str, channel: str) -> None:
    assert [fault for one in EVENTS for fault in _walk(engine, _at(engine, state, channel), (one,))] == []


@pytest.mark.slow("every event at every suggestion that was not sent yet")
@every_row("state", STATES)
def test_nothing_answers_a_suggestion_before_it_is_sent(engine: Engine, state: str) -> None:
    talk = _at(engine, state, "whatsapp")
    for event in map(Text, (*YES, "2", "nahi")):
        assert talk.session is not None
        turn = engine.advance(talk.session, event, "e", NOW, unseen=True)
        assert turn.session is not None
        assert held(turn.session)[: len(held(talk.session))] == held(talk.session)


@pytest.mark.full("pairs of events at every suggestion")
@every_row("state", STATES)
def test_no_pair_of_events_at_a_suggestion_has_an_effect_that_it_does_not_name(engine: Engine, state: str) -> None:
    talk = _at(engine, state, "whatsapp")
    assert [fault for one in EVENTS for two in EVENTS for fault in _walk(engine, talk, (one, two))] == []


# ------------------------------------------------------------- one by one


@pytest.mark.slow("many conversations")
@every_row(
    "refusal",
    ["mat likho", "nahi ye mat likhna", "isko hata do", "nahi, wo dusre ke liye tha", "no don't include that",
     "no that was for someone else", "नहीं यह मत लिखिए", "यह सूचना का हिस्सा नहीं है", "ye nahi likhna hai", "hata do",
     "mita do", "rehne do", "nahi chahiye", "wo sab mat likhna please", "ignore that", "delete that", "haan nahi"],
)  # fmt: skip
@every_row("before", [(STORY, WAITS), (*WHAT, NAMES), ("hi", "1", WAITS), (NAMES, STORY)])
def test_a_refusal_in_any_words_leaves_the_words_out_and_says_so(
    engine: Engine, before: tuple[str, ...], refusal: str
) -> None:
    talk = Chat(engine).say(*before)
    words = held(talk.session)[0]
    talk.say(refusal)
    assert held(talk.session) == ()
    assert words not in answered(talk.session)
    assert f"नहीं लिखा:\n«{words}»" in talk.text


@pytest.mark.slow("seventy conversations")
@every_row("state", ["first words", "what", "review", "reach"])
@every_row(
    "said",
    [
        "hmm", "accha", "k", "kk", "अच्छा", "हम्म", "samajh gaya", "padh liya", "jaisi aapki marzi", "got it",
        "ok par naam chhupa ke", "yes you can remove it", "haan lekin number hata ke", "yes but hide my name",
        "हाँ पर नाम छुपा के", "thik hai naam hata ke", "ok but change my name",
    ],
)  # fmt: skip
def test_without_a_clear_yes_no_words_are_stored(engine: Engine, state: str, said: str) -> None:
    chat = Chat(engine).say(*STATES[state])
    if chat.step != "@suggested":
        chat.say("1")
    before = answered(chat.session)
    chat.say(said)
    assert answered(chat.session) == before
    assert chat.turn.post is None
    assert chat.turn.submission is None


@every_row("said", ["haan sirf pehla", "pehla wala", "only the first", "पहला वाला", "haan pehla rakho", "first one"])
def test_one_of_two_texts_is_kept_by_its_number(engine: Engine, said: str) -> None:
    chat = Chat(engine).say(WAITS, NAMES, STORY, said)
    assert WAITS in answered(chat.session)
    assert NAMES not in answered(chat.session)
    assert held(chat.session) == (NAMES,)
    assert NAMES in answered(Chat(engine).say(WAITS, NAMES, STORY, "dusra wala").session)


@every_row(
    "said",
    [
        "nahi mujhe bhool jao mera number mita do", "no, delete my number", "नहीं मेरा नंबर मिटा दो",
        "nahi mera number hata do", "no forget my number",
    ],
)  # fmt: skip
def test_a_no_with_a_wish_to_be_forgotten_is_told_the_way(engine: Engine, said: str) -> None:
    chat = Chat(engine).say(*STATES["reach"], said)
    assert not held(chat.session)
    assert engine._loaded.catalogues["hi"].text("command.forget") in chat.text
    assert chat.turn.reach is None


@every_row(
    "said",
    [WAITS, "ruko, mera number 9876543210 hai", "wait my number is 9876543210", "thodi der me, gadi UP65 AB 1234"],
)
def test_a_tipster_who_waits_at_the_story_is_stored_nothing_unasked(engine: Engine, said: str) -> None:
    chat = Chat(engine).say(*WHAT, said)
    assert not answered(chat.session, "what")
    assert held(chat.session) == (said,)


@every_row("said", ["1", "२", " 3", "7"])
def test_a_late_digit_is_neither_a_story_nor_a_place(engine: Engine, said: str) -> None:
    assert not answered(Chat(engine).say(*WHAT, "help", said).session, "what")
    assert Chat(engine).say(*PLACE, "help", said).step == "place"


@every_row(
    "said",
    ["SP sahab ko hissa jata hai", "एसपी साहब को हिस्सा जाता है", "the SP takes a share", "daroga paisa leta hai",
     "DIG sahab khud malik hai iske"],
)  # fmt: skip
def test_an_accusation_at_the_question_for_a_code_is_stored(engine: Engine, said: str) -> None:
    assert said in answered(Chat(engine).say(STORY, "status", said).session)
    assert said in answered(Chat(engine).say("hi", "1", "status", said).session)


@every_row("said", ["help", "repeat", "?", "kya matlab", "samajh nahi aaya", "galti se bheja", "3"])
def test_a_text_that_is_no_answer_repeats_the_suggestion(engine: Engine, said: str) -> None:
    talk = Chat(engine).say(*WHAT, NAMES, said)
    assert (talk.step, held(talk.session)) == ("@suggested", (NAMES,))


def test_the_same_number_twice_neither_sends_nor_erases(engine: Engine) -> None:
    for before in ((STORY, WAITS), (STORY, "cancel", WAITS), (OWN, WAITS), (STORY, "delete that")):
        talk = Chat(engine, "sms").say(*before, "1", "1")
        assert talk.submission is None, before
        assert not talk.turn.erase, before
        talk = Chat(engine, "sms").say(*before, "01", "1")
        assert (talk.submission, talk.turn.erase) == (None, False), before
    assert Chat(engine).say("ladkiyon ko bech dete hain gaon me, kal raat bhi", "1", "1").submission is None


def test_going_back_erases_one_step_and_keeps_held_words(engine: Engine) -> None:
    talk = Chat(engine).say(*PLACE, BACK, "haan")
    assert (talk.step, held(talk.session), answered(talk.session, "what")) == ("what", (BACK,), "")


def test_a_second_suggestion_keeps_the_held_words_of_the_first(engine: Engine) -> None:
    talk = Chat(engine).say(*WHAT, NAMES, BACK, "nahi")
    assert held(talk.session) == (NAMES, BACK)
    assert NAMES in talk.text
    assert BACK in talk.text


def test_repeating_one_of_several_held_texts_keeps_only_that_text(engine: Engine) -> None:
    talk = Chat(engine).say(NAMES, STORY, WAITS, WAITS)
    assert NAMES not in answered(talk.session)


@every_row("said", [WAITS, NAMES])
def test_after_repeating_one_of_several_held_texts_the_others_are_dropped(engine: Engine, said: str) -> None:
    other = ({WAITS, NAMES} - {said}).pop()
    talk = Chat(engine).say(WAITS, NAMES, STORY, said)
    assert (talk.step, other in held(talk.session)) == ("@suggested", True)
    assert said in talk.text or said in answered(talk.session)


@every_row("before", [(STORY, WAITS), (*WHAT, NAMES)])
@every_row(
    "said",
    ["no don't, the SP is his brother", "nahi, lanka thane ka daroga aa gaya hai", "nahi, SP sahab ka hissa hai",
     "mat likhna SP sahab uske jija hai", "nahi mera matlab sigra wale Ramesh se tha",
     "nahi ye nahi, ye likho ki wo raat 10 baje aata hai", "mat likho, aur haan uska godam sigra me hai"],
)  # fmt: skip
def test_a_no_declines_only_the_held_words_and_the_next_words_are_heard(
    engine: Engine, before: tuple[str, ...], said: str
) -> None:
    talk = Chat(engine).say(*before, said)
    assert f"नहीं लिखा:\n«{before[-1]}»" in talk.text
    assert (talk.step, held(talk.session)) == ("@suggested", (said,))
    assert talk.session is not None
    assert bool(talk.session.accused) is ("SP" in said or "thane" in said)
    assert said in answered(talk.say("haan").session)


def test_a_no_after_the_receipt_tells_that_further_words_are_not_added(engine: Engine) -> None:
    talk = Chat(engine).say(STORY, "1", WAITS, "nahi, SP sahab ka bhi hissa hai usme")
    assert (talk.turn.post, held(talk.session)) == (None, ())
    assert f"नहीं लिखा:\n«{WAITS}»" in talk.text
    assert "नहीं जोड़ा" in talk.text


@every_row("said", ["haan, SP sahab ka bhi hissa hai usme", "ji haan wo SP sahab ko paisa deta hai roz"])
def test_a_yes_after_the_receipt_is_not_lost_beside_further_words(engine: Engine, said: str) -> None:
    talk = Chat(engine).say(STORY, "1", WAITS, said)
    assert "नहीं जोड़ा" in talk.text
    if talk.turn.post is None:  # it was no clear yes
        assert (talk.step, held(talk.session)) == ("@suggested", (WAITS,))
        talk.say("haan")
    assert talk.turn.post is not None
    assert talk.turn.post.text == WAITS


def test_a_tip_sent_at_once_names_the_words_that_it_leaves_out(engine: Engine) -> None:
    talk = Chat(engine, "sms").say(WAITS, "TIP ramesh lanka me roz daru bechta hai")
    assert talk.submission is not None
    assert WAITS not in str(talk.submission.answers)
    assert f'nahi likha:\n"{WAITS}"' in talk.text


def test_revoking_the_story_leaves_held_words(engine: Engine) -> None:
    talk = Chat(engine).say(STORY, WAITS).revoke("s0")
    assert (held(talk.session), answered(talk.session, "what")) == ((WAITS,), "")


def test_talk_stored_before_the_story_does_not_replace_the_story(engine: Engine) -> None:
    talk = Chat(engine).say("naam mat batana wo mujhe maar denge", "1", "haan").tap("INTOX")
    assert talk.step == "what"
    assert talk.text.startswith("क्या हो रहा है?")
    talk.say("ramesh ghar se bechta hai raat ko")
    assert answered(talk.session, "what") == "naam mat batana wo mujhe maar denge\nramesh ghar se bechta hai raat ko"


def test_talk_after_the_receipt_is_added_on_a_yes(engine: Engine) -> None:
    talk = Chat(engine).say(STORY, "1", WAITS)
    assert held(talk.session) == (WAITS,)
    talk.say("haan")
    assert (talk.turn.post and talk.turn.post.text, talk.step) == (WAITS, "@reach")


@every_row("said", ["uska number 9876501234 hai", "haan aur uska bhai bhi", "naam Bablu", "gadi kali hai"])
def test_a_text_after_the_receipt_that_is_no_talk_is_added_at_once(engine: Engine, said: str) -> None:
    talk = Chat(engine).say(STORY, "1", said)
    assert (talk.turn.post and talk.turn.post.text, held(talk.session), talk.step) == (said, (), "@reach")


@every_row("wish", ["sab mitana chahta hu", "sab hatana hai mujhe", "सब मिटाना चाहता हूँ"])
def test_a_wish_to_erase_is_asked_about(engine: Engine, wish: str) -> None:
    talk = Chat(engine).say(STORY, wish)
    assert talk.step in {"@suggested", "@cancel"}
    assert "मिटा" in talk.text


def test_an_sms_asks_in_one_script(engine: Engine) -> None:
    assert Chat(engine, "sms").say(*WHAT, NAMES).text == f'Kya yeh aapki suchna mein likhna hai?\n"{NAMES}"'
