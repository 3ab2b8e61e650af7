"""The audit log names codes and addresses in the officer's language, and shows what officers wrote as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.casework import Act, ActKind
from satark.services import Services
from satark_desk.web.audit_pages import ActDetails
from satark_desk.web.page_text import PageText
from support.tips import seed_tip

TITLES = {"lanka": "थाना लंका"}


@pytest.fixture
def in_hindi(services: Services) -> ActDetails:
    return ActDetails(PageText("hi", services.geography, 5.5, services.questionnaire), TITLES)


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("signed_in", "web", "ब्राउज़र में"),
        ("signed_in", "satark desk show", "satark desk show"),
        ("sign_in_failed", "4", "लगातार ग़लत कोशिशें: 4"),
        ("answered", "CLOSED", "बंद की गई"),
        ("answered", "", ""),
        ("closed", "nothing_found", "मौके पर कुछ नहीं मिला"),
        ("closing_asked", "warned", "चेतावनी दी गई"),
        ("directed", "lanka", "थाना लंका"),
        ("withdrawn", "a desk of long ago", "a desk of long ago"),
        ("corrected", "high", "उच्च"),
        ("corrected", "urgent ARMS", "अति आवश्यक · अवैध हथियार"),
        ("viewed", "clean", "साफ़ प्रति"),
        ("heard", "disguised", "बदली हुई आवाज़ में"),
        ("page_opened", "/figures", "आँकड़े"),
        ("page_opened", "/tips/K4Q7-2XPM/close", "सूचना"),
        ("page_opened", "/account", "आपका खाता"),
        ("page_opened", "/", "सूचनाएँ"),
        ("form_sent", "/wordings/remove", "तैयार वाक्य"),
        ("form_sent", "/of-an-older-version", "/of-an-older-version"),
        ("searched", "warned", "warned"),
        ("assigned", "lanka", "lanka"),
    ],
)
def test_a_detail_is_said_in_words(in_hindi: ActDetails, kind: ActKind, detail: str, words: str) -> None:
    assert in_hindi(Act(kind=kind, desk="sp", at="", salt="", detail=detail)) == words


def test_the_page_says_so(services: Services, browser: Callable[..., Client], desk: Callable[[str], Desk]) -> None:
    seed_tip(services, [desk("sp")])
    client = browser("sp")
    client.post("/desk/language", data={"language": "hi"})
    client.get("/desk/wordings")
    page = client.get("/desk/audit").text
    assert "“web”" not in page
    assert "ब्राउज़र में" in page
    assert "/wordings" not in page.split('class="acts"')[1]
