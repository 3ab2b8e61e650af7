"""Made-up identifiers differ in every run and are named by their kind."""

from __future__ import annotations

import io

from PIL import Image

from satark_testing.canary.people import IN_PARTS, TipContent, kind_of, make_tipster


def test_every_tipster_has_identifiers_of_their_own() -> None:
    one, other = make_tipster(), make_tipster()
    assert one.keys() == other.keys() > IN_PARTS - {"device tag"}
    assert not {*one.values()} & {*other.values()}


def test_a_photo_contains_its_device_and_both_files_are_searched_for_in_slices() -> None:
    content = TipContent.make("behind the temple {}", 6400)
    with Image.open(io.BytesIO(content.photo)) as photo:
        assert photo.getexif()[0x0110] == content.device
    identifiers = content.identifiers
    assert {kind_of(name) for name in identifiers} == {"words", "device tag", "picture", "voice"}
    pictures = [value for name, value in identifiers.items() if kind_of(name) == "picture"]
    assert all(isinstance(value, bytes) and value in content.photo for value in pictures)


def test_a_kind_has_no_number() -> None:
    assert [kind_of(name) for name in ("phone", "phone 0", "picture 4 1")] == ["phone", "phone", "picture"]
