"""Taps on old buttons change that answer or restate the question; edited and revoked messages change theirs."""

from __future__ import annotations

from typing import Any

import pytest

from satark.api.inbound import CompleteTip, Edited, Event, FormPage, Media, MediaRef, Tap, Text, Unsupported
from satark.api.prompt import command_token
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Mailbox, OpenMailbox, Turn
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography
from support.dialogue.walks import at_evidence, at_police, at_review
from support.loops import every_row

STEPS = {
    "language": (),
    "category": ("Hi", "2"),
    "what": ("Hi", "2", "daru"),
    "place": ("Hi", "2", "daru", "They sell it every night"),
    "police": ("Hi", "2", "daru", "They sell it every night", "Lanka"),
    "review": ("Hi", "2", "daru", "They sell it every night", "Lanka", "no", "skip"),
}

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

AFTERWARDS: dict[str, Event] = {
    "words": Text("they came back and will kill my brother tonight"),
    "a cry": Text("bachao"),
    "a caption": BESIDE["a caption"],
    "an edited message": BESIDE["an edited message"],
}


def test_a_stale_tap_changes_that_answer(chat: Chat) -> None:
    chat.say("Hi", "2")
    old = {c.token.split(":")[1]: c for c in chat.prompt.choices}

    chat.tap("COW").hear(Tap(old["ARMS"].token, "x"))
    assert chat.step == "what"
    assert "Changed: About: Illegal arms" in chat.text
    chat.hear(Tap(old["ARMS"].token, "x"))
    assert "Changed" not in chat.text


@pytest.mark.parametrize(
    "token",
    [
        "police:yes:3", "review:send:1", "evidence:@done:1", "@cancel:yes:1", "nonsense", "", "a:b", "what:x:1",
        "category:ZZZ:1", "category:COW:zzzzzzzzzzz", "@mailbox:answer:1",
    ],
)  # fmt: skip
def test_a_foreign_tap_repeats_the_question(chat: Chat, token: str) -> None:

    chat.say("Hi", "2", "daru")
    before = chat.session
    chat.hear(Tap(token, ""))
    assert before is not None
    assert chat.session is not None
    assert chat.step == "what"
    assert chat.session.answers == before.answers


def test_an_old_send_button_shows_the_newest_summary_first(chat: Chat) -> None:
    at_review(chat)
    old = chat.prompt.choices[0]
    chat.tap("change", "what").say("quite another story")

    chat.hear(Tap(old.token, old.label))
    assert chat.submission is None
    assert "quite another story" in chat.text
    assert chat.tap("send").submission is not None


def test_a_language_button_from_above_switches_the_language(chat: Chat) -> None:
    chat.say("Hi")
    hindi = chat.prompt.choices[0]

    chat.say("2", "daru").hear(Tap(hindi.token, hindi.label))
    assert chat.prompt.language == "hi"
    assert chat.step == "what"


def test_an_edited_message_changes_its_answer(chat: Chat) -> None:
    at_review(chat).edit("s3", "They sell it near the bridge")
    assert "near the bridge" in chat.text
    assert chat.step == "review"
    chat.edit("s2", "cow").edit("s1", "1")
    assert chat.session is not None
    assert chat.session.answers["category"].value == "COW"


def test_an_edit_that_can_not_be_read_leaves_the_answer(chat: Chat) -> None:
    at_review(chat).edit("s2", "blah")
    assert chat.session is not None
    assert chat.session.answers["category"].value == "INTOX"
    assert "the earlier answer stays" in chat.text
    assert chat.edit("nobody's", "x").step == "review"


def test_a_revoked_message_takes_its_answer_back(chat: Chat) -> None:
    at_review(chat).revoke("s3")
    assert chat.step == "what"
    assert "answer or file is erased" in chat.text
    assert chat.revoke("nobody's").step == "what"


def test_wiping_a_chat_after_the_end_is_not_answered(chat: Chat) -> None:
    at_review(chat).tap("send").tap("no")
    assert chat.session is None
    said = len(chat.prompts)
    chat.revoke("s3").edit("s2", "something else").revoke("s1")
    assert chat.session is None
    assert len(chat.prompts) == said
    assert chat.say("Hi").step == "@language"


def test_a_revoked_file_is_erased(chat: Chat) -> None:
    at_evidence(chat).send("image").send("image").revoke("s6")
    assert chat.turn.dropped_files == ("1",)
    assert "1 so far" in chat.text


def test_a_revoked_voice_answer_is_erased_and_asked_again(chat: Chat) -> None:
    chat.say("Hi", "2", "daru").send("voice").revoke("s3")
    assert chat.turn.dropped_files == ("1",)
    assert chat.step == "what"


