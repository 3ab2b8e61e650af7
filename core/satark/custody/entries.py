"""The entries of the custody log: what there is to say of a file at take-in, and of what an officer does with it."""

from __future__ import annotations

import msgspec

from satark import __version__
from satark.custody.chain import Act, Entry, Form, moment, salted
from satark.time_buckets import band
from satark.tip import Evidence

TOOL = f"satark {__version__}"


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """Who works at a desk."""

    desk: str
    name: str


def taken_in(record: Evidence, now: int) -> list[Entry]:
    """What was done with a file when it came in, in order. No time in it is finer than the tip's own."""
    when = band(now)
    original = {"form": "original", "mime": record.mime, "bytes": record.bytes, "sha256": record.sha256}
    entries = [_intake("received", when, **original, md5=record.md5), _intake("sealed", when, form="original")]
    if record.clean_sha256:
        clean = {"mime": record.clean_mime, "bytes": record.clean_bytes, "sha256": record.clean_sha256}
        entries.append(_intake("cleaned", when, form="clean", **clean, tool=TOOL))
    if record.disguised_sha256:
        disguised = {"bytes": record.disguised_bytes, "sha256": record.disguised_sha256}
        entries.append(_intake("disguised", when, form="disguised", **disguised, tool=TOOL))
    if record.problem:
        entries.append(_intake("uncleaned", when, reason=record.problem))
    return entries


def lost(reason: str, now: int) -> Entry:
    """A file could not be had."""
    return _intake("lost", band(now), reason=reason)


def by_officer(
    act: Act, officer: Officer, now: int, *, form: Form, second: str = "", sha256: str = "", tool: str = ""
) -> Entry:
    """An officer did something. `second`: the other one, where it took two; `tool`: what they had it done with."""
    return Entry(
        act=act,
        form=form,
        desk=officer.desk,
        officer=officer.name,
        second=second,
        at=moment(now),
        band=band(now),
        sha256=sha256,
        tool=tool,
        salt=salted(),
    )


def forwarded(to: str, now: int) -> Entry:
    """A destination was given a file's clean copy. Forwards follow a tip at once: no time is finer than its own."""
    return Entry(act="exported", form="clean", desk=to, band=band(now), salt=salted())


def _intake(act: Act, when: str, **fields: object) -> Entry:
    return Entry(act=act, band=when, salt=salted(), **fields)  # type: ignore[arg-type]
