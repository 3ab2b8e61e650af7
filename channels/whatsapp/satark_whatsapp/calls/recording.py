"""What a caller says, recorded as Opus packets of 20 ms. Nothing of it is ever written to a disk."""

import math
from array import array
from io import BytesIO
from typing import Final

import av

from satark_whatsapp.calls.sounds import FRAME, PACKETS_A_SECOND, RATE, TIME

_SILENT: Final = 500
"""The loudest sample of a packet that is silence in the quietest room. The loudest that is possible is 32,767."""
_ABOVE_NOISE: Final = 4
"""How many times louder than the room's noise speech is."""
_NOISE_RISES: Final = 1.003
"""How much louder the room may become with each packet."""


class Recording:
    """What a caller says, in memory."""

    def __init__(self, now: float) -> None:
        self.heard_at = now
        """When speech was heard last; at first, when the recording began."""
        self.has_speech = False
        self._packets: dict[int, bytes] = {}
        """Timestamp of a packet → the packet."""
        self._decoder = av.CodecContext.create("libopus", "r")
        self._decoder.sample_rate, self._decoder.layout = RATE, "mono"
        self._noise = float(_SILENT)

    def add(self, timestamp: int, packet: bytes, now: float) -> None:
        """Add a packet, and note whether somebody speaks in it."""
        if not packet or timestamp in self._packets:
            return
        self._packets[timestamp] = packet
        loudest = self._loudest(packet)
        if loudest > max(_SILENT, self._noise * _ABOVE_NOISE):
            self.heard_at, self.has_speech = now, True
        self._noise = max(1.0, min(loudest, self._noise * _NOISE_RISES))

    def _loudest(self, packet: bytes) -> int:
        """Return the loudest sample of a packet, from 0 to 32,768."""
        try:
            frames = self._decoder.decode(av.Packet(packet))
        except av.FFmpegError:
            return 0
        parts = [array("h", bytes(frame.planes[0])[: 2 * frame.samples]) for frame in frames if frame.samples]
        return max((abs(peak) for part in parts for peak in (max(part), min(part))), default=0)

    @property
    def seconds(self) -> int:
        """Seconds of sound, rounded up."""
        return math.ceil(len(self._packets) / PACKETS_A_SECOND)

    def file(self) -> bytes:
        """Return the recording as a file: the packets as they came, in Ogg."""
        first = next(iter(self._packets), 0)
        ordered = sorted(((at - first + 2**31) % 2**32, packet) for at, packet in self._packets.items())
        made = BytesIO()
        with av.open(made, "w", format="ogg") as file:
            stream = file.add_stream("libopus", rate=RATE, layout="mono")
            for at, data in ordered:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.duration = stream, TIME, FRAME
                packet.pts = packet.dts = at - ordered[0][0]
                file.mux(packet)
        return made.getvalue()
