"""Made-up identifiers are remembered by kind, and their parts are found nowhere by chance."""

from __future__ import annotations

import io

from PIL import Image

from satark_testing.canary.identifiers import IN_PARTS, Identifiers, kind_of, without


def test_the_same_seed_makes_the_same_identifiers_and_none_makes_others() -> None:
    assert Identifiers(1).phone() == Identifiers(1).phone()
    assert len({Identifiers().phone() for _ in range(5)}) > 1


def test_each_is_remembered_once_under_a_number_of_its_kind() -> None:
    made = Identifiers(1)
    phone, other = made.phone(), made.phone()
    made.remember("phone", phone)
    made.remember("receipt code", "")
    assert made.secrets == {"phone 1": phone, "phone 2": other}
    made.sentence("behind the temple")
    assert made.in_parts == {"phone 1", "phone 2"}
    assert {kind_of(name) for name in without(made.secrets, "words")} == {"phone"} <= IN_PARTS


def test_a_photo_tells_its_device_and_its_place() -> None:
    made = Identifiers(1)
    with Image.open(io.BytesIO(made.photo())) as photo:
        exif = photo.getexif()
        assert exif[0x0110] in made.secrets.values()
        assert exif.get_ifd(0x8825)[1] == "N"
    assert {kind_of(name) for name in made.secrets} == {"device tag", "GPS", "picture"}
