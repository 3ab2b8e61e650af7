"""Messages between the host and an office."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.sink import MessageRejected
from satark.remote.messages import ANSWER, HOST_MESSAGE, SIGNED_ANSWER, TipMessage, decode

NESTED = b"\x81\xa1x" + b"\x91" * 5000 + b"\x90"


@pytest.mark.parametrize(
    "encoded",
    [b"\x81\xa4type\xa1\xff", b"\x82\xa4type\xa3tip\xa3tip\xa1\xff", NESTED, b"", b"\xc1", msgspec.msgpack.encode(1)],
)
def test_a_message_that_is_no_text_or_nested_without_end_is_rejected(encoded: bytes) -> None:
    kinds: tuple[msgspec.msgpack.Decoder[Any], ...] = (HOST_MESSAGE, SIGNED_ANSWER, ANSWER)
    for kind in kinds:
        with pytest.raises(MessageRejected):
            decode(kind, encoded)


def test_the_repr_of_a_message_shows_no_content() -> None:
    message = TipMessage(
        tip="t",
        number="K4Q7-2XPM",
        revision=1,
        recipient="",
        key_changes=b"",
        day=1,
        envelope=b"",
        document=b"",
        thread=(),
        files=(),
        custody=(),
    )
    assert repr(message) == "TipMessage(…)"
