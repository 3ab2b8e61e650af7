"""The certificate: the Schedule field by field, in both languages, as it comes out of the PDF."""

from __future__ import annotations

import functools
import unicodedata
from importlib.resources import files
from typing import NamedTuple, get_args

import msgspec
import pypdfium2
import pytest

from satark.custody import chain
from satark.custody.certificate import make_certificate
from satark.custody.log import LogRow
from satark.custody.manifest import Issuer, Manifest, PackItem, ReceivedFile, WithheldFile
from satark.custody.verify_pack import Signer, blanked, group_digits
from satark_files.scrubber import REASONS
from satark_words.catalogues import Catalogue
from satark_words.languages import languages_of

pytestmark = pytest.mark.slow("whole packs")

LANGUAGES = languages_of("satark.custody")

# The Schedule to the Bharatiya Sakshya Adhiniyam, 2023 (Act 47 of 2023), field by field, in its order.
PARTS = {
    "a": (
        "schedule", "see", "certificate", "a.title", "a.by", "affirm", "a.source",
        "source.computer", "source.dvr", "source.mobile", "source.flash", "source.cd", "source.server", "source.cloud",
        "source.other", "other", "make", "serial", "device", "info", "control",
        "control.owned", "control.maintained", "control.managed", "control.operated", "control.by_me",
        "hash", "hash.sha1", "hash.sha256", "hash.md5", "hash.other", "hash.report", "a.signed",
        "date", "time", "place",
    ),
    "b": (
        "b.title", "b.by", "affirm", "b.source",
        "source.computer", "source.dvr", "source.mobile", "source.flash", "source.cd", "source.server", "source.cloud",
        "source.other", "other", "make", "serial", "device", "info",
        "hash", "hash.sha1", "hash.sha256", "hash.md5", "hash.other", "hash.report", "b.signed",
        "date", "time", "place",
    ),
}  # fmt: skip
ENGLISH = {
    "affirm": "I, {name} (Name), Son/daughter/spouse of {parent} residing/employed at {address} do hereby solemnly"
    " affirm and sincerely state and submit as follows:—",
    "a.source": "I have produced electronic record/output of the digital record taken from the following device/digital"
    " record source (tick mark):—",
    "b.source": "The produced electronic record/output of the digital record are obtained from the following"
    " device/digital record source (tick mark):—",
    "control": "The digital device or the digital record source was under the lawful control for regularly creating,"
    " storing or processing information for the purposes of carrying out regular activities and during this period, the"
    " computer or the communication device was working properly and the relevant information was regularly fed into the"
    " computer during the ordinary course of business. If the computer/digital device at any point of time was not"
    " working properly or out of operation, then it has not affected the electronic/digital record or its accuracy. The"
    " digital device or the source of the digital record is:—",
    "hash": "I state that the HASH value/s of the electronic/digital record/s is {hash}, obtained through the following"
    " algorithm:—",
    "hash.report": "(Hash report to be enclosed with the certificate)",
    "a.signed": "(Name and signature)",
    "b.signed": "(Name, designation and signature)",
}
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
ISSUER = Issuer(name="Ramesh Singh", office="SP office, Varanasi", make="Dell R350", color="Black", serial="7XK2P93")
NOW = "2026-11-24T09:00:05Z"
ITEM = PackItem(
    item_no=1, file="1", role="scrubbed", filename="data/1-scrubbed.jpg", bytes=123456, mime="image/jpeg",
    sha256=DIGEST, md5=DIGEST[:32], derived_from=0, tool="satark", utc=NOW, ist="24/11/2026 14:30:05",
    prev_chain_hash=DIGEST,
)  # fmt: skip
OTHER_DIGEST = DIGEST[::-1]
RECEIVED_FILES = tuple(
    ReceivedFile(file=str(number), bytes=99, mime="image/jpeg", sha256=OTHER_DIGEST, md5=DIGEST[:32], problem=problem)
    for number, problem in enumerate(("", *REASONS), 1)
)
MANIFEST = Manifest(
    number="K4Q7-2XPM", desk="sp", channel="chat", received="2026-11-24T06/PT6H", utc=NOW, ist="24/11/2026 14:30:05",
    issuer=ISSUER, items=(ITEM,), withheld=(WithheldFile(file="2", bytes=5, mime="audio/ogg", sha256=DIGEST),),
    originals=RECEIVED_FILES, custody=DIGEST, head=DIGEST, certificates={},
    signer=Signer(desk="sp", verifier=DIGEST, roster=f"3:{DIGEST}"),
)  # fmt: skip
RECEIVED = chain.LogEntry(action="received", band="2026-11-24T06/PT6H", salt="")
EXPORTED = chain.LogEntry(action="exported", desk="sp", officer="rao", second="khan", at=NOW, salt="")
LOG = [
    LogRow(row=chain.ChainRow(seq=seq, file="1", day=0, entry=b"", content=b"x"), hash=b"", entry=entry)
    for seq, entry in enumerate((RECEIVED, EXPORTED), 1)
]


