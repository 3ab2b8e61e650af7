"""Reads the text of RTF (Rich Text Format Specification 1.9.1) and nothing else: no author, no picture, no object."""

from __future__ import annotations

import re
from typing import Final

from satark_files.scrubber import Unclean

_TOKEN: Final = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_UNSEEN: Final = frozenset(
    "fonttbl colortbl stylesheet info pict object header footer headerl headerr footerl footerr themedata datastore "  # noqa: SIM905 - a list of words
    "listtable listoverridetable rsidtbl generator xmlnstbl mmathPr private fldinst bkmkstart bkmkend filetbl "
    "latentstyles revtbl userprops atnauthor atnid atntime atndate annotation nonshppict shppict".split()
)
"""Destinations that a reader does not show in the text, or whose text is about the writer."""
_SPECIAL: Final = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"cell": "\t", b"tab": "\t", b"sect": "\n", b"page": "\n",
    b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"emdash": "—", b"endash": "–",
}  # fmt: skip
_MAX_DEPTH: Final = 500


class _Group:
    """The state of a group: whether its text is shown, and how many characters replace a Unicode one in old readers."""

    def __init__(self, *, hidden: bool, skip: int) -> None:
        self.hidden, self.skip = hidden, skip


def rtf_text(data: bytes) -> str:
    """Return the text that a reader shows.

    Raises:
        Unclean: the data is not RTF.
    """
    reader = _Reader()
    for found in _TOKEN.finditer(data):
        if reader.ended:
            break
        reader.read(found)
    if not reader.began:
        raise Unclean("damaged")
    return "".join(reader.text)


class _Reader:
    """Follows the groups of a document and gathers the text."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.began = self.ended = False
        self._groups = [_Group(hidden=False, skip=1)]
        self._encoding = "cp1252"
        self._replaced = 0

    def read(self, found: re.Match[bytes]) -> None:
        word, number, code, symbol, brace, plain = found.groups()
        if brace:
            self._brace(brace)
        elif word:
            self._word(word, int(number) if number else None)
        elif code:
            self._add(bytes.fromhex(code.decode()).decode(self._encoding, errors="replace"))
        elif symbol == b"*":
            self._groups[-1].hidden = True
        elif symbol in (b"\\", b"{", b"}", b"~"):
            self._add(" " if symbol == b"~" else symbol.decode())
        elif plain:
            self._add(plain.decode(self._encoding, errors="replace"))

    def _brace(self, brace: bytes) -> None:
        self._replaced = 0
        if brace == b"{":
            if len(self._groups) > _MAX_DEPTH:
                raise Unclean("damaged")
            self._groups.append(_Group(hidden=self._groups[-1].hidden, skip=self._groups[-1].skip))
        elif len(self._groups) > 1:
            self._groups.pop()
            self.ended = self.began and len(self._groups) == 1

    def _word(self, word: bytes, number: int | None) -> None:
        group = self._groups[-1]
        if word == b"rtf":
            self.began = True
        elif word.decode() in _UNSEEN or (word == b"v" and number != 0):
            group.hidden = True
        elif word == b"ansicpg" and number is not None:
            self._encoding = f"cp{number}" if number in range(437, 1362) and number not in (0, 42) else "cp1252"
        elif word == b"uc" and number is not None:
            group.skip = max(0, min(number, 10))
        elif word == b"u" and number is not None:
            self._replaced = 0
            self._add(chr(number % 0x10000) if not 0xD800 <= number % 0x10000 < 0xE000 else "\N{REPLACEMENT CHARACTER}")  # noqa: PLR2004 - surrogates
            self._replaced = group.skip
        elif word in _SPECIAL:
            self._add(_SPECIAL[word])

    def _add(self, text: str) -> None:
        """Add text, but skip the characters that replace a Unicode character in old readers."""
        left_out, self._replaced = min(self._replaced, len(text)), max(0, self._replaced - len(text))
        if not self._groups[-1].hidden:
            self.text.append(text[left_out:])
