"""Writes the reference of a questionnaire's fields and texts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final, get_args

import msgspec
from msgspec import structs

from reference_types import members, parsed
from satark.api.flow import Accuses, Meaning, Promises, Step, StepType
from satark.api.tip import Priority
from satark.dialogue.flow.declarations import NOBODY
from satark.dialogue.flow.required_texts import BUTTON_TEXTS, REQUIRED_TEXTS
from satark.dialogue.steps.choice_steps import ChoiceSettings
from satark.dialogue.steps.structure_steps import BUILT_IN_STEP_TYPES

_PROMISES: Final = "of a `say`: said only if this is the highest unit that the tip accuses"
_TEXT: Final = {"type": "string"}
_CONDITIONS: Final = {"type": "object", "additionalProperties": _TEXT}


def flow() -> str:
    """Return every field of a questionnaire: of the file, of every step, and of each built-in step type."""
    schema = _schema()
    _, say, *_ = schema["$defs"]["step"]["oneOf"]
    common = {name: field for name, field in say["properties"].items() if name != "type"}
    parts = ["## The file\n", *_fields(schema["properties"]), "\n## Every step\n", *_fields(common)]
    return "\n".join([*parts, *(line for kind in BUILT_IN_STEP_TYPES for line in _step_type(kind))]) + "\n"


def _schema() -> dict[str, Any]:
    """Return the JSON Schema of a questionnaire."""
    return {
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
        "$defs": {"step": {"oneOf": [_branch(), *(_step(kind) for kind in BUILT_IN_STEP_TYPES)]}},
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
        "promises": {"enum": list(get_args(Promises)), "description": _PROMISES},
    }


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _fields(properties: Mapping[str, Any]) -> Iterator[str]:
    for name, field in properties.items():
        yield f"- `{name}`: {'; '.join(filter(None, (_taken(field), field.get('description'))))}"


def _taken(field: Mapping[str, Any]) -> str:
    """Describe in words the values that a field of the schema accepts."""
    match field:
        case {"enum": values} | {"const": values}:
            return ", ".join(f"`{value}`" for value in ([values] if isinstance(values, str) else values))
        case {"anyOf": others}:
            return "; or ".join(map(_taken, others))
        case {"type": "array", "items": items}:
            return "a list of steps" if "$ref" in items else "a list of texts"
        case {"type": "object", "additionalProperties": values}:
            keys = f", keys {_taken(field['propertyNames'])}" if "propertyNames" in field else ""
            return f"a mapping to {_taken(values)}{keys}"
        case {"type": "boolean"}:
            return "`true`, `false`"
        case {"pattern": pattern}:
            return f"a text, `{pattern}`"
        case _:
            return "a text"


def _step_type(kind: StepType) -> Iterator[str]:
    yield f"\n## `{kind.name}`\n"
    yield inspect.getdoc(kind) or ""
    fields = structs.fields(kind.settings)
    first = next(other for other in BUILT_IN_STEP_TYPES if other.settings == kind.settings)
    if not fields:
        return
    if first is not kind:
        yield f"\nIts fields are those of `{first.name}`."
        return
    meanings = {words.partition(":")[0]: meaning for words, meaning in members(parsed(kind.settings))}
    yield from ["", f"{inspect.getdoc(kind.settings)}\n"]
    for field in fields:
        yield f"- `{field.encode_name}`{_default(field.default)}: {meanings[field.name]}"


def _default(value: object) -> str:
    return "" if value in (None, "", ()) else f" = `{msgspec.json.encode(value).decode()}`"


def texts() -> str:
    """Return the ids of a questionnaire's texts: of each step type, then those of the engine."""
    parts = ["## Of the steps\n", "| type of step | its texts |", "|---|---|"]
    parts += [f"| `{kind.name}` | {', '.join(_ids(kind))} |" for kind in BUILT_IN_STEP_TYPES]
    parts.append("\n## Of the engine\n")
    for _, keys in groupby(REQUIRED_TEXTS, lambda key: key.partition(".")[0]):
        parts.append(f"- {', '.join(map(_needs, keys))}")
    return "\n".join(parts) + "\n"


def _needs(key: str) -> str:
    """Return an id of the engine, with the placeholders that the text must have, and † if it can be a button."""
    places = ", ".join(f"`{{{place}}}`" for place in sorted(REQUIRED_TEXTS[key]))
    return f"`{key}`" + ("†" if key in BUTTON_TEXTS else "") + (f" ({places})" if places else "")


def _ids(kind: StepType) -> Iterator[str]:
    """Yield the texts that a step of a type needs; a text with several possible ids is yielded under all of them."""
    options = ("CODE",) if issubclass(kind.settings, ChoiceSettings) else None
    settings = kind.settings() if options is None else kind.settings(options=options)
    for keys in kind.keys(Step(id="STEP", type=kind, settings=settings)):
        yield " or ".join(f"`{key}`" for key in keys)
