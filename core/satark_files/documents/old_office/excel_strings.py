"""Reads the texts of Excel files (MS-XLS, sections 2.5.293 and 2.5.294), also where a continuation cuts them."""

from __future__ import annotations

LONG, SHORT = 2, 1
"""Bytes of the number of characters."""
_WIDE, _FOREIGN, _RICH = 1, 4, 8


def read_string(content: bytes, at: int, length_bytes: int = LONG) -> str:
    """Return the text that begins at an offset: number of characters, flags, characters."""
    count = int.from_bytes(content[at : at + length_bytes], "little")
    flags = content[at + length_bytes] if at + length_bytes < len(content) else 0
    begin = at + length_bytes + 1 + 2 * bool(flags & _RICH) + 4 * bool(flags & _FOREIGN)
    width = 2 if flags & _WIDE else 1
    return _decode(content[begin : begin + width * count], width)


def read_shared_strings(parts: list[bytes]) -> list[str]:
    """Return the table of texts that cells name by number; a damaged one ends early."""
    reader = _Reader(parts)
    reader.take(4)
    count = int.from_bytes(reader.take(4), "little")
    found: list[str] = []
    while len(found) < count and not reader.ended:
        found.append(reader.text())
    return found


class _Reader:
    """Reads over the borders of a record and its continuations."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts, self._part, self._at = parts, 0, 0

    @property
    def ended(self) -> bool:
        self._go_on()
        return self._part >= len(self._parts)

    def take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size and not self.ended:
            taken += self._take_here(size - len(taken))
        return taken

    def text(self) -> str:
        """Return the next text; at the begin of each continuation its characters' width is said anew."""
        count, flags = int.from_bytes(self.take(2), "little"), int.from_bytes(self.take(1))
        runs = int.from_bytes(self.take(2), "little") if flags & _RICH else 0
        extra = int.from_bytes(self.take(4), "little") if flags & _FOREIGN else 0
        parts: list[str] = []
        width = 2 if flags & _WIDE else 1
        while count > 0 and not self.ended:
            if parts and not self._at:
                width = 2 if self._take_here(1)[0] & _WIDE else 1
            taken = self._take_here(width * count)
            parts.append(_decode(taken, width))
            count -= max(1, len(taken) // width)
        self.take(4 * runs + extra)
        return "".join(parts)

    def _go_on(self) -> None:
        while self._part < len(self._parts) and self._at >= len(self._parts[self._part]):
            self._part, self._at = self._part + 1, 0

    def _take_here(self, size: int) -> bytes:
        taken = self._parts[self._part][self._at : self._at + size]
        self._at += len(taken)
        return taken


def _decode(packed: bytes, width: int) -> str:
    return packed.decode("utf-16-le" if width == 2 else "latin-1", errors="replace")  # noqa: PLR2004 - bytes
