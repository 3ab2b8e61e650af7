"""Answers of a police system are checked before anybody reads them."""

from __future__ import annotations

from typing import Any

import pytest

from satark_police_system.answers import AnswerError, note_of, read_answer
from satark_testing.peers.police import answer_body


@pytest.mark.parametrize(
    "data",
    [
        {"status": "DONE"},
        {"status": "ACTED", "text": "x" * 2001},
        {"status": "ACTED", "question": True},
        {"status": "ACTED", "text": "see https://police.example/a7f3"},
        {"status": "ACTED", "text": "९८७६५ ४३२१० पर कॉल करें"},
        {"status": "ACTED", "sequence": -1},
        {"status": "ACTED", "references": [{"register": "FIR", "number": "1\nFIR 2"}]},
        {"status": "ACTED", "references": [{"register": "FIR", "number": "1", "sections": ["BNS 111\u2028"]}]},
        {"status": "ACTED", "references": [{"register": "FIR"}]},
        {"status": "ACTED", "references": [{"register": "FIR", "number": "1", "name": "of the tipster"}]},
    ],
    ids=[
        "status",
        "length",
        "question",
        "web address",
        "telephone number",
        "sequence",
        "line break",
        "line separator",
        "no number",
        "unknown field",
    ],
)
def test_an_invalid_answer_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(AnswerError):
        read_answer(answer_body("disposition", number="K4Q7-2XPM", **data))


def test_desks_read_any_number_of_references_with_their_codes() -> None:
    """GD, FIR, CCTNS, ICJS, e-Sakshya: a register's name is the police's own."""
    fir = {"register": "FIR", "number": "0417/2026", "state": "09", "district": "187", "station": "21"}
    references = [{**fir, "sections": ["BNS 111", "Arms Act 25"]}, {"register": "GD", "number": "041"}]
    references += [{"register": f"R{n}", "number": str(n)} for n in range(20)]
    answer = read_answer(answer_body("disposition", number="K4Q7-2XPM", status="ACTED", references=references))
    lines = note_of(answer, is_newest=True).splitlines()
    assert lines[:3] == ["FIR 0417/2026 (state 09, district 187, station 21): BNS 111, Arms Act 25", "GD 041", "R0 0"]
    assert len(lines) == 22
