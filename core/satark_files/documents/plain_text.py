"""Cleans people's texts of invisible characters, which can hide a watermark.

These are zero-width characters, tags, variation selectors, unusual spaces and spaces at line ends. Joiners stay only
where Indic scripts, Arabic or emoji are spelt with them.
"""

import codecs
import contextlib
import re
import unicodedata
from pathlib import Path

from satark_files.documents.prose_check import hide_people, is_prose
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from satark_files.sniff import HEAD, sniff

_BLANK = re.compile("[\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000]")
_LINE_END = re.compile("\\r\\n?|[\\v\\f\\x85\\u2028\\u2029]")
_JOINERS = re.compile("(?<=(.))[\\u200c\\u200d]+(?=(.))", re.DOTALL)
_TRAILING = re.compile(r"(?<![ \t])[ \t]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{3,}")
_MOST_MARKS = 30
"""Most signs on one letter (Unicode, annex 15, section 13): ordering them takes time with their number squared."""
_VIRAMA = 9
"""Canonical combining class of the signs that join Indic letters (Unicode, section 4.3)."""


class TextScrubber:
    """Cleans prose; refuses any other text, which may name its writer's machine or account."""

    mimes = frozenset({"text/plain"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        del limits
        text = decode_text(source.read_bytes())
        words = strip_hidden_characters(hide_people(text))
        if not words.strip():
            raise Unclean("damaged")
        if not is_prose(text):
            raise Unclean("unsupported")
        target.write_text(words, encoding="utf-8")
        return "text/plain"


def decode_text(data: bytes) -> str:
    """Decode a text that is in UTF-8, in UTF-16 with its byte order mark, or in Windows' Latin.

    Raises:
        Unclean: the text is in none of these encodings.
    """
    with contextlib.suppress(UnicodeDecodeError):
        return codecs.getincrementaldecoder("utf-8")().decode(data)  # it may end within a character
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("cp1252",):
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise Unclean("damaged")


def strip_hidden_characters(text: str) -> str:
    """Return the text in Unicode's normal form C, without invisible characters.

    Raises:
        Unclean: a letter has more signs than any language writes.
    """
    marks = 0
    for char in "" if text.isascii() else text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks > _MOST_MARKS:
            raise Unclean("damaged")
    text = _BLANK.sub(" ", _LINE_END.sub("\n", unicodedata.normalize("NFC", text)))
    text = _JOINERS.sub(lambda found: found[0][0] if _joins(found[1], found[2]) else "", text)
    return _TRAILING.sub("", "".join(char for char in text if _is_visible(char)))


def shown_text(text: str) -> str:
    """Return the text of a mail or a page for the clean copy, changed so that it does not pass for a mail or data.

    Raises:
        Unclean: nothing in the text can be seen.
    """
    words = _EMPTY_LINES.sub("\n\n", strip_hidden_characters(text)).strip()
    if not words:
        raise Unclean("damaged")
    return f"{words}\n" if sniff(words.encode()[:HEAD]) == "text/plain" else f"…\n{words}\n"


def _is_visible(char: str) -> bool:
    if char in "\n\t\u200c\u200d\ufe0f":
        return True
    if "\ufe00" <= char <= "\ufe0e" or "\U000e0100" <= char <= "\U000e01ef":
        return False
    return (
        unicodedata.category(char) not in ("Cc", "Cf", "Cn", "Co", "Cs")
        and char not in "\u115f\u1160\u3164\uffa0\u034f"
    )


def _joins(before: str, after: str) -> bool:
    """Whether a joiner between these two characters is part of the spelling."""
    if unicodedata.combining(before) == _VIRAMA or unicodedata.combining(after) == _VIRAMA:
        return True
    arabic = all(unicodedata.bidirectional(char) == "AL" for char in (before, after))
    return arabic or (after >= "\u2000" and (before == "\ufe0f" or unicodedata.category(before) in ("So", "Sk")))
