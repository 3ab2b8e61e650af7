"""Made-up identifiers are stored by kind, and their parts do not occur by chance."""

from __future__ import annotations

import io

from PIL import Image

from satark_testing.canary.identifiers import IN_PARTS, Identifiers, kind_of, without


def test_a_seed_repeats_the_identifiers_and_no_seed_gives_new_ones() -> None:
    assert Identifiers(1).phone() == Identifiers(1).phone()
    assert len({Identifiers().phone() for _ in range(5)}) > 1


def test_each_identifier_is_stored_once_under_its_kind_and_number() -> None:
    made = Identifiers(1)
    phone, other = made.phone(), made.phone()
    made.remember("phone", phone)
    made.remember("receipt code", "")
    assert made.secrets == {"phone 1": phone, "phone 2": other}
    made.sentence("behind the temple")
    assert made.in_parts == {"phone 1", "phone 2"}
    assert {kind_of(name) for name in without(made.secrets, "words")} == {"phone"} <= IN_PARTS


def test_a_photo_contains_its_device_and_its_place() -> None:
    made = Identifiers(1)
    with Image.open(io.BytesIO(made.photo())) as photo:
        exif = photo.getexif()
        assert exif[0x0110] in made.secrets.values()
        assert exif.get_ifd(0x8825)[1] == "N"
    assert {kind_of(name) for name in made.secrets} == {"device tag", "GPS", "picture"}
