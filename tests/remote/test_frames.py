"""Padded frames: all have one size, and each is sealed and signed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.sealing import new_identity
from satark.api.sink import MessageRejected
from satark.remote.frames import CHUNK_SIZE, WIRE_SIZE, Frame, file_frames, message_frames, open_frame, seal_frame
from satark.remote.link_keys import LinkKey
from satark.roster.rules import DESK_NAME

HOST = LinkKey(new_identity()[1], bytes(32))
OFFICE = LinkKey(new_identity()[1], bytes(31) + b"\1")


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE + 7])
def test_every_frame_has_the_same_size_whatever_its_content(size: int) -> None:
    frames = list(message_frames("sp", "to_office", bytes(size)))
    frames += file_frames("a-desk-with-a-name-of-forty-letters-0000", bytes(16), 20_000, [(19_999, bytes(CHUNK_SIZE))])
    sealed = {len(seal_frame(frame, HOST, OFFICE.public_keys)) for frame in frames}
    assert sealed == {WIRE_SIZE}
    assert len(frames) == max(1, -(-size // CHUNK_SIZE)) + 1


@settings(max_examples=30, deadline=None)
@given(body=st.binary(max_size=CHUNK_SIZE), index=st.integers(0, 9), desk=st.from_regex(DESK_NAME, fullmatch=True))
def test_a_sealed_frame_opens_and_verifies_only_against_its_sender(body: bytes, index: int, desk: str) -> None:
    frame = Frame(
        desk=desk, direction="to_office", kind="file", transfer_id=bytes(16), index=index, total=10, body=body
    )
    opened = open_frame(seal_frame(frame, HOST, OFFICE.public_keys), OFFICE)
    assert opened.verified(HOST.public_keys) == frame
    with pytest.raises(MessageRejected):
        opened.verified(OFFICE.public_keys)


def test_the_repr_of_a_frame_shows_no_content() -> None:
    (frame,) = message_frames("sp", "to_office", b"K4Q7-2XPM")
    assert "K4Q7" not in f"{frame!r} {open_frame(seal_frame(frame, HOST, OFFICE.public_keys), OFFICE)!r}"
