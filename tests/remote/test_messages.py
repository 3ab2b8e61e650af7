"""Messages between the host and an office."""

from __future__ import annotations

from satark.remote.messages import (
    TipMessage,
)


def test_the_repr_of_a_message_shows_no_content() -> None:
    message = TipMessage(
        tip="t",
        number="K4Q7-2XPM",
        revision=1,
        recipient="",
        receipt_recipient="",
        day=1,
        envelope=b"",
        document=b"",
        thread=(),
        files=(),
        custody=(),
    )
    assert repr(message) == "TipMessage(…)"
