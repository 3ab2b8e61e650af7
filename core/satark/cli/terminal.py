"""Terminal output without control characters: a tipster's words must not move a terminal's cursor or turn its text.

The output of every command goes through this module. A control character is written as `\\uXXXX`, which is also its
form in JSON.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line feed, DEL, C1
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # direction, breaks, invisible
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of characters, tags
)
"""Matches control characters, but not the joiners U+200C and U+200D, which Hindi needs."""


def escape_controls(text: str) -> str:
    """Write each control character of a text as `\\uXXXX`, or as two of them beyond U+FFFF."""
    return _CONTROLS.sub(_escaped, text)


@contextmanager
def safe_output() -> Iterator[None]:
    """Escape control characters on standard output and standard error while the block runs."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _SafeStream(out), _SafeStream(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


class _SafeStream:
    """A text stream that escapes control characters; all other methods are the original stream's."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, and return its number of characters before escaping."""
        self._stream.write(escape_controls(text))
        return len(text)


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
