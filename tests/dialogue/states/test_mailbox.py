"""The mailbox behind a receipt's code: its content, and the tipster's possible acts."""

from __future__ import annotations

import msgspec
import pytest

from satark.api.tip import STATUSES, Feedback, Message, Status
from satark.dialogue.engine import Engine
from satark.dialogue.session import FileNotice, Mailbox, OpenMailbox
from satark_testing.dialogue.chat import Chat
from support.loops import every_row

CODE = "8391 4460 7012 5538"


def mailbox(*messages: Message, question: int | None = None) -> Mailbox:
    open_ = OpenMailbox(
        tip="1" * 32, number="4K7Q-2XPM", recipient="age1box", files=2, last_ordinal=2, question=question
    )
    return Mailbox(open=open_, language="en", messages=messages)


@pytest.fixture
def box(engine: Engine) -> Chat:
    """A tipster whose tip has an unanswered question."""
    asked = Message(sender="desk", desk="sp", text="Which shop exactly?", question=True)
    return Chat(engine, mailbox=mailbox(Message(sender="desk", status="NEED_INFO"), asked, question=7))


@pytest.mark.parametrize(
    "first", ["status " + CODE, CODE, "स्थिति ८३९१-४४६०-७०१२-५५३८", "status 4K7Q-2XPM 8391446070125538"]
)
def test_a_code_in_the_first_message_opens_the_mailbox(box: Chat, first: str) -> None:
    box.say(first)
    assert box.turn.open_mailbox
    assert "4K7Q-2XPM" in box.text
    assert "More information needed" in box.text
    assert "The officer asks: Which shop exactly?" in box.text
    assert box.prompt.must_arrive
    assert box.offered() == ["answer", "unknown", "decline"]


def test_status_asks_for_the_code_then_opens(box: Chat) -> None:
    assert box.say("Hi", "2", "status").step == "@code"
    assert box.say("what code?").text.startswith("That is not a 16-digit code")
    assert box.say(CODE).step == "@mailbox"


def test_a_tipster_who_has_answered_is_not_asked_again(engine: Engine) -> None:
    asked = Message(sender="desk", desk="sp", status="NEED_INFO", text="Which shop?", question=True)
    answered = Message(sender="tipster", text="The third one", answers=7)
    text = Chat(engine, mailbox=mailbox(asked, answered)).say("status " + CODE).text
    assert "Your answer has been passed on." in text
    assert "please answer" not in text
    again = Message(sender="desk", desk="sp", status="NEED_INFO", text="On which side?", question=True)
    text = Chat(engine, mailbox=mailbox(asked, answered, again, question=9)).say("status " + CODE).text
    assert "There is a question, please answer." in text


def test_no_code_is_recognised_inside_a_story(box: Chat) -> None:
    box.say("Hi", "2", "daru", f"the card number was {CODE} I think")
    assert not box.turn.open_mailbox
    assert box.say("yes").step == "place"


@every_row("status", STATUSES)
@every_row("language", ["1", "2"])
def test_every_status_is_explained_in_every_language(engine: Engine, status: Status, language: str) -> None:
    chat = Chat(engine, mailbox=mailbox(Message(sender="desk", status=status, text="no proof found")))
    chat.say("Hi", language, "status", CODE)
    texts = engine._loaded.catalogues["hi" if language == "1" else "en"]
    assert texts.text(f"status.{status}") in chat.text
    assert chat.text.count("no proof found") == 1


def test_internal_messages_are_never_shown(engine: Engine) -> None:
    secret = Message(sender="desk", status="CLOSED", text="raid at dawn", internal=True)
    chat = Chat(engine, mailbox=mailbox(Message(sender="desk", status="IN_REVIEW"), secret))
    assert "raid" not in chat.say(CODE).text
    assert "Under review" in chat.text


def test_only_messages_since_the_tipster_last_wrote_are_shown(engine: Engine) -> None:
    old, new = Message(sender="desk", text="old"), Message(sender="desk", text="newest")
    mine = Message(sender="tipster", text="mine")
    chat = Chat(engine, mailbox=mailbox(old, mine, new)).say(CODE)
    assert "newest" in chat.text
    assert "old" not in chat.text
    assert "Received" in chat.text


def test_the_tipsters_last_answer_is_shown_again(engine: Engine) -> None:
    old, asked = Message(sender="desk", text="old"), Message(sender="desk", text="Which shop?", question=True)
    mine = Message(sender="tipster", text="mine")
    answers = [Message(sender="tipster", text=text, answers=7) for text in ("The third one", "and it opens at nine")]
    chat = Chat(engine, mailbox=mailbox(old, mine, asked, *answers)).say(CODE)
    assert "The officer asks: Which shop?" in chat.text
    assert "old" not in chat.text
    assert chat.offered() == []


