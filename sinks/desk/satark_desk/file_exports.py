"""What is said of files that leave the desk: their names, who opened originals, and whose voice may be heard."""

from satark.api import Evidence
from satark.casework import Casework, OpenTip, TwoOfficerApproval, may_contain_voice
from satark_files.file_endings import ending_of

INLINE: dict[str, str] = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "image/gif": "image",
    "video/mp4": "video",
    "video/webm": "video",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "audio/wav": "audio",
    "audio/webm": "audio",
}
"""MIME type → the element that shows it on a page. All other types can only be downloaded."""


def file_name(tip: OpenTip, record: Evidence, *, original: bool) -> str:
    """Return a file's name in an export: tip number and ordinal, never the name that the file came with."""
    mime = record.mime if original else record.clean_mime
    kind = ".original" if original else ""
    return f"{tip.tip.number}-{record.ordinal}{kind}{ending_of(mime)}"


def note_opened(casework: Casework, tip: OpenTip, approval: TwoOfficerApproval) -> None:
    """Note in a tip's thread which two officers opened its originals."""
    casework.note(tip, f"Originals were opened by {approval.first} and {approval.second}.")


def video_warnings(tip: OpenTip) -> list[str]:
    """Return a warning for each exported video in which the tipster may be heard."""
    videos = (record.ordinal for record in tip.evidence if may_contain_voice(record))
    return [f"file {one} is a video: the tipster may be heard in it. Listen before you pass it on" for one in videos]
