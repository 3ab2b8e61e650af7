"""The JSON Schema of a questionnaire, by which an editor completes and checks its YAML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

import msgspec

from satark.api.flow import Accuses, Meaning, StepType
from satark.api.tip import Priority
from satark.dialogue.flow.declarations import NOBODY
from satark.dialogue.steps.structure_steps import BUILT_IN_STEP_TYPES

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final = {"type": "string"}
_CONDITIONS: Final = {"type": "object", "additionalProperties": _TEXT}


def flow_schema(step_types: Iterable[StepType]) -> dict[str, Any]:
    """Return the schema, with the step types that plugins add."""
    kinds = (*BUILT_IN_STEP_TYPES, *step_types)
    return {
        "$schema": _DIALECT,
        "title": "A questionnaire of Satark",
        "type": "object",
        "required": ["steps"],
        "additionalProperties": False,
        "properties": {
            "name": _TEXT,
            "languages": {"type": "array", "items": _TEXT, "description": "every one that has texts, if left out"},
            "accuses": {"const": NOBODY, "description": "no tip of this questionnaire is about the police"},
            "priority": {**_CONDITIONS, "propertyNames": {"enum": list(get_args(Priority))}},
            "flags": {**_CONDITIONS, "description": "reason for the desk: when it holds"},
            "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
        },
        "$defs": {"step": {"oneOf": [_branch(), *(_step(kind) for kind in kinds)]}},
    }


def _branch() -> dict[str, Any]:
    return _object({
        "id": _TEXT,
        "type": {"const": "branch"},
        "when": _TEXT,
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    }, ["type", "when", "steps"])  # fmt: skip


def _step(kind: StepType) -> dict[str, Any]:
    (schema,), parts = msgspec.json.schema_components([kind.settings], ref_template="#/$defs/{name}")
    own = parts[schema["$ref"].rpartition("/")[2]]
    return _object({**_common(kind), **own["properties"]}, ["id", "type", *own.get("required", ())])


def _common(kind: StepType) -> dict[str, Any]:
    units = {"type": "object", "additionalProperties": {"enum": list(get_args(Accuses))}}
    return {
        "id": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,23}$"},
        "type": {"const": kind.name},
        "when": {"type": "string", "description": "asked only if this holds"},
        "detail": {"type": "boolean", "description": "asked only if picked in the review"},
        "skip": {"type": "boolean", "description": "may be skipped"},
        "check": {"type": "string", "description": "a check of a plugin"},
        "means": {"enum": list(get_args(Meaning)), "description": "what the step is to Satark, whatever its id"},
        "accuses": {"anyOf": [{"enum": ["station", "outpost"]}, units], "description": "whom the answer accuses"},
    }


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
