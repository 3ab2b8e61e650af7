"""Recordings that count as the tipster's own voice, and the form in which files are passed on."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from satark.api.tip import Evidence, Tip
from satark.evidence.own_voice import (
    KEEP,
    OTHER,
    OwnVoice,
    as_passed_on,
    copy_form,
    is_muted,
    is_own_voice,
    may_contain_voice,
    may_hear_voices,
)

FILM = Evidence(
    ordinal="1", role="evidence", kind="video", mime="video/mp4", bytes=9, sha256="0" * 64,
    clean_mime="video/mp4", clean_bytes=8, clean_sha256="c" * 64, muted_bytes=5, muted_sha256="d" * 64,
)  # fmt: skip
SOUND = replace(FILM, kind="audio", mime="audio/mpeg", clean_mime="audio/mpeg", muted_bytes=0, muted_sha256="")


def tip(consents: Mapping[str, str]) -> Tip:
    return Tip(
        number="AAAA-2345", revision=1, flow="0" * 64, language="hi", channel="chat", category="arms",
        received="2026-11-24T06/PT6H", answers={}, evidence=("1",),
        consents=consents,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("record", "consents", "own"),
    [
        (SOUND, {}, True),
        (SOUND, {"1": OTHER}, False),
        (SOUND, {"2": OTHER}, True),
        (replace(SOUND, kind="document", mime="video/x-ms-asf"), {}, True),
        (replace(FILM, kind="voice"), {}, True),
        (replace(FILM, muted_sha256=""), {}, True),
        (FILM, {}, False),
    ],
    ids=[
        "sound",
        "another's",
        "another file's",
        "sound in a container",
        "voice note",
        "a container without pictures",
        "a film",
    ],
)
def test_all_sound_is_the_tipsters_own_voice_unless_they_say_otherwise(
    record: Evidence,
    consents: dict[str, str],
    own: bool,  # noqa: FBT001 - a row of the table
) -> None:
    assert is_own_voice(record, tip(consents)) is own


def test_a_film_is_passed_on_without_sound_unless_the_tipster_keeps_the_sound() -> None:
    silent = as_passed_on(FILM, tip({}))
    assert (silent.clean_bytes, silent.clean_sha256) == (5, "d" * 64)
    assert (is_muted(silent), may_contain_voice(silent), copy_form(silent)) == (True, False, "muted")
    kept = as_passed_on(FILM, tip({"1": KEEP}))
    assert kept == FILM
    assert (is_muted(kept), may_contain_voice(kept), copy_form(kept)) == (False, True, "clean")


def test_desks_from_the_district_up_may_hear_voices_and_logs_hide_them() -> None:
    assert [may_hear_voices(level) for level in ("station", "district", "range")] == [False, True, True]
    assert repr(OwnVoice(record=SOUND, transcript="words")) == "OwnVoice(…)"
