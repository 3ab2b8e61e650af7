"""A negation, a question or talk at a step that acts: after the turn nothing is sent, erased, disclosed or forgotten.

The same for every chat, on the session as the engine leaves it; what the understanding reads has laws of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from satark.api.inbound import Text
from satark.dialogue.engine import Engine
from satark.dialogue.session import Session, Turn
from satark_testing.dialogue.chat import NOW, Chat
from support.loops import every_row

CHANNELS = ("whatsapp", "telegram", "sms")
TOLD = ("Hi", "English", "Illegal mining", "remind", "They dig sand every night", "Lanka", "no")
TOLD_OF_ONESELF = (
    "Hi",
    "English",
    "Illegal mining",
    "My name is Ramesh Yadav and they dig sand",
    "Lanka",
    "no",
    "skip",
)


def review(engine: Engine, channel: str) -> Chat:
    return Chat(engine, channel).say(*TOLD).send().say("done")


def origin(engine: Engine, channel: str) -> Chat:
    talk = Chat(engine, channel).say(*TOLD).send()
    assert talk.session is not None
    talk.session = msgspec.structs.replace(talk.session, files_with_origin=("1",))
    return talk.say("done")


def unsent(engine: Engine, channel: str) -> Chat:
    talk = review(engine, channel)
    assert talk.session is not None
    asked = engine.ask_unsent(talk.session)
    assert asked is not None
    talk.session = asked[0]
    return talk


STEPS: dict[str, Callable[[Engine, str], Chat]] = {
    "review": review,
    "@reach": lambda engine, channel: review(engine, channel).tap("send"),
    "@cancel": lambda engine, channel: review(engine, channel).say("cancel"),
    "@restart": lambda engine, channel: review(engine, channel).say("restart"),
    "@identity": lambda engine, channel: Chat(engine, channel).say(*TOLD_OF_ONESELF),
    "@origin": origin,
    "evidence": lambda engine, channel: Chat(engine, channel).say(*TOLD).send(),
    "@unsent": unsent,
}

NEGATED = (
    "mat bhejo", "मत भेजें", "ruko mat bhejo", "don't send", "do not send it", "abhi nahi bhejna", "अभी मत भेजना",
    "don't erase", "mat mitao", "मत मिटाओ", "mitana mat", "do not delete", "don't forget me", "हटाना मत",
    "this is not correct", "sahi nahi hai", "haan lekin galti hai", "yes but not now", "haan par abhi nahi",
    "مت بھیجو", "मत भेजीं", "send mat karo", "nahi nahi ruko", "not yes", "haan mat karo", "never send this",
)  # fmt: skip
MEANS_NO = frozenset({
    "mat bhejo", "मत भेजें", "don't send", "do not send it", "abhi nahi bhejna", "अभी मत भेजना", "मत भेजीं",
    "send mat karo", "haan mat karo", "never send this",
})  # fmt: skip
"""An answer to "may we message you here later?": no."""
ASKING = (
    "sahi hai kya", "bhej du kya", "क्या भेज दूँ?", "should I send?", "send?", "yes?", "haan?", "kya mitana chahiye",
    "is it safe to send?", "erase?", "kya hoga agar bhej du", "what happens if I say yes", "kaun dekhega?", "why?",
    "forget?", "cancel?",
)  # fmt: skip
TALK = (
    "ok",
    "👍",
    "hmm",
    "thanks",
    "theek hai",
    "धन्यवाद",
    "wait",
    "ruko",
    "ek minute",
    "maybe",
    "😢",
    "…",
    "bhej dunga",
)


def acted(before: Session, turn: Turn) -> list[str]:
    """What the turn did that can't be undone."""
    after = turn.session
    if after is None:
        return ["ended"]
    kept = {name: one.value for name, one in after.answers.items() if name != "what"}
    lost = [name for name, one in before.answers.items() if name not in {"what", *kept} and one.value is not None]
    told = str(before.answers["what"].value) if "what" in before.answers else ""
    signs = {
        "sent": turn.submission is not None,
        "erased": turn.erase or bool(turn.dropped_files) or turn.delete_messages,
        "forgot or kept the address": turn.reach is not None,
        "disclosed": after.origin_disclosed != before.origin_disclosed,
        "took words out": told not in str(after.answers["what"].value) if told else False,
        f"lost {lost}": bool(lost),
    }
    return [name for name, holds in signs.items() if holds]


@every_row("channel", CHANNELS)
@every_row("step", STEPS)
def test_a_second_thought_does_nothing_that_cant_be_undone(engine: Engine, step: str, channel: str) -> None:
    talk = STEPS[step](engine, channel)
    session = talk.session
    assert session is not None
    assert step in {session.step, session.state}
    found = {
        text: signs
        for text in (*NEGATED, *ASKING, *TALK)
        if not (step == "@reach" and text in MEANS_NO)
        if (signs := acted(session, engine.advance(session, Text(text), "s99", NOW)))
    }
    assert found == {}, found
