"""The channel matrix: the same scenario, played on every medium, must give the same tip.

A scenario (`scenarios.yaml`) lists the expected questions and their answers in terms of the flow, independent of the
medium. A `Driver` carries out the answers on one medium, as a person would: it taps a row, sends its number, presses a
key or speaks. `play` has a driver go through a scenario. `canonical` encodes the resulting tip as canonical JSON, whose
bytes must not depend on the medium.
"""

from __future__ import annotations

from satark_testing.matrix.canonical_form import canonical, canonical_answers
from satark_testing.matrix.driver import Ability, Driver
from satark_testing.matrix.player import play, resume
from satark_testing.matrix.scenario import Scenario, scenarios

__all__ = ["Ability", "Driver", "Scenario", "canonical", "canonical_answers", "play", "resume", "scenarios"]
