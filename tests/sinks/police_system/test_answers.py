"""Answers of a police system are checked before anybody reads them."""

from __future__ import annotations

from typing import Any

import pytest

from satark_police_system.answers import AnswerError, read_answer
from satark_testing.peers.police import answer_body


@pytest.mark.parametrize(
    "data",
    [
        {"status": "DONE"},
        {"status": "ACTED", "text": "x" * 2001},
        {"status": "ACTED", "question": True},
        {"status": "ACTED", "sequence": -1},
        {"status": "ACTED", "references": {"fir_number": "1\nFIR: 2"}},
        {"status": "ACTED", "references": {"name": "of the tipster"}},
    ],
    ids=["status", "length", "question", "sequence", "line break", "unknown field"],
)
def test_an_invalid_answer_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(AnswerError):
        read_answer(answer_body("disposition", number="K4Q7-2XPM", **data))
