"""Outgoing events: a tip as a CloudEvent 1.0 in JSON, thin (identifiers) or full (allowed content).

Source: CloudEvents 1.0.2, "JSON Event Format". `schema.json` beside this file is the published schema.
"""

import base64
from collections.abc import Collection, Mapping
from typing import Any, Literal

import msgspec

from satark.api import Evidence, Header, ReadableTip, Redacted, seal, size_class

LEAST_BYTES = 1 << 13
"""Size in bytes of the smallest event. With eight sizes a doubling, a network learns little from them."""
SUBMITTED = "satark.tip.submitted"
UPDATED = "satark.tip.updated"
SCHEMA = "urn:satark:police-system:1"
"""The data's schema, as a URN: a receiver needs to fetch nothing to read an event."""


class FileData(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """Metadata of one file; the receiver requests its clean copy. A tipster's own voice is never listed.

    Nothing of the original is told: whoever has the phone that sent it, or Meta's records, knows its size and hash.
    """

    ordinal: str
    role: str
    kind: str
    mime: str
    clean_mime: str = ""
    clean_bytes: int = 0
    clean_sha256: str = ""
    """SHA-256 of the clean copy, hex; empty if there is none to request."""
    caption: str = ""


class TipData(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """A tip for the police system: identifiers and coarse facts and, if allowed, its content."""

    number: str
    revision: int
    category: str
    received: str
    """A six-hour band: `YYYY-MM-DDThh/PT6H` (UTC)."""
    priority: Literal["normal", "high", "urgent"]
    district: str
    station: str
    language: str = ""
    flags: tuple[str, ...] = ()
    answers: dict[str, Any] = msgspec.field(default_factory=dict)
    """Step → value, for the steps that the setting `fields` allows; absent in the thin form."""
    messages: tuple[str, ...] = ()
    """The tipster's later messages, in order, if the setting `fields` allows `messages`."""
    evidence: tuple[FileData, ...] = ()
    due: tuple[str, ...] = ()
    """Ordinals of files that a later event lists, if the setting `fields` allows `evidence`; likewise the next two."""
    lost: tuple[str, ...] = ()
    """Ordinals of files that the provider no longer had."""
    withheld: tuple[str, ...] = ()
    """Ordinals of files with the tipster's own voice, which only officers at the desk hear."""


class Event(Redacted, frozen=True, kw_only=True):
    """The CloudEvent. `id` is the idempotency key, the same at every attempt."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    """The tip number."""
    sequence: str
    """Orders the events of one tip (CloudEvents extension "Sequence"): a later event replaces an earlier one."""
    time: str
    """The start of the six-hour band in which the tip was confirmed, RFC 3339."""
    dataschema: str = SCHEMA
    datacontenttype: str = "application/json"
    data: TipData | msgspec.UnsetType = msgspec.UNSET
    data_base64: str | msgspec.UnsetType = msgspec.UNSET


def thin_data(header: Header) -> TipData:
    """Return the facts that every receiver may know: identifiers, category, place codes, time band, priority."""
    return TipData(
        number=header.number,
        revision=header.revision,
        category=header.category,
        received=header.received,
        priority=header.priority,
        district=header.district,
        station=header.station,
    )


def full_data(content: ReadableTip, fields: Collection[str]) -> TipData:
    """Return the tip with the parts in `fields`: answers by step, `messages`, and the metadata of its files."""
    texts = tuple(message.text for message in content.thread)
    files: Mapping[str, Any] = {}
    if "evidence" in fields:
        files = {"due": content.pending, "lost": content.lost, "withheld": content.withheld}
        files |= {"evidence": tuple(_file(one) for one in content.evidence)}
    return msgspec.structs.replace(
        thin_data(content.header),
        language=content.header.language,
        flags=content.header.flags,
        answers={step: value for step, value in content.tip.answers.items() if step in fields},
        messages=texts if "messages" in fields else (),
        **files,
    )


def build_event(key: str, source: str, revision: int, data: TipData) -> Event:
    """Build the event around its data.

    `source`: the setting. `revision`: 1 for the tip as it was submitted; a later revision replaces the earlier one.
    """
    return Event(
        id=key,
        source=source,
        type=SUBMITTED if revision == 1 else UPDATED,
        subject=data.number,
        sequence=f"{revision:08}",
        time=_start_of(data.received),
        data=data,
    )


def encrypt_data(event: Event, recipient: str) -> Event:
    """Encrypt an event's data to the receiver's age key; its attributes stay readable."""
    sealed = seal(event.data, recipient)
    return msgspec.structs.replace(
        event, data=msgspec.UNSET, data_base64=base64.b64encode(sealed).decode(), datacontenttype="application/age"
    )


def encode(value: object) -> bytes:
    """Encode as JSON; the same value always gives the same bytes."""
    return msgspec.json.encode(value, order="deterministic")


def padded(document: bytes) -> bytes:
    """Pad a document of JSON or XML with spaces, which mean nothing at its end."""
    return document.ljust(size_class(len(document), LEAST_BYTES, 8))


def _file(evidence: Evidence) -> FileData:
    facts: Mapping[str, Any] = {name: getattr(evidence, name) for name in FileData.__struct_fields__}
    return FileData(**facts)


def _start_of(band: str) -> str:
    day, _, hour = band.partition("/")[0].partition("T")
    return f"{day}T{hour or '00'}:00:00Z"
