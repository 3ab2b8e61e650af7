"""Voice notes and the receipt's picture reach Meta in its format, and one upload serves all listeners."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from satark.api.inbound import Address
from satark.api.outbound import Accepted, Call, Transient
from satark.api.prompt import Choice, Prompt, ReceiptPicture, VoiceNote
from satark.dialogue.shown_receipt import code_in, code_token
from satark.runtime.channel_context import ChannelContext
from satark.settings.settings import Settings
from satark.speech.ogg_opus import read_packets, write_file
from satark.speech.voice_notes import PAUSE
from satark_testing.waiting import until
from satark_whatsapp.attachments import ATTACHMENT
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings
from support.programs import ServedGraph

pytestmark = pytest.mark.slow("a provider's server")

CODE = "8391 4460 7012 5538"
RECEIPT = ReceiptPicture(code=CODE, caption="Keep it.", button=Choice(code_token(CODE), "🔊 Hear the answer"))
CLIPS = {PAUSE: (b"\x08p",) * 3, "hi-1": (b"\x08a", b"\x08b"), "hi-2": (b"\x08c",)}


@pytest.fixture
def context(tmp_path: Path) -> ChannelContext:
    for name, packets in CLIPS.items():
        (tmp_path / f"{name}.ogg").write_bytes(write_file(packets))
    return ChannelContext(Settings(voice_clips=tmp_path, public_url="https://satark.example"))


@pytest.fixture
async def speaking(
    secrets: dict[str, Any], graph: ServedGraph, context: ChannelContext
) -> AsyncIterator[WhatsAppChannel]:
    settings = WhatsAppSettings(**secrets, graph_url=graph.url, single_use_seconds=0.01)
    channel = WhatsAppChannel(settings, context)
    await channel.open()
    yield channel
    await channel.close()


def calls(channel: WhatsAppChannel, to: str = "919876543210", **prompt: Any) -> list[Call]:
    whole = Prompt(text="क्या हो रहा है?", language="hi", aloud=True, **prompt)
    return list(channel.render(whole, channel.accounts[0], Address(to)))


async def send(channel: WhatsAppChannel, made: list[Call]) -> list[object]:
    return [await channel.send(call, f"{at:032x}") for at, call in enumerate(made)]


async def test_the_voice_note_follows_the_text_and_is_uploaded_once(
    speaking: WhatsAppChannel, graph: ServedGraph
) -> None:
    note = VoiceNote(("hi-1", PAUSE, "hi-2"))
    for to in ("919876543210", "IN.13491208655302741918"):
        assert await send(speaking, calls(speaking, to, spoken=note)) == [Accepted(), Accepted()]
    assert [sent.kind for sent in graph.peer.sent] == ["text", "audio"] * 2
    assert graph.peer.sent[1].body["audio"] == {"id": graph.peer.uploads[0], "voice": True}
    (upload,) = graph.peer.uploads
    assert read_packets(graph.peer.files[upload].data) == CLIPS["hi-1"] + CLIPS[PAUSE] + CLIPS["hi-2"]
    assert "file_name" not in str(graph.peer.sent[1].body)


async def test_a_file_for_one_person_is_uploaded_once_and_deleted_again(
    speaking: WhatsAppChannel, graph: ServedGraph
) -> None:
    await send(speaking, calls(speaking, spoken=VoiceNote(("hi-1",), once=True), receipt=RECEIPT))
    assert [sent.kind for sent in graph.peer.sent] == ["text", "button", "audio"]
    await until(lambda: graph.peer.deleted == set(graph.peer.uploads))
    assert len(graph.peer.uploads) == 2


async def test_the_receipt_is_a_picture_with_a_button_that_gives_its_code(
    speaking: WhatsAppChannel, graph: ServedGraph
) -> None:
    picture = calls(speaking, receipt=RECEIPT)[1]
    assert b'"id"' not in picture.body
    await speaking.send(picture, "0" * 32)
    (sent,) = graph.peer.sent
    assert (sent.text, sent.offers[0].label) == ("Keep it.", "🔊 Hear the answer")
    assert code_in(sent.offers[0].token) == CODE.replace(" ", "")
    assert graph.peer.files[sent.media_id].mime == "image/png"


async def test_a_media_id_that_meta_forgot_is_replaced(speaking: WhatsAppChannel, graph: ServedGraph) -> None:
    note = calls(speaking, spoken=VoiceNote(("hi-1",)))[1]
    assert await speaking.send(note, "0" * 32) == Accepted()
    graph.peer.files.clear()
    assert await speaking.send(note, "1" * 32) == Transient("media-id")
    assert await speaking.send(note, "1" * 32) == Accepted()
    assert len(graph.peer.uploads) == 2


async def test_a_failed_upload_is_tried_again_later(speaking: WhatsAppChannel, graph: ServedGraph) -> None:
    graph.peer.faults.fail_next(131000, on="upload")
    note = calls(speaking, spoken=VoiceNote(("hi-1",)))[1]
    assert await speaking.send(note, "0" * 32) == Transient("131000")
    assert await speaking.send(note, "0" * 32) == Accepted()


async def test_a_note_without_any_clip_is_not_sent(speaking: WhatsAppChannel, graph: ServedGraph) -> None:
    assert (await send(speaking, calls(speaking, spoken=VoiceNote(("gone",)))))[1] == Accepted()
    assert not graph.peer.uploads


async def test_without_clips_the_channel_sends_no_voice_notes(
    whatsapp: WhatsAppChannel, speaking: WhatsAppChannel
) -> None:
    assert (whatsapp.capabilities.voice_notes, speaking.capabilities.voice_notes) == (False, True)
    assert [call.method for call in calls(whatsapp)] == ["messages"]
    assert calls(speaking, spoken=VoiceNote(("hi-1",)))[1].method == ATTACHMENT


def test_clips_that_are_completed_while_it_runs_are_used(secrets: dict[str, Any], tmp_path: Path) -> None:
    channel = WhatsAppChannel(WhatsAppSettings(**secrets), ChannelContext(Settings(voice_clips=tmp_path)))
    assert not channel.capabilities.voice_notes
    (tmp_path / f"{PAUSE}.ogg").write_bytes(write_file(CLIPS[PAUSE]))
    calls(channel)
    assert channel.capabilities.voice_notes
