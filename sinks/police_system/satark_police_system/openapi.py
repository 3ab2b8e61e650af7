"""The published contract: `schema.json` (the events' data, both ways) and `openapi.json`, made from the types.

`python -m satark_police_system.openapi` writes both beside this file; a test holds them against the types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from satark_police_system.answers import Answer
from satark_police_system.events import SCHEMA, Data, Event
from satark_police_system.web import Wanted

_JSON = "application/json"
_EVENT = "application/cloudevents+json"
_STAMPS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_MEANINGS = {
    "200": "It is taken, or was taken before.",
    "401": "The signature does not hold, or is more than five minutes off.",
    "403": "This system may not have that.",
    "404": "There is no such tip or file for this system.",
    "409": "This webhook-id was used before.",
    "413": "The request is too long.",
    "422": "The body is not what the schema says.",
}


def schemas() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of the events and their data."""
    (event, answer), components = _components("#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Satark: tips for police systems, and their answers",
        "oneOf": [event, answer],
        "$defs": components,
    }


def openapi() -> dict[str, Any]:
    """Give the OpenAPI 3.1 description: what Satark posts (webhooks), and what may be posted to it (paths)."""
    (event, answer), components = _components("#/components/schemas/{name}")
    wanted = {"$ref": "#/components/schemas/Wanted"}
    data = {"$ref": "#/components/schemas/Data"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Satark for police systems", "version": "1", "description": __doc__ or ""},
        "webhooks": {"tip": {"post": _tip(event)}},
        "paths": {
            "/police_system/{system}/details": {"post": _request("What you may know of a tip", wanted, {_JSON: data})},
            "/police_system/{system}/evidence": {
                "post": _request("The clean copy of a file", wanted, {"*/*": {"type": "string", "format": "binary"}})
            },
            "/police_system/{system}/answers": {
                "post": _request(
                    "Tell Satark, and so the tipster, what became of a tip", answer, {_JSON: _TAKEN}, _EVENT
                )
            },
        },
        "components": {"schemas": components},
    }


_TAKEN = {"type": "object", "properties": {"taken": {"type": "boolean"}}, "required": ["taken"]}


def _components(reference: str) -> tuple[tuple[Any, Any], dict[str, Any]]:
    (event, answer, _, _), components = msgspec.json.schema_components(
        [Event, Answer, Wanted, Data], ref_template=reference
    )
    return (event, answer), components


def _tip(event: Any) -> dict[str, Any]:
    return {
        "summary": "A tip, or a new revision of one",
        "description": "Signed as Standard Webhooks 1.0 says. The id is the same at every attempt: take each id once.",
        "parameters": _stamps(),
        "requestBody": {"required": True, "content": {_EVENT: {"schema": event}}},
        "responses": {
            "2XX": {"description": "You have it, durably."},
            "409": {"description": "You had it already; it counts as taken."},
            "410": {"description": "You want no more of them."},
            "429": {"description": "Later, after `Retry-After` seconds."},
            "5XX": {"description": "It comes again."},
        },
    }


def _request(summary: str, body: Any, answers: dict[str, Any], kind: str = _JSON) -> dict[str, Any]:
    content = {media: {"schema": schema} for media, schema in answers.items()}
    refusals = {status: {"description": meaning} for status, meaning in _MEANINGS.items() if status != "200"}
    system = {"name": "system", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "summary": summary,
        "parameters": [system, *_stamps()],
        "requestBody": {"required": True, "content": {kind: {"schema": body}}},
        "responses": {"200": {"description": _MEANINGS["200"], "content": content}, **refusals},
    }


def _stamps() -> list[dict[str, Any]]:
    return [{"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in _STAMPS]


def written(document: dict[str, Any]) -> str:
    """Write a document as it lies beside this file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both documents."""
    here = Path(__file__).parent
    (here / "schema.json").write_text(written(schemas()))
    (here / "openapi.json").write_text(written(openapi()))


if __name__ == "__main__":
    main()
