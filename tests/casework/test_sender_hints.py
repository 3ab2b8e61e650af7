"""What in a tip points to its sender."""

from __future__ import annotations

from satark.casework.sender_hints import sender_hints
from satark.services import Services
from satark.testing.desks import SeededDesk
from satark.testing.tips import seed_file, seed_message, seed_tip
from satark.tip import Message


def test_words_that_point_to_the_sender_are_found_wherever_they_stand(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(
        services,
        [sp.desk],
        answers={"what": "मेरी दुकान के सामने शराब बिकती है", "where": {"text": "लंका"}, "known_by": "few"},
        evidence=("1",),
    )
    seed_file(services, seeded, "1", b"one", b"clean", caption="only I have this picture")
    seed_message(services, seeded, Message(sender="tipster", text="मेरे भाई ने देखा"))
    sp.casework.note(sp.casework.open(seeded.number), "my brother's station")
    hints = sender_hints(sp.casework.open(seeded.number), services.geography)
    assert hints.few_know
    assert hints.phrases == ("मेरी दुकान", "only I", "मेरे भाई")


def test_a_tip_that_points_to_nobody_has_none(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk], answers={"what": "UP65 CD 4411 में शराब आती है", "known_by": "many"})
    assert not sender_hints(sp.casework.open(seeded.number), services.geography).any
