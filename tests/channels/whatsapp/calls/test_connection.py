"""A connection takes keys once each, plays in time, and answers an offer with Opus and keys alone."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

from satark_whatsapp.calls.connection import CallMedia, Speaker, use_address
from satark_whatsapp.calls.sounds import SILENCE, beep

KEYS = 126


@pytest.fixture
async def media() -> Any:
    """Return a connection that waits for keys of the type 126."""
    made = CallMedia()
    made._events_type = KEYS
    yield made
    await made.close()


def key(event: int, at: int, *, ends: bool = False) -> RtpPacket:
    return RtpPacket(KEYS, 0, 1, at, payload=struct.pack("!BBH", event, 0x80 if ends else 0, 160))


async def test_each_press_of_a_key_counts_once(media: CallMedia) -> None:
    for packet in (key(1, 5), key(1, 5), key(1, 5, ends=True), key(1, 9), key(11, 20), key(10, 30), key(15, 40)):
        await media._take(packet)
    await media._take(RtpPacket(KEYS, payload=b"\x01"))
    assert "".join(media.keys) == "11#*"


async def test_sound_is_kept_only_while_it_is_recorded(media: CallMedia) -> None:
    sound = RtpPacket(111, 0, 1, 960, payload=beep()[0])
    await media._take(sound)
    recording = media.record()
    await media._take(sound)
    media.stop_recording()
    await media._take(RtpPacket(111, 0, 2, 1920, payload=beep()[1]))
    assert list(recording._packets) == [960]


async def test_playing_ends_with_the_last_packet_or_the_call_or_a_key(media: CallMedia) -> None:
    await media.play([])
    played = asyncio.create_task(media.play([SILENCE] * 2))
    await asyncio.sleep(0)
    for _ in range(2):
        assert bytes(await media._speaker.recv()) == SILENCE
    await played
    played = asyncio.create_task(media.play([SILENCE] * 50, keys_end_it=True))
    await asyncio.sleep(0)
    await media._take(key(3, 5))
    await played
    assert not media._speaker.waiting, "nothing of the question is played after the answer"
    media.hang_up()
    await media.play([SILENCE] * 50)
    assert not media._speaker.waiting


async def test_waiting_ends_when_the_time_has_passed_or_the_call_is_over(media: CallMedia) -> None:
    assert not await media.until(lambda: False, 0.01)
    assert await media.until(lambda: True)
    waiting = asyncio.create_task(media.until(lambda: False))
    await asyncio.sleep(0)
    media.hang_up()
    assert not await waiting


async def test_a_stopped_speaker_sends_no_sound() -> None:
    speaker = Speaker(lambda: None)
    first, second = await speaker.recv(), await speaker.recv()
    assert (bytes(first), second.pts) == (SILENCE, 960)
    speaker.stop()
    with pytest.raises(MediaStreamError):
        await speaker.recv()


async def test_an_offer_is_answered_with_opus_and_keys_from_one_address(media: CallMedia) -> None:
    use_address("127.0.0.1")
    caller = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    caller.addTransceiver("audio")
    await caller.setLocalDescription(await caller.createOffer())
    answer = await media.answer(caller.localDescription.sdp)
    await caller.close()
    kinds = [line.split()[1] for line in answer.splitlines() if line.startswith("a=rtpmap")]
    assert {"opus/48000/2", "telephone-event/8000"} <= set(kinds)
    assert "a=setup:active" in answer
    assert {line.split()[4] for line in answer.splitlines() if line.startswith("a=candidate")} == {"127.0.0.1"}


async def test_an_invalid_offer_is_refused(media: CallMedia) -> None:
    with pytest.raises(ValueError, match="ICE username"):
        await media.answer("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n")
