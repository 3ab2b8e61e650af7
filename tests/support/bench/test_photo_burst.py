"""The photos of the benchmark come from several people and are served as Meta serves them."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from support.bench.citizen import Citizen
from support.bench.photo_burst import line
from support.bench.photos import Photographers, photo, serve


def nothing() -> None:
    """Ignore the reply."""


@pytest.mark.slow("a benchmark")
@pytest.mark.parametrize(("photos", "people"), [(1, 1), (25, 1), (60, 3)])
async def test_each_citizen_sends_a_few_of_the_photos(photos: int, people: int) -> None:
    numbers: list[str] = []

    def renew(citizen: Citizen) -> str:
        del citizen
        numbers.append(str(len(numbers)))
        return numbers[-1]

    group, sent = Photographers(photos, renew), 0
    while group.due() is not None:
        message = group.sender().say(nothing)
        assert base64.b64decode(message["image"]["sha256"]) == hashlib.sha256(photo()).digest()
        sent += 1
    assert (sent, len(numbers)) == (photos, people)
    assert group.are_accepted.is_set()


def test_the_photo_is_served_at_the_announced_address() -> None:
    told = json.loads(serve(b"/v26.0/1?phone_number_id=2", b"127.0.0.1:8").partition(b"\r\n\r\n")[2])
    assert told["url"].startswith("http://127.0.0.1:8/")
    path = told["url"].removeprefix("http://127.0.0.1:8").encode()
    assert serve(path, b"127.0.0.1:8").partition(b"\r\n\r\n")[2] == photo()


def test_the_median_of_the_ratios_is_printed() -> None:
    assert line("half", [(10, 12), (100, 110), (10, 30)]).endswith("with a thousand photos     30.0 ms: +20 %")
