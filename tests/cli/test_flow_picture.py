"""A questionnaire is drawn as a picture and as a diagram."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from click.testing import CliRunner

from satark.cli.flow import flow


def test_show_draws_a_diagram() -> None:
    drawn = CliRunner().invoke(flow, ["show", "--mermaid"]).output
    assert drawn.startswith("flowchart TD\n")
    assert '  category(["category: choice"])\n' in drawn
    assert "  category --> what\n" in drawn
    assert "  what -->|\"category in ('TRAFF', 'HARASS', 'HEIN')\"| now\n" in drawn
    steps = json.loads(CliRunner().invoke(flow, ["show", "--json"]).output)["steps"]
    assert all(f"  {step['id']}(" in drawn or f"  {step['id']}[" in drawn for step in steps)


def test_show_draws_a_picture() -> None:
    drawn = CliRunner().invoke(flow, ["show", "--svg"]).output
    root = ET.fromstring(drawn)  # noqa: S314 - it is our own
    texts = {text.text: int(text.get("x", "")) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    steps = json.loads(CliRunner().invoke(flow, ["show", "--json"]).output)["steps"]
    assert len([text for text in texts if text and not text.startswith("when ")]) == len(steps)
    assert texts["when category in ('TRAFF', 'HARASS', 'HEIN')"] == texts["now: choice"] > texts["category: choice"]
