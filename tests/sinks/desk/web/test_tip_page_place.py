"""A tip's page shows the tip's place as a map and in words without asking another server.

A station sees its release only.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.casework import Casework, Clocks, DeskAct, DeskActs
from satark.services import DeskContext, Services
from satark_files.origin import Origin
from support.tips import SeededTip, seed_file, seed_tip

Browser = Callable[..., Client]


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip with a pin, and a photo that says where and when it was taken."""
    place = {
        "text": "Samne Ghat",
        "latitude": 25.2765,
        "longitude": 83.0085,
        "district": "varanasi",
        "station": "lanka",
    }
    seeded = seed_tip(services, [desk("sp")], answers={"what": "x", "place": place}, evidence=("1",))
    origin = Origin(latitude=25.2802, longitude=83.0105, taken="2026-11-20T21:15")
    seed_file(services, seeded, "1", b"one", b"clean", origin=origin)
    return seeded


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ("1.1 km south-east of Lanka", "460 m north-east of the tip&#39;s pin", "4 days before the tip came in"),
        ),
        ("hi", ("लंका से 1.1 किमी दक्षिण-पूर्व में", "सूचना के पिन से 460 मी उत्तर-पूर्व में", "सूचना आने से 4 दिन पहले")),
    ],
)
def test_the_page_tells_the_place_and_what_the_file_says(
    browser: Browser, tip: SeededTip, language: str, said: tuple[str, ...]
) -> None:
    page = browser("sp").get(f"/desk/tips/{tip.number}", headers={"accept-language": language}).text
    assert '<svg class="map" viewBox="0 0 360 270" role="img"' in page
    assert 'data-copy="25.27650, 83.00850"' in page
    assert 'href="geo:25.27650,83.00850"' in page
    for words in said:
        assert words in page


def test_the_map_makes_no_external_request(browser: Browser, tip: SeededTip) -> None:
    page = browser("sp").get(f"/desk/tips/{tip.number}").text
    drawing = page[page.index('<svg class="map"') : page.index("</svg>", page.index('<svg class="map"'))]
    assert all(word not in drawing for word in ("href", "http", "url(", "style=", "<image", "<script"))


def test_a_station_that_got_a_release_sees_no_map_and_no_pin(
    browser: Browser, context: DeskContext, casework: Callable[[str], Casework], tip: SeededTip
) -> None:
    acts = DeskActs(context, casework("sp"), Clocks())
    acts.perform(
        casework("sp").open(tip.number), DeskAct(name="direct", to="lanka", text="look", rewording="Look there.")
    )
    page = browser("lanka").get(f"/desk/tips/{tip.number}").text
    assert "Look there." in page
    for shown in ('class="map"', 'class="place"', "25.276", "83.008", "geo:", "data-copy"):
        assert shown not in page