class Printed(NamedTuple):
    texts: Catalogue
    pages: list[str]


@functools.cache
def printed(language: str) -> Printed:
    texts = Catalogue.read(language, (files("satark.custody") / "texts" / f"{language}.po").read_text("utf-8"))
    with pypdfium2.PdfDocument(make_certificate(MANIFEST, DIGEST, LOG, language)) as pdf:
        return Printed(texts, [page.get_textpage().get_text_range() for page in pdf])


def base_characters(text: str) -> str:
    """The letters of a text, in order; of Devanagari the base letters, since a PDF's text has its marks where drawn."""
    devanagari = any("DEVANAGARI" in unicodedata.name(char, "") for char in text)
    base = [char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) in {"Lo", "Ll", "Lu"}]
    return "".join(char for char in base if not devanagari or "DEVANAGARI" in unicodedata.name(char, ""))


def fixed_parts(template: str) -> list[str]:
    """Return the parts of a template between its placeholders."""
    found = template
    for place in ("name", "parent", "address", "blank", "make", "color", "serial", "device", "info", "hash", "place"):
        found = found.replace("{" + place + "}", "\0")
    return [part for part in map(base_characters, found.split("\0")) if part]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_part_has_the_schedules_fields_in_its_order(language: str, part: str) -> None:
    texts, pages = printed(language)
    raw = pages["ab".index(part)]
    page = base_characters(raw)
    at, missing = 0, []
    for key in PARTS[part]:
        for part_text in fixed_parts(texts.text(key)):
            if part_text.isascii() and not page.isascii():
                assert texts.text(key) in raw  # names such as SHA1 are in Latin letters in the Hindi text too
                continue
            found = page.find(part_text, at)
            if found < 0:
                missing.append((key, part_text))
            else:
                at = found + len(part_text)
    assert missing == []


@pytest.mark.parametrize("key", ENGLISH)
def test_the_english_text_is_that_of_the_act(key: str) -> None:
    assert printed("en").texts.text(key) == ENGLISH[key]


def test_the_system_fills_in_known_fields_and_leaves_blank_those_that_a_person_answers_for() -> None:
    a, b, *_ = (" ".join(page.split()) for page in printed("en").pages)
    for page in (a, b):
        for known in (
            "Dell R350",
            "Black",
            "7XK2P93",
            "K4Q7-2XPM",
            "24/11/2026",
            "a messaging service",
            group_digits(DIGEST),
        ):
            assert known in page
        assert "Date (DD/MM/YYYY): ____________ Time (IST): ____________ hours" in page
    assert "I, Ramesh Singh (Name), Son/daughter/spouse of ________________________ residing/employed at SP office" in a
    assert "I, ________________________ (Name)" in b
    assert "Ramesh" not in b


@pytest.mark.parametrize("language", LANGUAGES)
def test_hash_report_and_custody_log_are_enclosed(language: str) -> None:
    texts, pages = printed(language)
    *report_pages, log = ("".join(page.split()) for page in pages[2:])
    report = "".join(report_pages)
    for value in (DIGEST, DIGEST[:32], "data/1-scrubbed.jpg", "123456", "24/11/202614:30:05"):
        assert value in report
    assert OTHER_DIGEST in report, "the hash of the original, whether or not it is in the pack"
    for reason in REASONS:
        assert base_characters(texts.text(f"reason.{reason}")) in base_characters(report)
    assert f"3:{DIGEST}" in report
    for value in ("rao+khan", "24/11/202614:30:05IST", DIGEST):
        assert value in log
    assert "12:" not in log, "no time to the second of what the tipster did"


def test_the_same_values_give_the_same_bytes() -> None:
    assert make_certificate(MANIFEST, DIGEST, LOG, "hi") == make_certificate(MANIFEST, DIGEST, LOG, "hi")
    other = msgspec.structs.replace(MANIFEST, number="K4Q7-2XPN")
    assert make_certificate(other, DIGEST, LOG, "hi") != make_certificate(MANIFEST, DIGEST, LOG, "hi")


def test_only_the_printed_digits_depend_on_the_hash_of_the_manifest() -> None:
    certificate = make_certificate(MANIFEST, OTHER_DIGEST, LOG, "hi")
    assert blanked(certificate, OTHER_DIGEST) == make_certificate(MANIFEST, "0" * 64, LOG, "hi") != certificate
    assert blanked(certificate, "ab" * 32) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_has_a_name_in_the_printed_log(language: str) -> None:
    texts = printed(language).texts
    assert [action for action in (*get_args(chain.Action), "erased") if f"action.{action}" not in texts] == []
