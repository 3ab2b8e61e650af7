"""A tip as JSON, for other programs."""

from typing import Any

import msgspec

from satark.api import Evidence
from satark.casework import OpenTip, PostedMessage


def tip_to_json(opened: OpenTip) -> dict[str, Any]:
    """Return a tip with its evidence and messages as plain values, the most important first."""
    return {
        "number": opened.tip.number,
        "category": opened.tip.category,
        "language": opened.tip.language,
        "channel": opened.tip.channel,
        "flow": opened.tip.flow,
        "status": opened.status,
        "outcome": opened.work.outcome,
        "received": opened.tip.received,
        "priority": opened.header.priority,
        "flags": list(opened.header.flags),
        "district": opened.tip.district,
        "station": opened.tip.station,
        "accused": msgspec.to_builtins(opened.tip.accused),
        "answers": opened.tip.answers,
        "evidence": [_evidence(opened, record) for record in opened.records],
        "pending": list(opened.pending),
        "lost": list(opened.lost),
        "altered": opened.altered,
        "messages": [_message(posted) for posted in opened.thread],
        "unsigned": [_message(posted) for posted in opened.unsigned],
    }


def _evidence(opened: OpenTip, record: Evidence) -> dict[str, Any]:
    clean = {"mime": record.clean_mime, "bytes": record.clean_bytes, "sha256": record.clean_sha256}
    return {
        "ordinal": record.ordinal,
        "role": record.role,
        "kind": record.kind,
        "mime": record.mime,
        "bytes": record.bytes,
        "sha256": record.sha256,
        "caption": record.caption,
        "clean": clean if record.clean_sha256 else None,
        "problem": record.problem,
        "origin": msgspec.to_builtins(record.origin),
        "own_voice": record not in opened.evidence,
        "transcript": opened.transcript(record.ordinal),
    }


def _message(posted: PostedMessage) -> dict[str, Any]:
    own = {"officer": posted.officer, "at": posted.at}
    return {"seq": posted.seq, **msgspec.to_builtins(posted.message), **own}
