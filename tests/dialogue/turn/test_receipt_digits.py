"""No word of a tipster takes a receipt's code to a desk, wherever, however and in however many pieces it is written."""

from __future__ import annotations

import re

import pytest

from satark.api.inbound import CompleteTip, Edited, Event, FormPage, Media, MediaRef, Text
from satark.api.tip import Message
from satark.dialogue.engine import STATES, Engine
from satark.dialogue.session import Mailbox, OpenMailbox
from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.receipt_digits import without_codes
from satark_testing.dialogue.chat import Chat
from satark_words.tokens import ascii_digits
from support.loops import every_row

CODE = "8391446070125538"
STORY = ("Hi", "English", "3", "They sell guns every night", "Lanka", "No", "skip")
AT = {
    "first": (),
    "language": ("Hi",),
    "category": ("Hi", "English"),
    "what": ("Hi", "English", "3"),
    "place": STORY[:4],
    "police": STORY[:5],
    "evidence": STORY[:6],
    "review": STORY,
    "suggested": (*STORY, "is it Jaunpur?"),
    "change": (*STORY, "Change"),
    "details": (*STORY, "Add details"),
    "cancel": (*STORY, "cancel"),
    "restart": (*STORY, "restart"),
    "reach": (*STORY, "1"),
    "mailbox": ("status " + CODE,),
    "answer": ("status " + CODE, "1"),
    "feedback": ("status " + CODE,),
}
GIVEN = [
    [CODE],
    ["8391 4460 7012 5538 bachao"],
    ["mujhe maar rahe hain, mera code 8391-4460-7012-5538"],
    ["code 8391446070125538 raju ab bandook bhi rakhta hai"],
    ["bank fraud ki tip di thi 8391446070125538"],
    ["8391446070125538 card wali shikayat"],
    ["mera account wala mamla 8391446070125538"],
    ["8391,4460,7012,5538"],
    ["8391/4460/7012/5538 kya hua"],
    ["8391_4460_7012_5538"],
    ["8391; 4460; 7012; 5538"],
    ["code8391446070125538"],
    ["8391446070125538kya hua"],
    ["कोड ८३९१ ४४६० ७०१२ ५५३८ बचाओ"],
    ["839144607012553"],
    ["8391 4460 7012 553"],
    ["83914460701255381"],
    ["code 8391 4460 7012 55389 kya hua"],
    ["8391 4460", "7012 5538"],
    ["83914460", "70125538 kya hua"],
    ["mera code 8391 4460", "aur 7012 5538"],
    ["my code starts 8391 4460 7012", "and ends 5538"],
    ["pehla hissa 8391 4460 dusra 7012 5538"],
    ["8391-4460 aur 7012-5538"],
    ["code 8391446070", "125538"],
    ["TIP lanka me ganja bikta hai 8391446070125538"],
]


def _at(engine: Engine, place: str) -> Chat:
    asked = Message(sender="desk", desk="sp", status="NEED_INFO", text="Which shop?", question=True)
    closed = Message(sender="desk", status="CLOSED")
    open_ = OpenMailbox(tip="1" * 32, number="4K7Q-2XPM", recipient="age1", question=None if place == "feedback" else 4)
    shown = (closed,) if place == "feedback" else (asked,)
    return Chat(engine, mailbox=Mailbox(open=open_, language="en", messages=shown)).say(*AT[place])


def _reaches_desk(talk: Chat, since: int) -> list[str]:
    """Return every text that reaches a desk, now or once the draft is sent."""
    turns = talk.turns[since:]
    told = [turn.post.text for turn in turns if turn.post]
    told += [job.caption for turn in turns for job in turn.media_jobs]
    told += [str(turn.submission.answers) for turn in turns if turn.submission]
    if talk.session is not None:
        told += [str(one.value) for one in talk.session.answers.values()]
        told += [words for _, words in talk.session.held]
    return told


def _has_code(told: list[str]) -> bool:
    digits = re.sub(r"\D", "", ascii_digits("".join(told)))
    return any(CODE[at : at + 8] in digits for at in range(len(CODE) - 7))


@pytest.mark.slow("many conversations")
@every_row("place", AT)
def test_no_code_reaches_a_desk(engine: Engine, place: str) -> None:
    missed = []
    for given in GIVEN:
        talk = _at(engine, place)
        since = len(talk.turns)
        if _has_code(_reaches_desk(talk.say(*given), since)):
            missed.append(given)
    assert missed == []


REF = MediaRef(account="test:1", id="m")


@pytest.mark.full("thousands of dialogues")
@every_row("place", AT)
def test_no_code_reaches_a_desk_in_a_caption_an_edit_or_a_whole_tip(engine: Engine, place: str) -> None:
    missed = []
    for given in GIVEN:
        events: list[list[Event]] = [
            [Media(REF, "image", words) for words in given],
            [Edited("m1", words) for words in given],
            [CompleteTip(Text(words)) for words in given],
        ]
        for sequence in events:
            talk = _at(engine, place).hear(Text("wahan raat ko bheed hoti hai"), "m1")
            since = len(talk.turns)
            for event in sequence:
                if talk.session is not None:
                    talk.hear(event)
            if _has_code(_reaches_desk(talk, since)):
                missed.append(sequence)
    assert missed == []


def _left(engine: Engine, text: str) -> str:
    session = Chat(engine).say("Hi", "English").session
    assert session is not None
    return without_codes(TurnContext(engine._loaded, STATES, session, "", 0), text)


@every_row(
    "text",
    [
        "raju ka number 9839012345 hai",
        "+91 98390 12345",
        "7007 123 456",
        "9839012345, 9839012346",
        "UP65 AB 1234 aur UP65 CD 5678",
        "the money goes to account 8391446070125538",
        "uska card number 4111111111111111 hai",
        "uske bank khate 123456789012345 me 50000 gaye",
        "daroga 5000, 6000, 7000 leta hai",
        "2019-2020 me bika",
        "2025-11-24",
        "24.11.2025",
        "aadhaar 1234 5678 9012 uska hai",
        "25.317600, 82.973900",
    ],
)
def test_other_numbers_stay(engine: Engine, text: str) -> None:
    assert _left(engine, text) == text


def test_words_around_a_code_stay(engine: Engine) -> None:
    assert _left(engine, "raju 8391 4460 7012 5538 daru bechta hai").split() == ["raju", "daru", "bechta", "hai"]


@every_row(
    "text, is_posted",
    [("The lorry's papers say 1234 5678 9012 3456", True), ("mujhe maar rahe hain, mera code 8391446070125538", False),
     ("8391 4460 7012 5538", False), ("meri tip 8391446070125538 ka kya hua", False)],
)  # fmt: skip
def test_a_page_with_a_field_for_the_code_posts_other_numbers(engine: Engine, text: str, *, is_posted: bool) -> None:
    talk = _at(engine, "mailbox").hear(FormPage((("@mailbox", Text(text)),)))
    posts = [turn.post.text for turn in talk.turns if turn.post]
    assert (text in posts) == is_posted
    assert is_posted or not _has_code(posts)
