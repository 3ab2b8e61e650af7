"""Related tips on a tip's page: the reasons, and how an officer merges two tips there, with links on both."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.services import Services
from support.tips import SeededTip, seed_tip


@pytest.fixture
def pair(services: Services, desk: Callable[[str], Desk]) -> tuple[SeededTip, SeededTip]:
    """Two tips with one number plate, at the SP and the DIG."""
    told = ("UP65 CD 4411 से शराब आती है", "gadi up65cd4411 <b>raat</b> ko")
    one, other = (seed_tip(services, [desk("sp"), desk("dig")], answers={"what": what}) for what in told)
    return one, other


def test_a_tips_page_says_why_another_tip_is_related_and_merges_that_tip(
    pair: tuple[SeededTip, SeededTip], browser: Callable[..., Client]
) -> None:
    one, other = pair
    client = browser("sp")
    page = client.get(f"/desk/tips/{one.number}").text
    assert "same number plate UP65CD4411" in page
    assert f'action="/desk/tips/{other.number}/merge"' in page
    confirm = client.post(f"/desk/tips/{other.number}/merge", data={"to": one.number})
    assert "Merge this tip into the other?" in confirm.text
    done = client.post(str(confirm.url), data={"to": one.number, "confirmed": "yes", "once": "1"})
    assert "The tip is merged." in done.text
    assert f'href="/desk/tips/{one.number}"' in done.text
    assert f'href="/desk/tips/{other.number}"' in client.get(f"/desk/tips/{one.number}").text
    assert 'data-key="s"' not in done.text


def test_a_merging_is_undone_on_the_page(pair: tuple[SeededTip, SeededTip], browser: Callable[..., Client]) -> None:
    one, other = pair
    client = browser("sp")
    client.post(f"/desk/tips/{other.number}/merge", data={"to": one.number, "confirmed": "yes", "once": "1"})
    done = client.post(f"/desk/tips/{other.number}/unmerge", data={"confirmed": "yes", "once": "2"})
    assert "The merging is undone." in done.text
    assert 'data-key="s"' in done.text


def test_a_tip_that_is_related_at_another_desk_is_not_shown(
    services: Services, desk: Callable[[str], Desk], browser: Callable[..., Client]
) -> None:
    one = seed_tip(services, [desk("sp")], answers={"what": "UP65 CD 4411"})
    other = seed_tip(services, [desk("dig")], answers={"what": "UP65 CD 4411"})
    page = browser("sp").get(f"/desk/tips/{one.number}").text
    assert other.number not in page
    assert "Related tips" not in page
