"""Where and when a file was taken, by its metadata: numbers within their bounds, or nothing."""

import pytest

from satark_files.origin import Origin, parse_origin


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"nonsense",
        b'{"latitude": 91.0, "longitude": 0.5}',
        b'{"latitude": 5.0}',
        b'{"latitude": 0.0, "longitude": 0.0}',
        b'{"latitude": "25", "longitude": 82.9}',
        b'{"taken": "my own words"}',
        b'{"taken": "1970-01-01T00:00"}',
        b'{"taken": "' + b"9" * 9000 + b'"}',
    ],
)
def test_an_answer_out_of_bounds_is_refused(answer: bytes) -> None:
    assert parse_origin(answer) is None


def test_text_beside_the_numbers_is_dropped() -> None:
    assert parse_origin(
        b'{"latitude": 1.5, "longitude": -2.5, "taken": "2026:11:20 10:11:12 Jane", "owner": "Jane"}'
    ) == Origin(latitude=1.5, longitude=-2.5, taken="2026-11-20T10:11")
