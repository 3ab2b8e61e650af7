"""A danger is answered with the right numbers at once, at whatever step, and makes the tip urgent."""

from __future__ import annotations

import itertools

import pytest

from satark.api.channel import CompleteTip, Edited, Event, FormPage, Media, MediaRef, Text
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Mailbox, OpenMailbox, Turn
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import DangerKind

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
STEPS = {
    "language": (),
    "category": ("Hi", "2"),
    "what": ("Hi", "2", "daru"),
    "place": ("Hi", "2", "daru", "They sell it every night"),
    "police": ("Hi", "2", "daru", "They sell it every night", "Lanka"),
    "review": ("Hi", "2", "daru", "They sell it every night", "Lanka", "no", "skip"),
}


def chat() -> Chat:
    source = default_flow()
    return Chat(Engine(load_flow(source), source.catalogues, Geography.sample()))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("cry", CRIES)
def test_a_cry_for_help_gets_its_number_at_every_step(step: str, cry: str) -> None:
    talk = chat().say(*STEPS[step], cry)
    assert CRIES[cry] in talk.text
    assert "112" in talk.text
    assert talk.submission is None
    assert talk.session is not None
    assert talk.session.dangers


def test_before_a_language_is_chosen_the_number_comes_in_every_language() -> None:
    text = chat().say("bachao mujhe maar denge").text
    assert "जान को ख़तरा है? अभी 112 पर कॉल करें।" in text
    assert "Call 112 now" in text


def test_the_tip_is_urgent_and_says_why() -> None:
    talk = chat().say(*STEPS["what"], "they will kill the boy if he tells", "Lanka", "no", "skip").tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert talk.submission.flags
    assert all(flag.startswith("danger:") for flag in talk.submission.flags)


def test_an_ordinary_tip_is_not_urgent() -> None:
    talk = chat().say(*STEPS["review"]).tap("send")
    assert talk.submission is not None
    assert (talk.submission.priority, talk.submission.flags) == ("normal", ())


def test_every_language_names_the_numbers_of_every_danger() -> None:
    reader = Reader()
    for catalogue, kind in itertools.product(Catalogues.of("satark.dialogue"), DangerKind):
        for number in reader.numbers(kind):
            assert number in catalogue.text(f"danger.{kind}"), (catalogue.language, number)


CRY = "they are going to kill me"
REF = MediaRef(account="test:1", id="m")
MAILBOX = Mailbox(open=OpenMailbox(tip="1" * 32, number="4K7Q-2XPM", recipient="age1"), language="en", messages=())
SENT = (*STEPS["review"], "1")
BESIDE: dict[str, Event] = {
    "a caption": Media(REF, "image", CRY),
    "a caption of a recording": Media(REF, "voice", CRY),
    "an edited message": Edited("s3", f"They sell it and {CRY}"),
    "words typed by voice, without a stop": Text(
        "hello police please send somebody quick my husband is beating me he has a knife please come"
    ),
    "a whole tip in one message": CompleteTip(Text(CRY)),
    "a caption on a form's page": FormPage((("evidence", Media(REF, "image", CRY)),)),
}


@pytest.mark.parametrize("what", BESIDE)
def test_a_danger_is_heard_wherever_words_are_written(what: str) -> None:
    talk = chat() if isinstance(BESIDE[what], CompleteTip) else chat().say(*STEPS["review"])
    talk.hear(BESIDE[what])
    assert "112" in talk.text
    if talk.submission is None:
        assert talk.session is not None
        assert talk.session.dangers
        talk.tap("keep") if "keep" in talk.offered() else talk
        if talk.step != "review":
            talk.say("skip")
        talk.tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert talk.submission.flags


AFTERWARDS: dict[str, Event] = {
    "words": Text("they came back and will kill my brother tonight"),
    "a cry": Text("bachao"),
    "a caption": BESIDE["a caption"],
    "an edited message": BESIDE["an edited message"],
}


@pytest.mark.parametrize("what", AFTERWARDS)
@pytest.mark.parametrize("where", ["after the receipt", "while the code is asked for", "in the mailbox"])
def test_a_danger_told_afterwards_reaches_the_desk_as_urgent(what: str, where: str) -> None:
    talk = Chat(chat().engine, mailbox=MAILBOX).say(*SENT)
    if where != "after the receipt":
        talk.say("status")
    if where == "in the mailbox":
        talk.say("8391 4460 7012 5538")
    talk.hear(AFTERWARDS[what])
    assert "112" in talk.text
    assert talk.turn.post is not None
    assert talk.turn.post.sender == "tipster"
    assert talk.turn.post.text
    assert all(flag.startswith("danger:") for flag in talk.turn.post.flags)
    assert talk.turn.post.flags


def test_what_is_added_without_a_danger_makes_nothing_urgent() -> None:
    talk = chat().say(*SENT, "the shop has a green door and a bench")
    assert talk.turn.post is not None
    assert talk.turn.post.flags == ()
    assert "112" not in talk.text


def test_a_change_to_a_conversation_that_is_over_stays_unanswered() -> None:
    assert chat().hear(BESIDE["an edited message"]).turn == Turn(session=None)
