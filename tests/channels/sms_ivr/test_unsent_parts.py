"""While parts of a prompt are unsent, nothing answers a question about an act: the next part is sent instead."""

from __future__ import annotations

from typing import Self

import pytest
from msgspec.structs import replace

from satark.api.inbound import Event, Tap
from satark.api.prompt import NEXT_PAGE
from satark_sms_ivr.segments import fit_to_sms, more_hint
from satark_testing.dialogue.chat import Chat
from support.dialogue.walks import new_chat

ENGINE = new_chat().engine
TOLD = {
    "en": ("Hi", "English", "Varanasi Sarnath my uncle Dinesh sells ganja to kids"),
    "hi": ("Hi", "हिन्दी", "मेरे चाचा दिनेश सारनाथ वाराणसी में बच्चों को गांजा बेचते हैं"),
}
REPLIES = ["1", "2", "01", "yes", "send", "भेजो", "nahi", "skip", "done", "delete"]


class Citizen(Chat):
    """A tipster with a phone for text messages, who gets every prompt in parts."""

    def hear(self, event: Event, source: str = "") -> Self:
        super().hear(event, source)
        if self.session is not None:
            self.session = replace(self.session, options_sent=fit_to_sms(self.prompt).options_sent)
        return self

    @property
    def shown(self) -> str:
        return fit_to_sms(self.prompt).text

    @property
    def has_more(self) -> bool:
        return self.shown.endswith(more_hint(self.prompt.language, self.shown))

    def turn_over(self) -> Chat:
        return self.hear(Tap(NEXT_PAGE))


def citizen_with_more(language: str) -> Citizen:
    citizen = Citizen(ENGINE, "sms")
    citizen.say(*TOLD[language])
    assert citizen.has_more
    assert citizen.session is not None
    assert citizen.session.state == "@identity"
    return citizen


@pytest.mark.parametrize("language", TOLD)
@pytest.mark.parametrize("reply", REPLIES)
def test_no_reply_is_an_answer_before_the_last_part_is_sent(language: str, reply: str) -> None:
    citizen = citizen_with_more(language)
    before = citizen.session
    for _ in range(9):
        if not citizen.has_more:
            break
        seen = citizen.shown
        citizen.say(reply)
        assert citizen.submission is None
        assert before is not None
        assert citizen.session is not None
        assert citizen.session.identity_decided == ()
        assert citizen.session.answers == before.answers
        if citizen.shown == seen or citizen.prompt.page == 0:
            citizen.turn_over()  # the reply got one of its own


@pytest.mark.parametrize("reply", ["1", "इनके साथ भेजें"])
def test_the_answer_counts_once_everything_was_sent(reply: str) -> None:
    citizen, turned = citizen_with_more("hi"), citizen_with_more("hi")
    while citizen.has_more:
        citizen.say(reply)
        turned.turn_over()
        assert citizen.shown == turned.shown
    citizen.say(reply)
    assert citizen.submission is not None


@pytest.mark.parametrize(("command", "state"), [("cancel", "@cancel"), ("status", "@code"), ("help", "@identity")])
def test_commands_work_before_everything_was_sent(command: str, state: str) -> None:
    citizen = citizen_with_more("en").say(command)
    assert citizen.session is not None
    assert citizen.session.state == state


def test_words_that_tell_something_are_stored() -> None:
    citizen = citizen_with_more("en").say("he hides the ganja in the temple behind the school")
    assert citizen.session is not None
    assert "behind the school" in citizen.session.answers["what"].value


def test_an_option_of_a_list_counts_once_the_first_option_is_sent() -> None:
    citizen = Citizen(ENGINE, "sms")
    citizen.say("Hi", "हिन्दी")
    assert (citizen.step, citizen.say("3").step) == ("category", "category")
    assert citizen.say("3").step != "category"


def test_the_parts_of_a_review_stay_the_same_while_they_are_paged() -> None:
    citizen = Citizen(ENGINE, "sms")
    citizen.say("Hi", "हिन्दी", "वाराणसी के एसपी सारनाथ में गांजा बेचने वालों से पैसे लेते हैं")
    citizen.turn_over().say("10", "5")
    assert citizen.step == "review"
    whole = citizen.prompt.text
    assert citizen.has_more
    citizen.turn_over()
    assert citizen.prompt.text == whole


def test_something_new_is_said_above_the_first_part() -> None:
    citizen = citizen_with_more("hi")
    citizen.turn_over()
    assert citizen.prompt.page == 1
    assert citizen.say("help").prompt.page == 0