def test_an_unanswered_question_is_shown_even_after_a_newer_one(engine: Engine) -> None:
    first = Message(sender="desk", text="Which shop?", question=True)
    second = Message(sender="desk", text="On which side?", question=True)
    answered = Message(sender="tipster", text="Left", answers=9)
    waits = msgspec.structs.replace(
        mailbox(first, second, answered, Message(sender="desk", text="Thanks"), question=7), asked=first
    )
    chat = Chat(engine, mailbox=waits).say(CODE)
    assert "The officer asks: Which shop?" in chat.text
    assert "Thanks" in chat.text
    assert "On which side?" not in chat.text


@pytest.mark.parametrize(("option", "text"), [("unknown", "Don't know"), ("decline", "Don't want to answer")])
def test_a_question_may_be_left_unanswered(box: Chat, option: str, text: str) -> None:
    box.say(CODE).tap(option)
    assert box.turn.post == Message(sender="tipster", text=text, answers=7)
    assert box.offered() == []


def test_a_question_is_answered_after_tapping_answer(box: Chat) -> None:
    assert box.say(CODE).tap("answer").step == "@answer"
    box.say("The blue one")
    assert box.turn.post == Message(sender="tipster", text="The blue one", answers=7)
    assert box.step == "@mailbox"
    box.say("and it opens at nine")
    assert box.turn.post == Message(sender="tipster", text="and it opens at nine")


def test_a_question_is_answered_by_just_typing_or_speaking(box: Chat) -> None:
    assert box.say(CODE, "The blue one").turn.post == Message(sender="tipster", text="The blue one", answers=7)
    box.say(CODE).send("voice")
    assert box.turn.post == Message(sender="tipster", text="(file 3)", answers=7)
    assert (box.turn.media_jobs[0].tip, box.turn.media_jobs[0].ordinal, box.turn.media_jobs[0].role) == (
        "1" * 32,
        "3",
        "message",
    )
    assert box.turn.media_jobs[0].recipient == "age1box"
    assert box.send("image", "see").turn.media_jobs[0].ordinal == "4"


def test_a_pin_is_passed_on(box: Chat) -> None:
    box.say(CODE).pin(25.28, 82.99, "shop")
    assert box.turn.post is not None
    assert box.turn.post.text == "25.280000, 82.990000 shop"


def test_commands_work_in_the_mailbox_and_close_ends_the_conversation(box: Chat) -> None:
    assert box.say(CODE, "reply").step == "@answer"
    assert box.say("back").step == "@mailbox"
    assert box.say("skip").turn.post == Message(sender="tipster", text="Don't want to answer", answers=7)
    assert "1098" in box.say("help").text
    box.say("close")
    assert box.turn.session is None
    assert not box.turn.erase


@pytest.mark.parametrize("status", ["ACTED", "CLOSED"])
@pytest.mark.parametrize(
    ("typed", "label", "feedback"),
    [("1", "Yes", "yes"), ("no", "No", "no"), ("It restarted", "It restarted", "again")],
)
def test_the_tipster_is_asked_whether_it_helped(
    engine: Engine, status: Status, typed: str, label: str, feedback: Feedback
) -> None:
    chat = Chat(engine, mailbox=mailbox(Message(sender="desk", status=status))).say(CODE)
    assert chat.step == "@feedback"
    chat.say(typed)
    assert chat.turn.post == Message(sender="tipster", text=f"Did this help? {label}", feedback=feedback)
    assert chat.step == "@mailbox"


def test_something_else_at_the_feedback_is_a_message(engine: Engine) -> None:
    chat = Chat(engine, mailbox=mailbox(Message(sender="desk", status="ACTED"))).say(CODE, "they moved next door")
    assert chat.turn.post == Message(sender="tipster", text="they moved next door", feedback="words")
    assert chat.step == "@feedback", "the answer can still be given"
    assert chat.say("no").turn.post == Message(sender="tipster", text="Did this help? No", feedback="no")


def test_a_tip_that_the_tipster_disputed_is_shown_as_reopened(engine: Engine) -> None:
    closed = Message(sender="desk", status="CLOSED", text="nothing found")
    denied = Message(sender="tipster", text="Did this help? No", feedback="no")
    assert "reopened on your word" in Chat(engine, mailbox=mailbox(closed, denied)).say(CODE).text


def test_a_draft_waits_untouched_while_the_mailbox_is_open(box: Chat) -> None:
    box.say("Hi", "2", "daru", "They sell it at the shop", f"status {CODE}")
    assert box.step == "@mailbox"
    box.send("image").say("back")
    assert box.step == "place"
    assert box.session is not None
    assert box.session.answers["what"].value == "They sell it at the shop"
    assert box.session.files == ()


