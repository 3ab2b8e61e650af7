"""Endings of exported files: an officer's computer opens the files."""

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.file_endings import ENDINGS, UNKNOWN, ending_of
from satark_files.recordings.ffmpeg import CONTAINERS

TYPES = {mime for scrubber in builtin_scrubbers() for mime in scrubber.mimes if "/" in mime} | set(CONTAINERS)


def test_every_cleaned_type_has_an_ending_of_its_own() -> None:
    assert {mime for mime in TYPES if ending_of(mime) == UNKNOWN} == set()
    assert {mime: ending_of(mime) for mime in ("audio/amr", "audio/wav", "audio/aiff", "video/3gpp")} == {
        "audio/amr": ".amr",
        "audio/wav": ".wav",
        "audio/aiff": ".aiff",
        "video/3gpp": ".3gp",
    }
    assert [ending_of(f"audio/x-{kind}") for kind in ("silk", "ape", "dss")] == [".silk", ".ape", ".dss"]
    assert (ending_of("video/x-matroska"), ending_of("video/mp2t")) == (".mkv", ".ts")
    assert ending_of("text/plain; charset=utf-8") == ".txt"
    assert ending_of("application/octet-stream") == UNKNOWN
    assert all(ending[0] == "." and ending[1:].isalnum() for ending in ENDINGS.values())
