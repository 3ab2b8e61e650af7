"""Makes the entries of the custody log: for received files, and for officers' actions on them."""

import msgspec

from satark import __version__
from satark.api.tip import Evidence
from satark.custody.chain import Action, Form, LogEntry, format_utc, new_salt
from satark.identity.time_buckets import band

TOOL = f"satark {__version__}"
_COMPLETE = 100


class DeskOfficer(msgspec.Struct, frozen=True, kw_only=True):
    """An officer of a desk."""

    desk: str
    name: str


def received_entries(record: Evidence, now: int) -> list[LogEntry]:
    """Return the entries of a received file, in order. No time in them is more exact than the tip's."""
    when = band(now)
    original = {"form": "original", "mime": record.mime, "bytes": record.bytes, "sha256": record.sha256}
    entries = [
        _entry("received", when, **original, md5=record.md5),
        _entry("sealed", when, form="original"),
    ]
    if record.clean_sha256:
        clean = {"mime": record.clean_mime, "bytes": record.clean_bytes, "sha256": record.clean_sha256}
        missing = " ".join([f"repaired:{record.readable}"] * (record.readable < _COMPLETE) + [*record.left_out])
        entries.append(_entry("cleaned", when, form="clean", **clean, tool=TOOL, reason=missing))
    if record.muted_bytes:
        muted = {"bytes": record.muted_bytes, "sha256": record.muted_sha256}
        entries.append(_entry("muted", when, form="muted", **muted, tool=TOOL))
    if record.disguised_sha256:
        disguised = {"bytes": record.disguised_bytes, "sha256": record.disguised_sha256}
        entries.append(_entry("disguised", when, form="disguised", **disguised, tool=TOOL))
    if record.problem:
        entries.append(_entry("uncleaned", when, reason=record.problem))
    return entries


def announced_entry(now: int) -> LogEntry:
    """Return the entry of a file that a tip has and that is still to be fetched."""
    return _entry("announced", band(now))


def lost_entry(reason: str, now: int) -> LogEntry:
    """Return the entry of a file that could not be fetched."""
    return _entry("lost", band(now), reason=reason)


def officer_entry(
    action: Action, officer: DeskOfficer, now: int, *, form: Form, second: str = "", sha256: str = "", tool: str = ""
) -> LogEntry:
    """Return the entry of an officer's action. `second`: the second officer; `tool`: the program that was used."""
    who, when = {"desk": officer.desk, "officer": officer.name, "second": second}, band(now)
    return _entry(action, when, form=form, **who, at=format_utc(now), sha256=sha256, tool=tool)


def delivery_entry(destination: str, now: int) -> LogEntry:
    """Return the entry of a clean copy delivered to a destination, with no time more exact than the tip's.

    Deliveries follow a tip at once, so an exact time would reveal the tip's.
    """
    return _entry("exported", band(now), form="clean", desk=destination)


def _entry(action: Action, when: str, **fields: object) -> LogEntry:
    return LogEntry(action=action, band=when, salt=new_salt(), **fields)  # type: ignore[arg-type]