def test_second_thoughts_in_the_mailbox_are_answered(box: Chat) -> None:
    assert "already sent" in box.say(CODE).edit("s0", "x").text
    assert "cannot be taken back" in box.revoke("s0").text


def test_forget_in_the_mailbox_forgets(box: Chat) -> None:
    box.say(CODE, "forget")
    assert (box.turn.session, box.turn.reach) == (None, False)


def test_a_long_message_is_cut_off_and_the_tipster_hears_that(box: Chat) -> None:
    box.say(CODE, "x" * 5000)
    assert box.turn.post is not None
    assert len(box.turn.post.text) == 4000
    assert "first 4000" in box.text


def test_all_wrong_codes_get_the_same_reply_and_five_close_the_question(chat: Chat) -> None:
    texts = {chat.say("Hi", "2", "status", CODE).text}
    texts |= {chat.say(CODE).text for _ in range(3)}
    assert len(texts) == 1
    assert "Too many wrong codes" in chat.say(CODE).text
    assert "Too many wrong codes" in chat.say(f"status {CODE}").text
    assert not chat.turn.open_mailbox
    assert "Too many wrong codes" in chat.say("status").text
    assert chat.step == "category"


def test_the_session_contains_neither_code_nor_messages(box: Chat) -> None:
    box.say(CODE)
    stored = msgspec.msgpack.encode(box.session)
    assert b"8391" not in stored
    assert b"Which shop" not in stored


def test_a_receipt_can_be_tried_at_once_and_leads_back_to_the_last_question(box: Chat) -> None:
    box.say("Hi", "2", "daru", "They sell it at the shop", "Assi", "no", "skip").tap("send")
    assert box.say(f"status {CODE}").step == "@mailbox"
    assert box.say("close").step == "@reach"


def test_reply_typed_at_the_question_for_the_answer_repeats_that_question(box: Chat) -> None:
    assert box.say(CODE, "reply", "reply").step == "@answer"
    assert box.session
    assert box.session.mailbox


@pytest.mark.parametrize("at", [(CODE,), (CODE, "reply")])
def test_a_greeting_in_the_mailbox_begins_a_new_tip_at_once(box: Chat, at: tuple[str, ...]) -> None:
    assert "Choose a language" in box.say(*at, "Hi").text
    assert box.turn.session is None, "the mailbox is closed; the answer begins a conversation with keys of its own"


def test_a_greeting_in_the_mailbox_asks_for_the_draft_that_waits(box: Chat) -> None:
    box.say("Hi", "2", "daru", "They sell it at the shop", f"status {CODE}", "Hi")
    assert box.step == "@restart"
    assert box.tap("no").step == "place"


def test_a_greeting_in_the_mailbox_of_the_tip_just_sent_erases_nothing_of_it(box: Chat) -> None:
    box.say("Hi", "2", "daru", "They sell it at the shop", "Assi", "no", "skip").tap("send")
    box.say(f"status {CODE}", "Hi")
    assert "Choose a language" in box.text
    assert (box.turn.session, box.turn.erase, box.turn.reach) == (None, False, None)


@pytest.mark.parametrize(
    ("before", "step"), [(("Hi", "2", "daru"), "what"), (("Hi", "2"), "category"), ((), "@language")]
)
def test_a_tipster_without_a_code_returns_to_where_they_were(chat: Chat, before: tuple[str, ...], step: str) -> None:
    chat.say(*before, "status", "close")
    assert chat.step == step
    assert "closed" not in chat.text, "nothing was open"


def test_a_file_at_the_question_for_a_code_is_stored_with_the_draft(box: Chat) -> None:
    box.say("Hi", "2", "status").send("image")
    assert (box.step, len(box.turn.media_jobs)) == ("category", 1)
    assert "We have your file" in box.text


def test_an_empty_message_in_the_mailbox_posts_nothing(box: Chat) -> None:
    assert box.say(CODE, "  ").turn.post is None
    assert box.step == "@mailbox"


def test_status_in_the_mailbox_asks_for_a_code_again(box: Chat) -> None:
    assert box.say(CODE, "status").step == "@code"


def test_news_about_a_file_is_told_when_the_mailbox_opens(engine: Engine) -> None:
    opened = msgspec.structs.replace(mailbox(), file_notices=(FileNotice("lost"), FileNotice("too_large", 100)))
    chat = Chat(engine, mailbox=opened).say(CODE)
    assert "One file did not reach us" in chat.text
    assert "larger than 100 MB" in chat.text


