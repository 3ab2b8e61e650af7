"""Written orders: what the PDF says and never says, and the numbers of orders."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable

import pypdfium2
import pytest

from satark.api.routing import CaseworkError, Desk
from satark.api.tip import Message
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.orders import find_order, make_order, order_pdf
from satark_desk.web.page_text import PageText
from support.tips import SeededTip, seed_message, seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

OWN_WORDS = "मेरी दुकान के सामने कल्लू रोज़ शाम को कच्ची शराब बेचता है, my phone is 9876543210"
REWORDING = "बाज़ार के पास शाम को कच्ची शराब बिकती है"


@pytest.fixture
def texts(services: Services) -> list[PageText]:
    """Both languages."""
    questionnaire = services.questionnaire
    return [PageText(language, services.geography, 5.5, questionnaire) for language in ("en", "hi")]


@pytest.fixture
def work(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> Casework:
    """The SP's casework, for an officer with a name."""
    return unlocked("sp").casework(services)


@pytest.fixture
def directed(services: Services, desk: Callable[[str], Desk], work: Casework) -> SeededTip:
    """A tip that the SP directed to the station, with a rewording and one field."""
    answers = {"category": "INTOX", "what": OWN_WORDS, "who": "Kallu", "vehicle": "UP65 CD 4411"}
    seeded = seed_tip(services, [desk("sp")], answers=answers, category="INTOX", received="2026-11-24T06/PT6H")
    seed_message(services, seeded, Message(sender="tipster", text="मेरे भाई ने देखा"))
    work.note(work.open(seeded.number), "the sender seems to be a shopkeeper")
    act = DeskAct(name="direct", to="lanka", text="Raid it tonight", rewording=REWORDING, answers={"who": "Kallu"})
    DeskActs(services, work, Clocks()).perform(work.open(seeded.number), act)
    return seeded


def written(pdf: bytes) -> str:
    """Return everything in a PDF: the text that a reader shows, the bytes, and the unpacked streams."""
    document = pypdfium2.PdfDocument(pdf)
    shown = "\n".join(page.get_textpage().get_text_range() for page in document)
    parts = [unicodedata.normalize("NFC", shown), pdf.decode("latin-1"), str(document.get_metadata_dict())]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream).decode("latin-1"))
        except zlib.error:
            continue
    return "\n".join(parts)


def test_an_order_says_what_was_handed_over_in_both_languages(
    services: Services, work: Casework, directed: SeededTip, texts: list[PageText]
) -> None:
    order = make_order(services, work, work.open(directed.number), "lanka")
    found = written(order_pdf(order, texts))
    for wanted in ("lanka title", "sp title", "Kallu", "Raid it tonight", order.number, "Lanka", "Signature", "Order"):
        assert wanted in found
    document = pypdfium2.PdfDocument(order_pdf(order, texts))
    english, hindi = (page.get_textpage().get_text_range() for page in document)
    assert "Confidential." in english
    assert "Confidential." not in hindi
    assert len(pypdfium2.PdfDocument(order_pdf(order, texts[1:]))) == 1


def test_an_order_holds_nothing_of_the_sender(
    services: Services, work: Casework, directed: SeededTip, texts: list[PageText]
) -> None:
    order = make_order(services, work, work.open(directed.number), "lanka")
    found = written(order_pdf(order, texts)).casefold()
    words = [*OWN_WORDS.split(), "भाई", "shopkeeper", "UP65", "CD 4411", directed.number, directed.id]
    told = ["whatsapp", "telegram", "sms", "chat", "written in", "hindi", "11:30", "06:00", "24 nov", "fpdf", "satark_"]
    shared = set(REWORDING.split()) | {"is", "my", "को", "के", "है,", "शाम", "phone"}
    hits = [one for one in (*words, *told) if one not in shared and one.casefold() in found]
    assert hits == []


def test_orders_of_a_desk_are_numbered_one_after_the_other(
    services: Services, work: Casework, directed: SeededTip, desk: Callable[[str], Desk]
) -> None:
    opened = work.open(directed.number)
    assert find_order(services, work, opened, "lanka") is None
    first = make_order(services, work, opened, "lanka")
    again = make_order(services, work, work.open(directed.number), "lanka")
    other = seed_tip(services, [desk("sp")])
    DeskActs(services, work, Clocks()).perform(work.open(other.number), DeskAct(name="direct", to="lanka", text="look"))
    second = make_order(services, work, work.open(other.number), "lanka")
    assert re.fullmatch(r"SP/20\d\d/0001", first.number)
    assert (again.number, second.number[-4:]) == (first.number, "0002")


def test_a_tip_that_was_not_directed_has_no_order(
    services: Services, work: Casework, directed: SeededTip, casework: Callable[[str], Casework]
) -> None:
    with pytest.raises(CaseworkError):
        make_order(services, work, work.open(directed.number), "dig")
    lanka = casework("lanka")
    with pytest.raises(CaseworkError):
        make_order(services, lanka, lanka.open(directed.number), "lanka")
