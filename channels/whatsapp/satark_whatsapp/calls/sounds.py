"""What a call plays, from a clip or else by this machine's synthetic voice, as Opus packets of 20 ms."""

import math
from array import array
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import Final

import av

from satark.api import Line, VoiceNote, VoiceNotes, clip_name

RATE: Final = 48_000
"""Number of samples a second, the rate in which Opus counts."""
FRAME: Final = 960
"""Number of samples in a packet."""
PACKETS_A_SECOND: Final = RATE // FRAME
TIME: Final = Fraction(1, RATE)
"""The unit of a packet's time."""
SILENCE: Final = b"\xf8\xff\xfe"

_GAPS: Final = {"normal": 0, "slow": 10, "slowest": 30}
"""Pace → number of packets of silence after each digit."""
_PAUSE: Final = 8
"""Number of packets of silence that stay at the end of a line."""
_BEEP_PACKETS: Final = 15
_BEEP_HERTZ: Final = 800
_LOUDNESS: Final = 6_000


def clip_packets(line: Line, notes: VoiceNotes) -> list[bytes] | None:
    """Return a line as packets from its clips; None: a clip is missing.

    It takes a few milliseconds. In a thread it would fight for the interpreter lock with every packet of every call.
    """
    said = [_packets(notes.make(VoiceNote((clip_name(line.language, word),)))) for word in _words(line)]
    return _joined(line, said) if all(said) else None


def spoken_packets(line: Line, notes: VoiceNotes) -> list[bytes]:
    """Return a line as packets from the synthetic voice; without sound if there is none. Blocks."""
    spelled = "".join(" ".join(part) if is_spelled else part for part, is_spelled in line.parts())
    words = [spelled] if line.pace == "normal" else _words(line)
    return _joined(line, [_packets(notes.make(VoiceNote(((line.language, word),)))) for word in words])


def _words(line: Line) -> list[str]:
    return [line.text] if line.pace == "normal" else line.text.split()


def _joined(line: Line, said: Sequence[Sequence[bytes]]) -> list[bytes]:
    gap, pause = [SILENCE] * _GAPS[line.pace], [SILENCE] * (PACKETS_A_SECOND * line.pause)
    return [packet for word in said for packet in (*word, *gap)] + pause


def _packets(note: bytes) -> list[bytes]:
    if not note:
        return []
    with av.open(BytesIO(note), "r") as file:
        packets = [bytes(packet) for packet in file.demux() if packet.size]
    while len({len(packet) for packet in packets[-_PAUSE:]}) == 1 and len(packets) > _PAUSE:
        packets.pop()  # the synthetic voice ends each line with half a second of silence
    return packets


@cache
def beep() -> Sequence[bytes]:
    """Return the tone after which a caller speaks."""
    coder = av.CodecContext.create("libopus", "w")
    coder.sample_rate, coder.layout, coder.format, coder.time_base = RATE, "mono", "s16", TIME
    packets: list[bytes] = []
    for start in range(0, _BEEP_PACKETS * FRAME, FRAME):
        tone = (_LOUDNESS * math.sin(2 * math.pi * _BEEP_HERTZ * at / RATE) for at in range(start, start + FRAME))
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.sample_rate, frame.pts = RATE, start
        frame.planes[0].update(array("h", map(round, tone)).tobytes())
        packets += map(bytes, coder.encode(frame))
    return tuple(packets)
