"""Generates the files that the police system's plugin publishes: `schema.json` (events in both directions) and
`openapi.json`.

`python docs/police_system_schemas.py` writes both into the plugin. A test checks that they are up to date.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from satark_police_system.answers import Answer
from satark_police_system.api import TipRequest
from satark_police_system.events import SCHEMA, Event, TipData

PLUGIN = Path(__file__).parents[1] / "sinks/police_system/satark_police_system"
_ABOUT = "What Satark posts to a police system, and what it accepts. The events are those of `schema.json`."
_JSON = "application/json"
_EVENT = "application/cloudevents+json"
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_DESCRIPTIONS = {
    "200": "Accepted now, or before.",
    "401": "The signature is invalid, or its timestamp is more than five minutes off.",
    "403": "This system may not have files.",
    "404": "This system has no such tip or file.",
    "409": "This webhook-id was used before.",
    "413": "The request is too large.",
    "422": "The body does not match the schema, or says what is refused.",
}


def schemas() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the events and their data."""
    (event, answer), components = _components("#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Satark: tips for police systems, and their answers",
        "oneOf": [event, answer],
        "$defs": components,
    }


def openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description: Satark's webhooks, and the paths of its API."""
    (event, answer), components = _components("#/components/schemas/{name}")
    request = {"$ref": "#/components/schemas/TipRequest"}
    data = {"$ref": "#/components/schemas/TipData"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Satark for police systems", "version": "1", "description": _ABOUT},
        "webhooks": {"tip": {"post": _tip(event)}},
        "paths": {
            "/police_system/{system}/details": {
                "post": _request("The details of a tip that you may have", request, {_JSON: data})
            },
            "/police_system/{system}/evidence": {
                "post": _request("The clean copy of a file", request, {"*/*": {"type": "string", "format": "binary"}})
            },
            "/police_system/{system}/answers": {
                "post": _request(
                    "Tell Satark, and so the tipster, what was done about a tip", answer, {_JSON: _APPLIED}, _EVENT
                )
            },
        },
        "components": {"schemas": components},
    }


_APPLIED = {"type": "object", "properties": {"applied": {"type": "boolean"}}, "required": ["applied"]}


def _components(reference: str) -> tuple[tuple[Any, Any], dict[str, Any]]:
    (event, answer, _, _), components = msgspec.json.schema_components(
        [Event, Answer, TipRequest, TipData], ref_template=reference
    )
    return (event, answer), components


def _tip(event: Any) -> dict[str, Any]:
    return {
        "summary": "A tip, or a new revision of a tip",
        "description": "Signed according to Standard Webhooks 1.0. Each attempt has the same id: process it once.",
        "parameters": _signature_headers(),
        "requestBody": {"required": True, "content": {_EVENT: {"schema": event}}},
        "responses": {
            "2XX": {"description": "You have stored it."},
            "409": {"description": "You have it already; it counts as delivered."},
            "410": {"description": "You want no more events."},
            "429": {"description": "Sent again after `Retry-After` seconds."},
            "5XX": {"description": "Sent again later."},
        },
    }


def _request(summary: str, body: Any, answers: dict[str, Any], kind: str = _JSON) -> dict[str, Any]:
    content = {media: {"schema": schema} for media, schema in answers.items()}
    refusals = {status: {"description": text} for status, text in _DESCRIPTIONS.items() if status != "200"}
    system = {"name": "system", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "summary": summary,
        "parameters": [system, *_signature_headers()],
        "requestBody": {"required": True, "content": {kind: {"schema": body}}},
        "responses": {"200": {"description": _DESCRIPTIONS["200"], "content": content}, **refusals},
    }


def _signature_headers() -> list[dict[str, Any]]:
    return [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in _HEADERS]


def to_text(document: dict[str, Any]) -> str:
    """Format a document as it is stored."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both documents."""
    (PLUGIN / "schema.json").write_text(to_text(schemas()))
    (PLUGIN / "openapi.json").write_text(to_text(openapi()))


if __name__ == "__main__":
    main()
