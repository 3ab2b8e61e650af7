"""Cleans contact cards (vCard): keeps the contact's details, and removes what identifies the phone that wrote it.

It keeps names, telephone numbers, mail addresses, postal addresses, organisation, title, web addresses and notes (RFC
6350 section 6). It removes photos, sounds, keys, identifiers, revisions, the program that wrote the card, every
parameter except the kind of a number, and every property that the standard does not define.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from satark_files.documents import plain_text
from satark_files.limits import Limits
from satark_files.scrubber import Unclean

ALLOWED_PROPERTIES = frozenset({"N", "FN", "NICKNAME", "TEL", "EMAIL", "ADR", "ORG", "TITLE", "ROLE", "URL", "NOTE"})
_KIND = re.compile(r"(?:TYPE=)?(HOME|WORK|CELL|VOICE|FAX|PAGER|MAIN|MSG|TEXT|VIDEO|PREF|INTERNET)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?:[\w-]+\.)?([A-Za-z-]+)((?:;[^:\"]*|;[^:\"]*\"[^\"]*\"[^:\"]*)*):(.*)", re.DOTALL)
_WAID = re.compile(r"waid=(\d+)", re.IGNORECASE)
_NUMBER = re.compile(r"\+?\d[\d\s().-]*")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+", re.IGNORECASE)
MAX_CARDS = 1000
"""Most cards in one file; a file with more cards is an exported address book."""


class VcardScrubber:
    """Cleans contact cards."""

    mimes = frozenset({"text/vcard"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        del limits
        cards = list(_cards(source.read_bytes().decode(errors="replace")))
        if not cards or len(cards) > MAX_CARDS:
            raise Unclean("damaged")
        target.write_text("".join(_written(card) for card in cards), encoding="utf-8", newline="")
        return "text/vcard"


def phone_numbers(text: str) -> set[str]:
    """Return every telephone number of the cards in a text, as digits only."""
    found = {value for card in _cards(text) for name, _, value in card if name == "TEL"}
    return {re.sub(r"\D", "", value) for value in found} - {""}


def _cards(text: str) -> Iterator[list[tuple[str, list[str], str]]]:
    card: list[tuple[str, list[str], str]] | None = None
    for line in _lines(text):
        folded = line.strip().upper()
        if folded == "BEGIN:VCARD":
            card = []
        elif folded == "END:VCARD" and card is not None:
            yield card
            card = None
        elif card is not None and (found := _property(line)):
            card.append(found)


def _lines(text: str) -> list[str]:
    """Unfold lines: RFC 6350 section 3.2, and the soft line breaks of quoted-printable in vCard 2.1."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(
        r"(?im)^(?=[^:\n]*:)([^:\n]*QUOTED-PRINTABLE[^:\n]*:(?:.*=\n)*.*)$", lambda m: m[1].replace("=\n", ""), text
    )
    return re.sub(r"\n[ \t]", "", text).split("\n")


def _property(line: str) -> tuple[str, list[str], str] | None:
    found = _PROPERTY.fullmatch(line)
    if found is None or found[1].upper() not in ALLOWED_PROPERTIES:
        return None
    name, parameters, value = found[1].upper(), found[2], found[3]
    if "QUOTED-PRINTABLE" in parameters.upper():
        value = _QUOTED.sub(lambda part: bytes.fromhex(part[0].replace("=", "")).decode(errors="replace"), value)
    elif "ENCODING=" in parameters.upper() or value.lower().startswith("data:"):
        return None
    if name == "TEL" and (whatsapp := _WAID.search(parameters)) and not _NUMBER.search(value):
        value = "+" + whatsapp[1]
    kinds = [match[1].upper() for part in re.split("[;,]", parameters) if (match := _KIND.fullmatch(part.strip(' "')))]
    return name, kinds, plain_text.strip_hidden_characters(value).replace("\n", " ").strip()


def _written(card: list[tuple[str, list[str], str]]) -> str:
    lines = [f"{name}{''.join(f';TYPE={kind}' for kind in kinds)}:{value}" for name, kinds, value in card if value]
    if not any(name == "FN" for name, _, value in card if value):
        lines.insert(0, "FN:-")
    return "".join(f"{line}\r\n" for line in ["BEGIN:VCARD", "VERSION:3.0", *lines, "END:VCARD"])
