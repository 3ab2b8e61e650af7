"""The context of channels in tests makes a file of its own for each voice note and each receipt, in a thread."""

from __future__ import annotations

import asyncio

import pytest

from satark.api import Choice, ReceiptPicture, VoiceNote
from satark_testing.contracts.channel import BrokenRule, sample_channel_context
from satark_testing.contracts.channel_context import picture, sound


def test_each_note_and_each_receipt_has_bytes_of_its_own() -> None:
    context, notes = sample_channel_context(), [VoiceNote(("hi-a",)), VoiceNote(("hi-a", ("hi", "शब्द")))]
    receipts = [ReceiptPicture(code=code, caption="-", button=Choice("t", "-")) for code in ("1234", "5678")]
    assert context.voice_notes.ready
    assert [context.voice_notes.make(one) for one in notes] == [*map(sound, notes)]
    assert [context.draw_receipt(one) for one in receipts] == [*map(picture, receipts)]
    assert len({*map(sound, notes), *map(picture, receipts)}) == 4
    assert "hi" in [catalogue.language for catalogue in context.catalogues()]


async def test_what_blocks_is_refused_in_the_event_loop() -> None:
    note, context = VoiceNote(("hi-a",)), sample_channel_context()
    assert await asyncio.to_thread(context.voice_notes.make, note)
    with pytest.raises(BrokenRule, match=r"^C59 "):
        context.voice_notes.make(note)
