"""How a picture looks, in 64 bits: whether each spot is darker than the one to its right (a difference hash).

A copy that was scaled, saved again or sent on differs in a few bits, another picture in about half. The sandbox reads
them (`satark_files.looks_reader`); the worker accepts nothing but the bits. They stand in the file's sealed record.
"""

from __future__ import annotations

import re
from typing import Final

from satark_files.scrubber import Unclean

MAX_BYTES: Final = 16
"""Bytes of an answer, at most."""
_ANSWER: Final = re.compile(rb"[0-9a-f]{16}")


def parse_looks(answer: bytes) -> str:
    """Read the sandbox's answer.

    Raises:
        Unclean: it is no such answer.
    """
    if not _ANSWER.fullmatch(answer):
        raise Unclean("crashed")
    return answer.decode("ascii")
