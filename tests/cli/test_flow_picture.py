"""A questionnaire is drawn as a diagram."""

from __future__ import annotations

import json

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
