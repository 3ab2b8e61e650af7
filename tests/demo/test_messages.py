"""The page shows the metadata that identify a photo's sender, and the kind of message for a file."""

from __future__ import annotations

import pytest

from satark_demo.messages import identifying_metadata, kind_of


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe1\x00\x08Exif\x00\x00", b"plain"])
def test_a_broken_picture_has_no_metadata(data: bytes) -> None:
    assert identifying_metadata(data) == ()


def test_a_file_is_sent_as_whatsapp_and_telegram_send_files_of_its_type() -> None:
    kinds = {
        "image/jpeg": "image",
        "image/heic": "document",
        "video/mp4": "video",
        "audio/mpeg": "audio",
        "application/pdf": "document",
    }
    assert {mime: kind_of(mime, voice=False) for mime in kinds} == kinds
    assert kind_of("audio/mpeg", voice=True) == "voice"
