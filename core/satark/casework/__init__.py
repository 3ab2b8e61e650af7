"""Casework: what a desk does with sealed tips, for whoever holds the desk's opened key.

A tip that was never sealed to a desk does not exist for it: lists, counts, search and errors are the same with and
without it, since every one of them starts from the envelopes that are the desk's own.
"""

from satark.casework.cases import (
    CaseworkError,
    DeskTaken,
    KeyChanged,
    NoSuchDesk,
    NoSuchFile,
    NoSuchTip,
    OpenTip,
    Posted,
    Summary,
)
from satark.casework.work import Casework

__all__ = [
    "Casework",
    "CaseworkError",
    "DeskTaken",
    "KeyChanged",
    "NoSuchDesk",
    "NoSuchFile",
    "NoSuchTip",
    "OpenTip",
    "Posted",
    "Summary",
]
