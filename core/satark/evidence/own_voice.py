"""Whose voice a recording holds: the tipster's own gives them away, and is treated as no other file is."""

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
"""The answer to `WHOSE_STEP` that makes recordings of `EVIDENCE_STEP` ordinary evidence (`dialogue/default.yaml`)."""

LOWEST_LEVEL: Final[Level] = "district"
"""The lowest level of a desk at which a tipster's voice may be heard."""


class OwnVoice(Redacted, frozen=True, kw_only=True):
    """A recording of the tipster. What takes an `Evidence` does not take it: it is listened to, never passed on."""

    record: Evidence
    transcript: str = ""
    """What is said in it, as an officer wrote it out; empty: nobody has yet."""

    @property
    def ordinal(self) -> str:
        """The file's ordinal."""
        return self.record.ordinal


def is_own_voice(record: Evidence, tip: Tip) -> bool:
    """Whether a file must be taken for the tipster's own voice: all sound is, unless they said whose it is."""
    if record.kind not in SPOKEN and not record.mime.startswith("audio/"):
        return False
    return not (record.role == EVIDENCE_STEP and tip.answers.get(WHOSE_STEP) == OTHER)


def may_contain_voice(record: Evidence) -> bool:
    """Whether the tipster may be heard in a file that is passed on as it sounds: films keep their sound."""
    return record.clean_mime.startswith("video/")


def may_hear_voices(level: Level) -> bool:
    """Whether a desk of this level may hear a tipster's voice at all."""
    return LEVELS.index(level) >= LEVELS.index(LOWEST_LEVEL)
