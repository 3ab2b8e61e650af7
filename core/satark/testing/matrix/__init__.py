"""The flow matrix: scenarios in terms of the flow, played on every medium, must all end in the same tip.

A scenario (`scenarios.yaml`) says which question is expected and how it is answered, never how that is done: one taps
a row, another sends its number, a third presses a key or speaks. A `Driver` does it for one medium, reading what is
offered as a person would. `play` has a driver go through a scenario, and `canonical` writes the tip that came of it
as canonical JSON, which must be the same bytes whatever the medium.
"""

from __future__ import annotations

from satark.testing.matrix.canon import canonical, canonical_answers
from satark.testing.matrix.driving import Ability, Driver
from satark.testing.matrix.playing import go_on, play
from satark.testing.matrix.scenario import Scenario, scenarios

__all__ = ["Ability", "Driver", "Scenario", "canonical", "canonical_answers", "go_on", "play", "scenarios"]
