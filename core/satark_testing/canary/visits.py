"""What marked tipsters do: they send tips, leave drafts, open mailboxes, and enter wrong codes."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from satark_testing.canary.identifiers import Identifiers
from satark_testing.canary.people import MarkedDriver, driver_of, whatsapp_citizen
from satark_testing.dialogue.walking import LostError, Photo
from satark_testing.installation import HINDI
from satark_testing.matrix import Scenario, play
from satark_testing.matrix.installation import MatrixInstallation
from satark_testing.matrix.scenario import Do, Send, Words
from satark_testing.twilio.people import code_in
from satark_words.catalogues import Catalogues

_PLACE: Final = Words("लंका")
_CODE: Final = re.compile(r"(?:\d[ \u00a0\u2009\u202f–-]?){16}")


async def send_tip(matrix: MatrixInstallation, medium: str, made: Identifiers) -> None:
    """Send a tip with a file, and want no contact; then open the mailbox where the medium is a chat."""
    driver = driver_of(medium, matrix, made)
    exchanges = (
        ("category", "ARMS"),
        ("what", Words(made.sentence("गाँव के बाहर रात में हथियार बिकते हैं"))),
        ("place", _PLACE),
        ("police", "no"),
        ("evidence", Send("photo")),
        ("evidence", Do("done")),
        ("review", "send"),
    )
    await play(Scenario("marked", "hi", exchanges), driver)
    _remember_code(driver, made)


async def leave_draft(matrix: MatrixInstallation, medium: str, made: Identifiers) -> None:
    """Begin a tip, and leave it unfinished."""
    driver = driver_of(medium, matrix, made)
    exchanges = (("category", "INTOX"), ("what", Words(made.sentence("भट्ठी के पीछे कच्ची शराब बनती है"))))
    await play(Scenario("left", "hi", exchanges), driver)


async def stay_reachable(matrix: MatrixInstallation, made: Identifiers) -> None:
    """Send a tip by WhatsApp, want to be contacted, open the mailbox, and enter a wrong code."""
    citizen = whatsapp_citizen(matrix, made)
    words = made.sentence("मंदिर के पीछे हथियारों का ढेर है")
    no = Catalogues.of("satark.dialogue")["hi"].text("origin.no")
    code = await citizen.walk(
        {
            **HINDI,
            no: no,
            "क्या हो रहा है\\?": words,
            "हो गया": [Photo(made.photo()), Photo(made.voice(), "audio/ogg"), "हो गया"],
        }
    )
    _remember(code, made)
    await citizen.reply(Catalogues.of("satark.dialogue")["hi"].text("reach.yes"))
    await citizen.hear()
    for words in ("status", code, made.sentence("एक बात और"), "status", "7878 9898 7878 9898"):
        await citizen.say(words)
        await citizen.hear()


async def share_and_forget(matrix: MatrixInstallation, made: Identifiers) -> None:
    """Begin a tip by WhatsApp, share a contact card with a phone number and an e-mail address, and have all erased."""
    citizen = whatsapp_citizen(matrix, made)
    for words in ("Hi", "हिन्दी", "अवैध खनन"):
        await citizen.reply(words)
        await citizen.hear()
    await citizen.share_contact(made.phone(), made.word("e-mail", "{}@mail.example"))
    await citizen.hear()
    await citizen.say("forget")
    with suppress(LostError):
        await citizen.hear()
        await citizen.reply(Catalogues.of("satark.dialogue")["hi"].text("cancel.yes"))
        await citizen.hear()


def _remember_code(driver: MarkedDriver, made: Identifiers) -> None:
    for answer in driver.answers:
        found = _CODE.search(answer)
        if code := (re.sub(r"\D", "", found[0]) if found else code_in(answer)):
            _remember(code, made)


def _remember(code: str, made: Identifiers) -> None:
    made.remember("receipt code", code)
    made.remember("receipt code", " ".join(code[i : i + 4] for i in range(0, 16, 4)))
