"""The files of scenarios always have the same bytes, so that hashes can be compared."""

from __future__ import annotations

from satark_files.sniff import UNKNOWN, sniff
from support.matrix.scenario import Point, Words, recording, to_send


def test_a_file_has_the_same_bytes_each_time_and_only_the_photo_has_a_known_type() -> None:
    for name, mime in (("photo", "image/jpeg"), ("video", UNKNOWN), ("paper", UNKNOWN)):
        file = to_send(name, "a caption")
        assert file == to_send(name, "a caption")
        assert sniff(file.data) == mime
        assert file.caption == "a caption"
    assert to_send("photo", "").caption is None
    assert recording("one") == recording("one") != recording("two")


def test_a_location_is_replaced_by_its_name_on_a_medium_without_locations() -> None:
    assert Point((25.3, 83.0), "Lanka").as_words == Words("Lanka")
