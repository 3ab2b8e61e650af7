"""Rules for recordings of the tipster's own voice, which identifies them."""

from typing import Final

import msgspec

from satark.api.inbound import SPOKEN
from satark.api.observability import Redacted
from satark.api.routing import LEVELS, Level
from satark.api.tip import Evidence, Tip
from satark.store.sealed_files import SealedForm

OTHER: Final = "other"
"""The answer, at the step with the meaning `own_voice`, that a file has another person's voice."""

KEEP: Final = "keep"
"""The answer, at the step with the meaning `film_sound`, that a film keeps its sound."""

UNDAMAGED: Final = 100
"""`Evidence.readable` of a file that was not damaged."""

LOWEST_LEVEL: Final[Level] = "district"
"""The lowest level of a desk whose officers may hear a tipster's voice."""


class OwnVoice(Redacted, frozen=True, kw_only=True):
    """A recording of the tipster's own voice. It is no `Evidence`, so functions that pass evidence on reject it."""

    record: Evidence
    transcript: str = ""
    """The transcript that an officer wrote; empty if there is none yet."""

    @property
    def ordinal(self) -> str:
        return self.record.ordinal


def is_own_voice(record: Evidence, tip: Tip) -> bool:
    """Whether a file counts as the tipster's own voice: all sound does, unless they said it is another's."""
    is_sound = record.kind in SPOKEN or any(mime.startswith("audio/") for mime in (record.mime, record.clean_mime))
    return (is_sound or _has_no_picture(record)) and tip.consents.get(record.ordinal) != OTHER


def as_passed_on(record: Evidence, tip: Tip) -> Evidence:
    """Return the record of a file for officers and destinations. A film loses its sound, unless the tipster keeps it.

    The record of such a film names the muted copy as the clean copy, which `copy_form` recognises.
    """
    if tip.consents.get(record.ordinal) == KEEP or not record.muted_bytes:
        return record
    return msgspec.structs.replace(record, clean_bytes=record.muted_bytes, clean_sha256=record.muted_sha256)


def copy_form(record: Evidence) -> SealedForm:
    """Return the form of the clean copy that a record names."""
    return "muted" if is_muted(record) else "clean"


def is_muted(record: Evidence) -> bool:
    """Whether the clean copy that a record names is the muted copy of a film."""
    return bool(record.muted_bytes) and record.clean_sha256 == record.muted_sha256


def may_contain_voice(record: Evidence) -> bool:
    """Whether a file that is passed on undisguised may contain the tipster's voice, as a film with sound may."""
    return record.clean_mime.startswith("video/") and record.clean_sha256 != record.muted_sha256


def may_speak_in_original(record: Evidence) -> bool:
    """Whether a file's original may contain the tipster's voice: archives, mails and documents may hold recordings.

    Silent is text, a picture that was read whole and after which nothing follows, and a film in which cleaning found no
    sound. A TIFF has no end.
    """
    if record.mime == "text/plain":
        return False
    if record.mime.startswith("image/"):
        is_whole = record.clean_sha256 and record.readable == UNDAMAGED and record.mime != "image/tiff"
        return not is_whole or "film" in record.left_out
    return not record.clean_sha256 or record.clean_sha256 != record.muted_sha256 or bool(record.muted_bytes)


def _has_no_picture(record: Evidence) -> bool:
    """Whether a container of films has only sound. Such a file gets no muted copy."""
    return record.clean_mime.startswith("video/") and not record.muted_sha256


def may_hear_voices(level: Level) -> bool:
    """Whether officers of a desk of this level may hear tipsters' voices."""
    return LEVELS.index(level) >= LEVELS.index(LOWEST_LEVEL)