def test_edits_and_revokes_after_the_receipt_are_answered(chat: Chat) -> None:
    at_review(chat).tap("send").edit("s3", "x")
    assert "already sent" in chat.text
    chat.revoke("s3")
    assert "cannot be taken back" in chat.text
    assert chat.step == "@reach"


def test_content_that_a_channel_can_not_accept_is_answered(chat: Chat) -> None:
    assert "cannot take this kind" in chat.say("Hi", "2").hear(Unsupported("poll")).text
    assert "contact card can show who you are" in chat.hear(Unsupported("contact")).text
    assert "too large" in chat.hear(Unsupported("too_large")).text
    assert chat.step == "category"


def what(chat: Chat) -> Any:
    assert chat.session is not None
    return chat.session.answers["what"].value


def test_an_edited_message_replaces_no_other_message_of_the_same_answer(chat: Chat) -> None:
    at_police(chat).say("they bring it every night after ten, in a white pickup")
    source = f"s{len(chat.turns) - 1}"
    assert "every night" in what(chat.edit(source, "they bring it every night after nine, in a blue pickup"))
    assert what(chat).splitlines()[0] == "They sell it behind the school"
    assert "blue pickup" in what(chat)


def test_an_edited_part_of_a_long_answer_replaces_no_other_part(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "x" * 4500, "the rest of it")
    chat.edit("s4", "the rest of it, changed")
    assert what(chat).startswith("x" * 4000)
    assert what(chat).endswith("changed")


def test_a_rewritten_caption_of_a_spoken_answer_leaves_the_voice(chat: Chat) -> None:
    chat.say("Hi", "2", "daru").send("voice", "by the mill").edit("s3", "by the bridge")
    assert what(chat) == {"voice": "1", "text": "by the bridge"}


def test_an_edited_message_that_is_no_answer_gets_a_reply(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it", "Lanka", "no").send("image", "a white pickup").edit(
        "s6", "a blue pickup"
    )
    assert "earlier answer stays" in chat.text


def chat() -> Chat:
    source = default_flow()
    return Chat(Engine(load_flow(source), source.catalogues, Geography.sample()))


@pytest.mark.slow("many conversations")
@every_row("what", BESIDE)
def test_a_danger_is_recognised_wherever_words_are_written(what: str) -> None:
    talk = chat() if isinstance(BESIDE[what], CompleteTip) else chat().say(*STEPS["review"])
    talk.hear(BESIDE[what])
    assert "112" in talk.text
    if talk.submission is None:
        assert talk.session is not None
        assert talk.session.dangers
        talk.say("keep them") if talk.step == "@identity" else talk
        if talk.step != "review":
            talk.say("skip")
        talk.tap("send")
    assert talk.submission is not None
    assert talk.submission.priority == "urgent"
    assert talk.submission.flags


@pytest.mark.slow("many dialogues")
@every_row("what", AFTERWARDS)
@every_row("where", ["after the receipt", "while the code is asked for", "in the mailbox"])
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


def test_an_addition_that_tells_of_no_danger_is_not_urgent() -> None:
    talk = chat().say(*SENT, "they open the shop at nine and close it at ten")
    assert talk.turn.post is not None
    assert talk.turn.post.flags == ()
    assert "112" not in talk.text


def test_an_edit_after_the_end_of_a_conversation_gets_no_reply() -> None:
    assert chat().hear(BESIDE["an edited message"]).turn == Turn(session=None)


def test_the_button_that_erases_everything_works_at_the_question_about_words_too(engine: Engine) -> None:
    talk = Chat(engine, "web_form").say(
        "Hi", "2", "daru", "They sell it, my mobile is 9876543210", "Lanka", "no", "skip"
    )
    assert talk.step == "@identity"
    talk.hear(Tap(command_token("forget")))
    assert (talk.turn.session, talk.turn.erase, talk.turn.reach) == (None, True, False)


@pytest.mark.slow("many conversations")
@every_row(
    "cry",
    [
        "they are beating my daughter",
        "my brother is being beaten",
        "my sister is being raped",
        "meri beti ko maarte hain",
        "mere papa ko goli maar di",
        "मेरी बेटी को मार रहे हैं",
    ],
)
def test_only_the_danger_of_a_cry_that_may_identify_its_sender_is_posted_at_once(cry: str) -> None:
    talk = at_review(chat()).tap("send").say(cry)
    assert "112" in talk.text
    assert talk.turn.post is not None
    assert (talk.turn.post.text, bool(talk.turn.post.flags)) == ("Danger", True)
    assert talk.say("no").turn.post is None
    talk.say(cry).say("yes")
    assert talk.turn.post is not None
    assert cry in talk.turn.post.text
    assert talk.turn.post.flags
