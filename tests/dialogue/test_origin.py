"""A file that records where or when it was taken: the tipster is asked, and everything but yes means no."""

import msgspec
import pytest

from satark_testing.dialogue.chat import Chat


def tell(chat: Chat, files: tuple[str, ...]) -> None:
    """Give these files an origin, as the intake does before a turn."""
    assert chat.session is not None
    chat.session = msgspec.structs.replace(chat.session, files_with_origin=files)


def at_review(chat: Chat, telling: tuple[str, ...] = ("1",)) -> Chat:
    """Send a photo with an origin, and go on to the review."""
    chat.say("Hi").tap("en").tap("INTOX").say("They sell it behind the school")
    chat.say("Assi ghat, Bhelupur").tap("no").send("image")
    tell(chat, telling)
    return chat.say("done")


def test_whether_the_origin_may_be_known_is_asked_before_the_review(chat: Chat) -> None:
    at_review(chat)
    assert "where or when it was taken" in chat.text
    assert [choice.label for choice in chat.prompt.choices] == ["No, erase it", "Yes, they may"]
    chat.tap("yes")
    assert chat.step == "review"
    submission = chat.tap("send").turn.submission
    assert submission is not None
    assert submission.origin_disclosed == ("1",)


@pytest.mark.parametrize("answer", ["no", "नहीं", "skip", "back", "He has a white car with the number 4411"])
def test_anything_but_yes_keeps_the_origin_undisclosed(answer: str, chat: Chat) -> None:
    at_review(chat).say(answer)
    assert chat.step == "review"
    submission = chat.tap("send").turn.submission
    assert submission is not None
    assert submission.origin_disclosed == ()


def test_a_file_that_arrives_at_the_review_is_asked_about_before_the_tip_goes(chat: Chat) -> None:
    tell(at_review(chat, ()), ("1",))
    assert chat.step == "review"
    chat.tap("send")
    assert "NOT sent yet" in chat.text
    assert "where or when it was taken" in chat.text
    assert chat.tap("yes").step == "review", "another question stood between, so the word for sending is asked again"
    submission = chat.tap("send").turn.submission
    assert submission is not None
    assert submission.origin_disclosed == ("1",)


def test_the_origin_is_asked_about_once_and_only_of_files_that_tell_it(chat: Chat) -> None:
    at_review(chat).tap("no", "change", "evidence").say("done")
    assert chat.step == "review"


def test_a_removed_file_is_not_asked_about(chat: Chat) -> None:
    at_review(chat, ("7",))
    assert chat.step == "review"
