"""Editors check a questionnaire by its JSON schema."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from satark.cli.flow import flow

SHIPPED = Path(str(files("satark.dialogue.flow") / "default.yaml"))


MUNICIPAL = Path(__file__).parents[2] / "examples/municipal/satark_municipal/municipal.yaml"


def problems(document: Any) -> list[str]:
    """Return what the schema says of a questionnaire."""
    schema = json.loads(CliRunner().invoke(flow, ["schema"]).stdout)
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("file", [SHIPPED, MUNICIPAL], ids=lambda file: file.stem)
def test_an_editors_schema_takes_every_questionnaire_of_ours(file: Path) -> None:
    assert problems(msgspec.yaml.decode(file.read_bytes())) == []


@pytest.mark.slow("whole flows")
@pytest.mark.parametrize(
    ("step", "field", "value"),
    [
        (None, "stepps", []),
        (None, "priority", {"low": "now == 'no'"}),
        (0, "typ", "say"),
        (0, "id", "Notice"),
        (2, "means", "kind"),
        (2, "option", ["A"]),
    ],
)
def test_an_editors_schema_refuses_what_is_misspelt(step: int | None, field: str, value: object) -> None:
    document: Any = msgspec.yaml.decode(SHIPPED.read_bytes())
    (document if step is None else document["steps"][step])[field] = value
    assert problems(document)
