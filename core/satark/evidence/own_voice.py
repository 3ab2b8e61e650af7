"""Rules for recordings of the tipster's own voice, which identifies them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from satark.channel import SPOKEN
from satark.desk import LEVELS
from satark.redacted import Redacted
from satark.tip import Evidence

if TYPE_CHECKING:
    from satark.desk import Level
    from satark.tip import Tip

EVIDENCE_STEP: Final = "evidence"
WHOSE_STEP: Final = "whose_voice"
OTHER: Final = "other"
"""The answer to `WHOSE_STEP` (see the default flow) that makes recordings of `EVIDENCE_STEP` ordinary evidence."""

LOWEST_LEVEL: Final[Level] = "district"
"""The lowest level of a desk at which a tipster's voice may be heard."""


class OwnVoice(Redacted, frozen=True, kw_only=True):
    """A recording of the tipster's own voice. It is no `Evidence`: functions that pass evidence on don't accept it."""

    record: Evidence
    transcript: str = ""
    """The transcript that an officer wrote; empty: there is none yet."""

    @property
    def ordinal(self) -> str:
        """The file's ordinal."""
        return self.record.ordinal


def is_own_voice(record: Evidence, tip: Tip) -> bool:
    """Whether a file counts as the tipster's own voice: all sound does, unless they said that it is another's."""
    if record.kind not in SPOKEN and not record.mime.startswith("audio/"):
        return False
    return not (record.role == EVIDENCE_STEP and tip.answers.get(WHOSE_STEP) == OTHER)


def may_contain_voice(record: Evidence) -> bool:
    """Whether a file that is passed on undisguised may contain the tipster's voice: videos keep their sound."""
    return record.clean_mime.startswith("video/")


def may_hear_voices(level: Level) -> bool:
    """Whether officers of a desk of this level may hear tipsters' voices."""
    return LEVELS.index(level) >= LEVELS.index(LOWEST_LEVEL)
