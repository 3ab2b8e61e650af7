"""The published schemas match the types, and sent and received documents match the schemas."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from police_system_schemas import openapi, schemas, to_text
from satark_police_system.events import build_event, encode, full_data, thin_data
from satark_testing.peers.police import answer_body
from support.police_tip import CONTENT, HEADER

VALIDATOR = Draft202012Validator(schemas())


def published(name: str) -> str:
    return files("satark_police_system").joinpath(name).read_text()


def test_the_published_files_are_up_to_date() -> None:
    """Run `python docs/police_system_schemas.py` if this fails."""
    assert published("schema.json") == to_text(schemas())
    assert published("openapi.json") == to_text(openapi())


@pytest.mark.slow("a large schema")
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
