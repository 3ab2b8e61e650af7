"""A typed name of a place is accepted as such, and corrects the earlier one."""

from __future__ import annotations

import pytest

from support.dialogue.walks import SAID_UNTIL, new_chat
from support.loops import every_row


@every_row(
    "correction, station",
    [
        ("nahi nahi, galat likh diya, wo sigra ka mamla hai", "sigra"),
        ("नहीं नहीं गलत लिख दिया, वो सिगरा का मामला है", "sigra"),
        ("arre galti ho gayi, jagah sigra hai", "sigra"),
        ("nahi nahi wo bhelupur me hai", "bhelupur"),
        ("galat bata diya wo chetganj ka hai", "chetganj"),
        ("no wrong, it is in Sigra", "sigra"),
    ],
)
def test_a_correction_that_names_a_place_changes_the_place(correction: str, station: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["police"], correction)
    assert talk.session is not None
    assert talk.session.answers["place"].value["station"] == station
    assert "police" not in talk.session.answers
    assert talk.step == "police"


CORRECTED = {
    "nahi wo Sigra nahi Cantt hai": "cantt", "jagah galat hai, Ramnagar likho": "ramnagar",
    "Sigra hai Lanka nahi": "sigra",
    "जगह गलत है, रामनगर लिखो": "ramnagar", "नहीं वो सिगरा नहीं कैंट है": "cantt", "not Lanka but Sigra": "sigra",
    "the place is wrong, it is Sigra": "sigra",
    "it's Sigra, not Lanka": "sigra", "sorry, it's Sigra": "sigra", "I meant Sigra": "sigra",
    "oh no, Sigra it is": "sigra", "Sigra instead of Lanka": "sigra", "it should be Sigra, Lanka is wrong": "sigra",
    "Cantt, not Lanka": "cantt", "it was in Sigra, not Lanka": "sigra", "matlab Sigra": "sigra",
    "मतलब सिगरा": "sigra", "लंका की जगह सिगरा": "sigra",
}  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("said", CORRECTED)
def test_another_place_at_the_review_changes_the_place_and_says_so(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], said)
    assert talk.session
    assert talk.session.answers["place"].value["station"] == CORRECTED[said]
    assert (talk.step, "Changed" in talk.text, talk.submission) == ("review", True, None)


@every_row("said", ["Sigra ka Ramesh nahi", "Sigra thane wale nahi aate", "wo log Sigra aur Cantt me bhi bechte hai"])
def test_a_place_told_beside_something_else_changes_nothing(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], said)
    assert talk.session
    assert talk.session.answers["place"].value["station"] == "lanka"


@every_row("said", ["I can't say", "can't tell you more", "no I can't", "not Sigra", "Sigra nahi"])
def test_a_text_that_names_no_other_place_changes_nothing(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["police"], said)
    assert talk.session
    assert talk.session.answers["place"].value["station"] == "lanka"


OTHER_TOPICS = {
    "sharab nahi jua hota hai": "GAMBL", "शराब नहीं जुआ": "GAMBL", "jua hai sharab nahi": "GAMBL",
    "daru nahi katta bikta hai": "ARMS", "it is gambling, not liquor": "GAMBL", "guns, not liquor": "ARMS",
}  # fmt: skip


@pytest.mark.slow("many conversations")
@every_row("said", OTHER_TOPICS)
@every_row("step", ["police", "review"])
def test_a_topic_that_denies_the_earlier_topic_replaces_it(step: str, said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL[step], said)
    assert talk.session
    assert talk.session.answers["category"].value == OTHER_TOPICS[said]
    assert said in talk.session.answers["what"].value
    assert (talk.step, "Changed" in talk.text) == (step, True)


@every_row("said", ["sharab nahi ganja hai", "sharab nahi milti yahan", "not liquor", "jua bhi hota hai"])
def test_a_topic_that_names_no_other_stays(said: str) -> None:
    talk = new_chat().say(*SAID_UNTIL["review"], said)
    assert talk.session
    assert talk.session.answers["category"].value == "INTOX"
