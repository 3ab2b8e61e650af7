"""A tip that the SP directs to a station, which gets a release of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from satark.api.tip import Message
from support.tips import SeededTip, seed_file, seed_message, seed_tip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from satark.api.routing import Desk
    from satark.services import Services
    from support.desks import Office

OWN_WORDS = "मेरी दुकान के सामने कल्लू रोज़ शाम को कच्ची शराब बेचता है"
REWORDING = "Country liquor is sold near the market in the evening by one Kallu."


def seed_told_tip(services: Services, desks: Sequence[Desk], office: Office) -> SeededTip:
    """Store a tip with a file, a message of the tipster, and a note of an office that has it."""
    answers = {"category": "liquor", "what": OWN_WORDS, "who": "Kallu", "vehicle": "UP65 CD 4411", "known_by": "few"}
    seeded = seed_tip(services, desks, answers=answers, evidence=("1",))
    seed_file(services, seeded, "1", b"one", b"clean", caption="from my roof")
    seed_message(services, seeded, Message(sender="tipster", text="मेरे भाई ने भी देखा"))
    office.do(seeded, "note", text="the sender seems to be a shopkeeper")
    return seeded


def direct(office: Office, tip: SeededTip, **fields: Any) -> None:
    """Direct a tip to the station, with a rewording and who did it."""
    given = {"to": "lanka", "text": "look tonight", "rewording": REWORDING, "answers": {"who": "Kallu"}}
    office.do(tip, "direct", **{**given, **fields})
