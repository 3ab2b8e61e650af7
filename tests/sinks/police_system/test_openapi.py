"""The published schemas match the types, and what is sent and received matches the schemas."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from satark.api.sink import ReadableTip
from satark.api.tip import Evidence, Header, Tip
from satark_police_system.events import build_event, encode, full_data, thin_data
from satark_police_system.openapi import openapi, schemas, to_text
from satark_testing.peers.police import answer_body

HEADER = Header(
    number="K4Q7-2XPM",
    revision=1,
    category="ARMS",
    language="hi",
    received="2026-11-24T12/PT6H",
    priority="high",
    flags=("now",),
    district="varanasi",
    station="lanka",
)
TIP = Tip(
    number="K4Q7-2XPM",
    revision=1,
    flow="0" * 64,
    language="hi",
    channel="chat",
    category="ARMS",
    received="2026-11-24T12/PT6H",
    answers={"category": "ARMS", "what": "गाँव के बाहर", "who": "a neighbour", "place": {"text": "लंका"}},
    evidence=("1",),
)
PHOTO = Evidence(
    ordinal="1",
    role="evidence",
    kind="image",
    mime="image/jpeg",
    bytes=10,
    sha256="a" * 64,
    clean_mime="image/jpeg",
    clean_bytes=9,
    clean_sha256="b" * 64,
)
CONTENT = ReadableTip(header=HEADER, tip=TIP, thread=(), evidence=(PHOTO,))
VALIDATOR = Draft202012Validator(schemas())


def published(name: str) -> str:
    return files("satark_police_system").joinpath(name).read_text()


def test_the_published_files_are_up_to_date() -> None:
    """Run `python -m satark_police_system.openapi` if this fails."""
    assert published("schema.json") == to_text(schemas())
    assert published("openapi.json") == to_text(openapi())


def test_the_description_is_valid_openapi() -> None:
    validate(json.loads(published("openapi.json")))


@pytest.mark.parametrize(
    "data",
    [thin_data(HEADER), full_data(CONTENT, ["what", "place", "evidence"])],
    ids=["thin", "full"],
)
def test_a_sent_event_matches_the_schema(data: Any) -> None:
    VALIDATOR.validate(json.loads(encode(build_event("0" * 32, "urn:satark", 1, data))))


def test_an_answer_of_the_receiver_matches_the_schema() -> None:
    for kind in ("received", "assigned", "disposition"):
        VALIDATOR.validate(json.loads(answer_body(kind, number="K4Q7-2XPM", status="ACTED", text="धन्यवाद")))


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
