"""What the police system gets: CloudEvents 1.0 in the JSON format, the tip thin or full.

Source: CloudEvents 1.0.2, "JSON Event Format". The published schema of the data is `schema.json` beside this file.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from satark.redacted import Redacted
from satark.sealing import seal
from satark.tip import Evidence, Header, Tip

if TYPE_CHECKING:
    from satark.officer import Posted

SUBMITTED = "satark.tip.submitted"
UPDATED = "satark.tip.updated"
SCHEMA = "urn:satark:police-system:1"
"""The data's schema, by a name that is not an address: nobody is to fetch anything to read an event."""


class File(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """One file of a tip, by its facts; its clean copy is pulled. A tipster's own voice is never among them."""

    ordinal: str
    role: str
    kind: str
    mime: str
    bytes: int
    sha256: str
    """Of the original, as received, hex."""
    clean_mime: str = ""
    clean_bytes: int = 0
    clean_sha256: str = ""
    """Of the copy that can be pulled; empty where none can."""


class Data(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """A tip as the police system gets it: identifiers and coarse facts, and, where allowed, what it says."""

    number: str
    revision: int
    category: str
    received: str
    """Coarse: `YYYY-MM-DDThh/PT6H` (UTC)."""
    priority: Literal["normal", "high", "urgent"]
    district: str
    station: str
    language: str = ""
    flags: tuple[str, ...] = ()
    answers: dict[str, Any] = msgspec.field(default_factory=dict)
    """Step → value, those that the destination's list of fields allows; absent in the thin form."""
    messages: tuple[str, ...] = ()
    """What the tipster wrote since, in order, where the list of fields allows `messages`."""
    evidence: tuple[File, ...] = ()


class Event(Redacted, frozen=True, kw_only=True):
    """The envelope. `id` is the idempotency key: the same at every attempt."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    """The tip number."""
    sequence: str
    """Orders the events about one tip (CloudEvents extension "Sequence"): a later one replaces an earlier one."""
    time: str
    """The beginning of the six-hour band in which the tip was confirmed, RFC 3339."""
    dataschema: str = SCHEMA
    datacontenttype: str = "application/json"
    data: Data | msgspec.UnsetType = msgspec.UNSET
    data_base64: str | msgspec.UnsetType = msgspec.UNSET


def thin(header: Header) -> Data:
    """Give what every receiver may know: identifiers, category, place by code, time band, priority."""
    return Data(
        number=header.number,
        revision=header.revision,
        category=header.category,
        received=header.received,
        priority=header.priority,
        district=header.district,
        station=header.station,
    )


def full(
    header: Header, tip: Tip, evidence: Sequence[Evidence], thread: Sequence[Posted], fields: Collection[str]
) -> Data:
    """Give the tip with those answers (by step) that the destination may have, and the facts of its files."""
    said = [posted.message.text for posted in thread if posted.message.sender == "tipster"]
    return msgspec.structs.replace(
        thin(header),
        language=header.language,
        flags=header.flags,
        answers={step: value for step, value in tip.answers.items() if step in fields},
        messages=tuple(said) if "messages" in fields else (),
        evidence=tuple(_file(one) for one in evidence) if "evidence" in fields else (),
    )


def event(key: str, source: str, revision: int, data: Data) -> Event:
    """Put data into its envelope.

    Args:
        key: the delivery's idempotency key.
        source: who sends, as configured.
        revision: of the delivery: 1 for the tip as it was handed in; a later one replaces it, with what came since.
        data: the tip, thin or full.
    """
    return Event(
        id=key,
        source=source,
        type=SUBMITTED if revision == 1 else UPDATED,
        subject=data.number,
        sequence=f"{revision:08}",
        time=_begin(data.received),
        data=data,
    )


def encrypted(plain: Event, recipient: str) -> Event:
    """Encrypt an event's data to the receiver's age key; the envelope around it stays as it is."""
    sealed = seal(plain.data, recipient)
    return msgspec.structs.replace(
        plain, data=msgspec.UNSET, data_base64=base64.b64encode(sealed).decode(), datacontenttype="application/age"
    )


def encode(value: object) -> bytes:
    """Write as JSON; the same value gives the same bytes."""
    return msgspec.json.encode(value, order="deterministic")


def _file(evidence: Evidence) -> File:
    facts: Mapping[str, Any] = {name: getattr(evidence, name) for name in File.__struct_fields__}
    return File(**facts)


def _begin(band: str) -> str:
    day, _, hour = band.partition("/")[0].partition("T")
    return f"{day}T{hour or '00'}:00:00Z"
