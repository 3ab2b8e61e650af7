"""Errors of casework. Officers see their messages, which hold no content of a tip."""

from satark.api.providers import DraftFault
from satark.api.routing import CaseworkError


class NoSuchTip(CaseworkError):  # noqa: N818 - it reads as what it says, like those below
    """The desk has no such tip. The error is the same whether the tip does not exist or was not sealed to the desk."""

    said = "this desk has no tip of that number"


class NoSuchFile(CaseworkError):  # noqa: N818
    """The tip has no such file, or not in the requested form."""

    said = "the tip has no such file"


class VoiceAccessDenied(CaseworkError):  # noqa: N818
    """The voice may not be given out: officers with the right to listen hear it disguised, at the desk alone."""

    said = "a tipster's voice is heard only at the desk, by an officer who may listen"


class NoTranscript(CaseworkError):  # noqa: N818
    """No speech recogniser knows the tip's language, or the recogniser failed on the recording; `reason` says which."""

    def __init__(self, reason: DraftFault = "failed") -> None:
        super().__init__("no speech recogniser could transcribe this recording")
        self.reason = reason


class SecondOfficerRequired(CaseworkError):  # noqa: N818
    """The operation needs the approval of two different officers."""

    said = "originals take two different officers"


class NotTheseTwoOfficers(CaseworkError):  # noqa: N818
    """These two officers may not approve the operation together; the message says why."""
