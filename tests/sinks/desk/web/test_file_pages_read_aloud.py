"""Officers hear a transcript by a synthetic voice, with or without the right to hear the tipster's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import Casework
from satark.services import Services
from support.tips import SeededTip, post_as, seed_file, seed_tip


@pytest.fixture
def spoken(services: Services, desk: Callable[[str], Desk], casework: Callable[[str], Casework]) -> SeededTip:
    """A tip that was spoken, with a transcript of the first recording and none of the second."""
    tip = seed_tip(services, [desk("sp"), desk("lanka")], language="hi", evidence=())
    for ordinal in ("1", "2"):
        seed_file(
            services, tip, ordinal, b"voice", b"clean", disguised=b"OggS", mime="audio/ogg", kind="voice", role="what"
        )
    words = Message(sender="desk", desk="sp", text="रात में ट्रक आता है", internal=True, transcript="1")
    post_as(casework("sp"), tip, words)
    return tip


@pytest.mark.needs("espeak-ng")
@pytest.mark.parametrize("desk_name", ["sp", "lanka"])
def test_every_officer_of_the_tips_desks_hears_the_transcript(browser: Any, spoken: SeededTip, desk_name: str) -> None:
    client = browser(desk_name)
    address = f"/desk/tips/{spoken.number}/transcripts/1"
    assert address in client.get(f"/desk/tips/{spoken.number}").text
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["content-type"] == "audio/wav"
    assert response.content.startswith(b"RIFF")
    assert response.headers["cache-control"] == "no-store"


def test_without_a_transcript_no_speech_is_offered(browser: Any, spoken: SeededTip) -> None:
    client = browser("sp")
    assert f"/desk/tips/{spoken.number}/transcripts/2" not in client.get(f"/desk/tips/{spoken.number}").text
    assert client.get(f"/desk/tips/{spoken.number}/transcripts/2").status_code == 404


def test_the_page_says_that_two_disguised_recordings_of_one_speaker_match(browser: Any, spoken: SeededTip) -> None:
    assert (
        "two disguised recordings of one speaker can be matched"
        in browser("sp").get(f"/desk/tips/{spoken.number}").text
    )
