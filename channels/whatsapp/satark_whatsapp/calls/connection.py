"""The connection of one call: WebRTC to Meta's media server, keys as RTP events, sound in both directions.

Source: RFC 4733 (keys as events), RFC 8825 (WebRTC). No server but Meta's is contacted: there is no STUN.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

import av
from aioice import ice
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpCodecParameters, RTCSessionDescription
from aiortc.codecs import CODECS
from aiortc.mediastreams import MediaStreamError

from satark_whatsapp.calls.recording import Recording
from satark_whatsapp.calls.sounds import FRAME, PACKETS_A_SECOND, SILENCE, TIME

KEYS: Final = "0123456789*#"
"""Keys in the order of their event codes."""
_EVENT_BYTES: Final = 4
_events_type = re.compile(r"a=rtpmap:(\d+) telephone-event/").search
_OVER: Final = frozenset({"closed", "failed"})

_EVENTS: Final = RTCRtpCodecParameters(mimeType="audio/telephone-event", clockRate=8000, payloadType=126)
CODECS["audio"].append(_EVENTS)  # aiortc negotiates only what stands here


def use_address(address: str) -> None:
    """Have calls use only this IP address of the machine, and name no other one to Meta."""
    ice.get_host_addresses = lambda **_: [address]


class CallMedia:
    """One call's connection. `until` waits for events in it."""

    def __init__(self) -> None:
        self.keys: deque[str] = deque()
        """Pressed keys that were not taken yet."""
        self.is_over = False
        """Whether the caller has hung up, or the connection failed."""
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._happened = asyncio.Event()
        self._speaker = Speaker(self._happened.set)
        self._recording: Recording | None = None
        self._last_key = -1
        self._events_type = -1

    async def answer(self, offer: str) -> str:
        """Begin to connect; return the answer to Meta's offer (SDP).

        Raises:
            ValueError, aiortc.exceptions.InvalidStateError: the offer can't be answered.
        """
        connection = self._connection
        connection.addTrack(self._speaker)
        connection.on("connectionstatechange", self._note_state)
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        receivers: list[Any] = connection.getReceivers()
        for receiver in receivers:
            receiver._handle_rtp_packet = self._take  # noqa: SLF001 - aiortc would decode the sound, and drop the keys
        await connection.setLocalDescription(await connection.createAnswer())
        sdp = connection.localDescription.sdp
        found = _events_type(sdp)
        self._events_type = int(found[1]) if found else -1
        return sdp

    @property
    def is_connected(self) -> bool:
        return bool(self._connection.connectionState == "connected")

    async def close(self) -> None:
        await self._connection.close()

    def hang_up(self) -> None:
        """Note that the call is over."""
        self.is_over = True
        self._happened.set()

    async def until(self, holds: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until a condition holds, the call is over or the time has passed; return whether the condition holds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not holds() and not self.is_over:
                    self._happened.clear()
                    await self._happened.wait()
        return holds()

    async def play(self, packets: Iterable[bytes], *, keys_end_it: bool = False) -> None:
        """Play to the end, until the call is over or, with `keys_end_it`, until a key is pressed."""
        waiting = self._speaker.waiting
        waiting.extend(packets)
        await self.until(lambda: not waiting or (keys_end_it and bool(self.keys)))
        waiting.clear()

    def record(self) -> Recording:
        self._recording = Recording(asyncio.get_running_loop().time())
        return self._recording

    def stop_recording(self) -> None:
        """Add nothing more to the recording."""
        self._recording = None

    def _note_state(self) -> None:
        self.is_over = self.is_over or self._connection.connectionState in _OVER
        self._happened.set()

    async def _take(self, packet: Any, **_: int) -> None:
        if packet.payload_type == self._events_type:
            self._take_key(packet)
        elif self._recording is not None:
            self._recording.add(packet.timestamp, packet.payload, asyncio.get_running_loop().time())

    def _take_key(self, packet: Any) -> None:
        """Take each key once: all packets of a key have the time at which it was pressed."""
        if len(packet.payload) < _EVENT_BYTES or packet.timestamp == self._last_key:
            return
        self._last_key = packet.timestamp
        if packet.payload[0] < len(KEYS):
            self.keys.append(KEYS[packet.payload[0]])
            self._happened.set()


class Speaker(MediaStreamTrack):
    """The sound of one side: a packet every 20 ms, of silence if nothing waits."""

    kind = "audio"

    def __init__(self, on_empty: Callable[[], None]) -> None:
        super().__init__()
        self.waiting: deque[bytes] = deque()
        self._on_empty = on_empty
        self._began = 0.0
        self._sent = 0

    async def recv(self) -> av.Packet[Any]:
        """Return the next packet when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        now = asyncio.get_running_loop().time()
        self._began = self._began or now
        await asyncio.sleep(max(0.0, self._began + self._sent / PACKETS_A_SECOND - now))
        packet = av.Packet(self._next())
        packet.pts, packet.time_base = self._sent * FRAME, TIME
        self._sent += 1
        return packet

    def _next(self) -> bytes:
        if not self.waiting:
            return SILENCE
        packet = self.waiting.popleft()
        if not self.waiting:
            self._on_empty()
        return packet