@pytest.mark.parametrize(("language", "told"), [("1", "हमेशा के लिए मिटा दी गई है"), ("2", "has been erased for good")])
def test_a_tipster_who_asks_for_an_erased_tip_hears_only_that_it_is_erased(
    engine: Engine, language: str, told: str
) -> None:
    erased = msgspec.structs.replace(mailbox(), erased=True)
    chat = Chat(engine, mailbox=erased)
    chat.say("Hi", language, "status", CODE)
    assert "4K7Q-2XPM" in chat.text
    assert told in chat.text
    assert chat.prompt.must_arrive
    assert chat.session is None or chat.session.mailbox is None


def test_a_draft_continues_after_the_news_of_an_erased_tip(engine: Engine) -> None:
    chat = Chat(engine, mailbox=msgspec.structs.replace(mailbox(), erased=True))
    chat.say("Hi", "2", "INTOX", "Liquor is sold behind the school")
    before = chat.step
    chat.say(f"status {CODE}")
    assert "erased for good" in chat.text
    assert chat.step == before


FORBIDDEN = [
    "do not write Ajay", "please don't tell Ajay", "don't write his name", "Ajay ka naam mat likhna", "mat bhejna",
    "naam na likhe", "अजय का नाम मत लिखना", "यह मत भेजो", "kisi ko mat batana",
]  # fmt: skip


@every_row("said", FORBIDDEN)
def test_the_police_get_no_wish_about_words_not_to_write(box: Chat, said: str) -> None:
    box.say(CODE, said)
    assert (box.turn.post, box.step, said in box.text) == (None, "@suggested", True)
    box.say("no")
    assert (box.turn.post, box.step, box.session and box.session.held) == (None, "@mailbox", ())
    post = box.say("the third shop").turn.post
    assert post
    assert (post.text, post.answers) == ("the third shop", 7)


ANSWERS = [
    "mat bhejna bola tha usne", "wo nahi aata", "he told me not to write to the police", "nahi, gaadi nahi thi",
    "they do not write names in the register", "उसने बोला मत भेजना", "unhone dhamki di ki kisi ko mat batana",
    "wahan akele mat aana",
]  # fmt: skip


@every_row("said", ANSWERS)
def test_words_about_others_are_posted_at_once(box: Chat, said: str) -> None:
    box.say(CODE, said)
    assert box.turn.post is not None
    assert box.turn.post.text == said


def test_a_wish_that_belongs_to_the_answer_is_posted_as_one(box: Chat) -> None:
    box.say(CODE, "1", "do not write Ajay", "yes")
    assert box.turn.post is not None
    assert (box.turn.post.text, box.turn.post.answers) == ("do not write Ajay", 7)
    assert box.step == "@mailbox"


def test_words_after_a_wish_are_posted_without_it(box: Chat) -> None:
    box.say(CODE, "mat bhejna", "he comes at nine with a white van to the third shop")
    assert box.turn.post is not None
    assert box.turn.post.text == "he comes at nine with a white van to the third shop"
    assert box.session
    assert box.session.held == ()


@pytest.mark.parametrize("status", ["CLOSED", "IN_REVIEW"])
def test_no_mailbox_shows_an_address_or_number_that_an_officers_own_program_sent(
    status: Status, engine: Engine
) -> None:
    told = Message(sender="desk", desk="sp", status=status, text="Look: https://sp-varanasi.example/i/a7f3")
    asked = Message(sender="desk", desk="sp", text="Ring me at 98765 43210", question=True)
    safe = Message(sender="desk", desk="sp", text="Call 112 in danger.")
    text = Chat(engine, mailbox=mailbox(told, asked, safe, question=2)).say("status " + CODE).text
    assert "example" not in text
    assert "98765" not in text
    assert text.count("Not shown: this message names an address or a number") == 2
    assert "Call 112 in danger." in text


def test_the_tipsters_own_words_stay_as_they_are_in_the_mailbox(engine: Engine) -> None:
    own = Message(sender="tipster", text="his site is example.com")
    news = Message(sender="desk", desk="sp", text="Thank you.")
    assert "Not shown" not in Chat(engine, mailbox=mailbox(own, news)).say("status " + CODE).text


@every_row(
    "said", [["yes?"], ["1?"], ["yes ❌"], ["kya?", "yes"], ["ruko", "haan"], ["haan ya nahi?", "1"], ["✋", "yes"]]
)
def test_no_feedback_is_given_by_what_asks_or_refuses(engine: Engine, said: list[str]) -> None:
    closed = mailbox(Message(sender="desk", status="CLOSED"))
    talk = Chat(engine, mailbox=closed).say("status " + CODE)
    assert talk.step == "@feedback"
    talk.say(*said)
    assert [turn.post.feedback for turn in talk.turns if turn.post and turn.post.feedback != "words"] == []
    assert talk.say("1").turn.post is not None
