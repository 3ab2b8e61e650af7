"""Wrong receipt codes slow everybody's look-ups down."""

from __future__ import annotations

import pytest

from satark.ingest.code_guesses import LONGEST_WAIT, CodeGuesses


def test_too_many_wrong_codes_slow_everybody_down(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("satark.ingest.code_guesses.time.monotonic", lambda: now[0])
    budget = CodeGuesses(60)
    for _ in range(60):
        budget.wrong()
    assert budget.delay() == 0
    budget.wrong()
    budget.wrong()
    assert budget.delay() == pytest.approx(2)
    for _ in range(100):
        budget.wrong()
    assert budget.delay() == LONGEST_WAIT
    now[0] += 1000
    assert budget.delay() == 0
