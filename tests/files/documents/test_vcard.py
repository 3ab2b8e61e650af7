"""A contact card keeps the contact's details and loses traces of the phone that wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.vcard import MAX_CARDS, VcardScrubber, phone_numbers
from satark_files.limits import Limits
from satark_files.scrubber import Unclean

CARD = """BEGIN:VCARD
VERSION:2.1
PRODID:-//a phone//
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E0=A4=B0=E0=A4=BE=
=E0=A4=9C=E0=A5=82
item1.TEL;TYPE=CELL;waid=919876543210:+91 98765 43210
TEL;X-SIM=2:
 0542-2501234
NOTE:a folded
  line
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==
UID:4711
REV:20261120T101112Z
END:VCARD
"""


def cleaned(card: str, folder: Path) -> str:
    (folder / "in").write_text(card, encoding="utf-8")
    assert VcardScrubber().scrub(folder / "in", folder / "out", Limits()) == "text/vcard"
    return (folder / "out").read_bytes().decode()


def test_details_stay_and_facts_about_the_phone_are_removed(tmp_path: Path) -> None:
    assert cleaned(CARD, tmp_path).split("\r\n") == [
        "BEGIN:VCARD",
        "VERSION:3.0",
        "FN:राजू",
        "TEL;TYPE=CELL:+91 98765 43210",
        "TEL:0542-2501234",
        "NOTE:a folded line",
        "END:VCARD",
        "",
    ]


def test_the_numbers_of_every_card_are_found() -> None:
    other = "BEGIN:VCARD\nTEL;waid=919140112233:\nFN:I\nEND:VCARD\nTEL:112\n"
    assert phone_numbers(CARD + other) == {"919876543210", "05422501234", "919140112233"}


@pytest.mark.parametrize("card", ["FN:nobody", "BEGIN:VCARD\nFN:x\nEND:VCARD\n" * (MAX_CARDS + 1)])
def test_a_file_without_cards_and_an_address_book_are_refused(card: str, tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="damaged"):
        cleaned(card, tmp_path)
