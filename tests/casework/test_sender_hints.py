"""Sender hints: the words of a tip that point to its sender."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.tip import Message
from satark.casework.sender_hints import SenderHints, marked
from satark.services import Services
from satark_words.geography.geography import Geography
from support.desks import SeededDesk
from support.tips import seed_file, seed_message, seed_tip

SENTENCES = Path(__file__).parent / "corpora" / "sender_phrases.txt"


def labelled(sign: str) -> list[str]:
    return [line[2:] for line in SENTENCES.read_text("utf-8").splitlines() if line.startswith(f"{sign} ")]


@pytest.mark.slow("a list of labelled texts")
def test_the_phrases_of_a_labelled_list_are_marked_and_few_other_phrases() -> None:
    pointing, others = labelled("+"), labelled("-")
    assert len(pointing) + len(others) >= 150
    geography = Geography.sample()
    missed = [text for text in pointing if not SenderHints.of_texts([text], geography).any]
    wrong = [text for text in others if SenderHints.of_texts([text], geography).any]
    assert len(missed) <= len(pointing) * 0.02, missed
    assert len(wrong) <= len(others) * 0.02, wrong


@pytest.mark.parametrize(
    ("text", "few"),
    [
        ("Only a few people know about this", True),
        ("hum paanch log hi ye baat jante hain", True),
        ("केवल हम जानते हैं", True),
        ("my brother sells it", False),
        ("Many people know about this place", False),
    ],
)
def test_the_hint_that_only_few_know_something_is_separate_from_other_hints(text: str, few: bool) -> None:  # noqa: FBT001 - of the table
    assert SenderHints.of_texts([text], Geography.sample()).few_know is few


def test_the_parts_of_a_marked_text_make_up_the_text() -> None:
    text = "कल्लू शराब बेचता है। मेरी दुकान के सामने। Only I know."
    parts = marked(text, Geography.sample())
    assert "".join(part.text for part in parts) == text
    assert [part.text for part in parts if part.is_hint] == ["मेरी दुकान", "Only I"]


def test_words_that_point_to_the_sender_are_found_anywhere(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(
        services,
        [sp.desk],
        answers={"what": "मेरी दुकान के सामने शराब बिकती है", "where": {"text": "लंका"}, "known_by": "few"},
        evidence=("1",),
    )
    seed_file(services, seeded, "1", b"one", b"clean", caption="only I have this picture")
    seed_message(services, seeded, Message(sender="tipster", text="मेरे भाई ने देखा"))
    sp.casework.note(sp.casework.open(seeded.number), "my brother's station")
    hints = SenderHints.of_tip(sp.casework.open(seeded.number), services.geography)
    assert hints.few_know
    assert hints.phrases == ("मेरी दुकान", "only I", "मेरे भाई")


def test_a_tip_that_points_to_nobody_has_no_hints(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk], answers={"what": "UP65 CD 4411 में शराब आती है", "known_by": "many"})
    assert not SenderHints.of_tip(sp.casework.open(seeded.number), services.geography).any
