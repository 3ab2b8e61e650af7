"""Why a file is not taken, by name. Whoever answers a browser has a sentence for each in the tipster's language."""

from __future__ import annotations

from typing import Literal, TypeAlias

Problem: TypeAlias = Literal[
    "unknown",  # no such upload, or another draft's, or erased
    "moved",  # what is here already ends elsewhere: ask where, and go on from there
    "unfinished",  # not all of it is here
    "empty",  # a file without a byte
    "too-large",  # over the limit of one file, or longer than was announced
    "too-many",  # more files than a draft may have
    "too-much",  # more bytes than a draft may have
    "too-broken",  # came in more pieces than one file may have
    "disk-full",  # no room here
    "busy",  # too many at once: try again in a moment
]


class Refused(Exception):  # noqa: N818 - it reads as what it says where it is raised
    """A file, or a part of it, is not taken. What was taken before stays, and is still good."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem: Problem = problem
