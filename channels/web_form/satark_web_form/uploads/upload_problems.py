"""The reasons for refusing an upload."""

from typing import Literal, TypeAlias

UploadProblem: TypeAlias = Literal[
    "unknown",  # there is no such upload, or it belongs to another draft, or it was deleted
    "offset-mismatch",  # the stored bytes end elsewhere: ask for the offset and resume there
    "incomplete",  # not all bytes were received
    "empty",  # the file has no bytes
    "too-large",  # over the limit of one file, or longer than announced
    "too-many",  # more files than a draft may have
    "quota",  # more bytes in all than a draft may have
    "too-fragmented",  # more segments than one file may have
    "disk-full",  # the disk has no space left for uploads
    "proof",  # many files are being sent: this draft's browser must work or wait first
    "busy",  # too many uploads at once, and this one was the slowest: resume later
]
"""Reason for refusing an upload. The pages have a text for each: `upload.<problem>`."""


class UploadRefused(Exception):  # noqa: N818 - it reads as what it says
    """An upload, or a part of it, is refused. Earlier stored parts remain valid."""

    def __init__(self, problem: UploadProblem) -> None:
        super().__init__(problem)
        self.problem: UploadProblem = problem
