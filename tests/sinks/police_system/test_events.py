"""Events: a CloudEvent with no more of the tip than the settings allow."""

from __future__ import annotations

import json

import msgspec

from satark_police_system.events import LEAST_BYTES, build_event, encode, full_data, padded, thin_data
from support.police_tip import CONTENT, HEADER


def test_an_event_is_a_cloudevent() -> None:
    """Source: CloudEvents 1.0.2, section "Required attributes" and the extension "Sequence"."""
    sent = json.loads(encode(build_event("0" * 32, "urn:satark", 2, thin_data(HEADER))))
    assert sent["specversion"] == "1.0"
    assert sent["type"] == "satark.tip.updated"
    assert sent["time"] == "2026-11-24T12:00:00Z"
    assert sent["sequence"] == "00000002"
    assert all(sent[name] for name in ("id", "source", "subject", "dataschema"))


def test_a_thin_event_holds_no_answer() -> None:
    data = msgspec.to_builtins(thin_data(HEADER))
    assert set(data) == {"number", "revision", "category", "received", "priority", "district", "station"}


def test_a_full_event_holds_the_allowed_answers_and_no_other() -> None:
    data = full_data(CONTENT, ["what"])
    assert data.answers == {"what": "गाँव के बाहर"}
    assert data.evidence == ()
    assert "neighbour" not in encode(data).decode()


def test_events_have_one_of_few_sizes() -> None:
    data = thin_data(HEADER)
    sizes = {len(padded(encode(msgspec.structs.replace(data, messages=("x" * n,))))) for n in (0, 100, 5000)}
    assert sizes == {LEAST_BYTES}
