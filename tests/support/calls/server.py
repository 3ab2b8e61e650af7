"""Runs `satark serve` so that calls inside WhatsApp carry text: each line is one packet that holds the line's words.

A test then reads the spoken text, without waiting for a voice. After the lines of a question comes `KEYS`, before a
recording `BEEP`. Nobody is hurried: a question waits for a key or for `PASS`, with which the caller goes on to speak.
While what must be heard first is said, no key is waited for.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

KEYS: Final = b"\0keys"
BEEP: Final = b"\0beep"
PASS: Final = "S"
"""A key that no telephone has."""
ALL_KEYS: Final = f"0123456789*#{PASS}"


def carry_text() -> None:
    """Replace sound by text in this process."""
    from msgspec.structs import replace  # noqa: PLC0415 - callers import this module too

    from satark.api import Ask, Line  # noqa: PLC0415
    from satark_whatsapp.calls import call, connection, recording, sounds  # noqa: PLC0415

    wait_for_keys = call.CarriedCall._keys

    async def keys(self: Any, verb: Ask) -> str:
        if "u" in parse_qs(verb.state):
            return str(await wait_for_keys(self, replace(verb, seconds=0)))
        lines = [*verb.lines, Line(text=KEYS.decode(), language="")]
        typed = await wait_for_keys(self, replace(verb, lines=lines, seconds=60))
        return "" if typed == PASS else typed

    def heard(recording: Any) -> bytes:
        return b"".join(packet for packet in recording._packets.values() if packet != sounds.SILENCE)

    replaced: Mapping[Any, Mapping[str, Any]] = {
        sounds: {"PACKETS_A_SECOND": 1, "clip_packets": lambda line, _: [line.text.encode()], "beep": lambda: [BEEP]},
        recording.Recording: {"file": heard, "_loudest": lambda _, packet: 20_000 * (packet != sounds.SILENCE)},
        call.CarriedCall: {"_keys": keys},
        connection: {"KEYS": ALL_KEYS},
    }
    for owner, members in replaced.items():
        for name, member in members.items():
            setattr(owner, name, member)


if __name__ == "__main__":
    from satark.cli.main import cli

    carry_text()
    cli(["serve", *sys.argv[1:]])
