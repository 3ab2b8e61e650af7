"""Simultaneous calls inside WhatsApp, with the number of late sound packets: `python -m support.bench.calls --calls
20`.

A service with rendered clips leads all callers through the first questions, again and again. A packet is late if it
comes more than 40 ms after its time. Times count from the call's most punctual packet.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from satark.speech.voice_notes import fill_folder
from satark_testing.installation import Installation, set_up_installation
from support.calls.whatsapp_caller import WhatsAppCaller

_PACKET_SECONDS: Final = 0.02
_LATE_SECONDS: Final = 0.04
_SECONDS_A_KEY: Final = 8


def share_late(received_at: Sequence[float]) -> float:
    """Return the share of a call's packets that came late."""
    delays = [at - number * _PACKET_SECONDS for number, at in enumerate(received_at)]
    best = min(delays, default=0.0)
    return sum(delay - best > _LATE_SECONDS for delay in delays) / max(1, len(delays))


async def call(installation: Installation, number: int, seconds: float) -> list[float]:
    """Call, press a key from time to time, and return when the packets came."""
    await asyncio.sleep(number * _SECONDS_A_KEY / 20)
    phone = WhatsAppCaller(installation.peer, installation.webhook, installation.citizen(number).sender)
    if not await phone.dial():
        return []
    for key in "1" * round(seconds / _SECONDS_A_KEY):
        await asyncio.sleep(_SECONDS_A_KEY)
        await phone.press(key)
    await phone.end()
    return phone.received_at


async def run(calls: int, seconds: float, folder: Path) -> dict[str, float]:
    """Run the calls; return how many stood, and the share of late packets of all and of the worst call."""
    settings = {
        "SATARK_WHATSAPP__CALLS_AT_ONCE": str(calls),
        "SATARK_WHATSAPP__CALLS_ADDRESS": "127.0.0.1",
        "SATARK_VOICE_CLIPS": str(folder / "clips"),
    }
    async with set_up_installation(folder, settings) as installation:
        listed = (line.partition("\t") for line in installation.service.run("voice", "lines").stdout.splitlines())
        lines = {name: (name.rpartition("-")[0], text) for name, _, text in listed}
        await asyncio.to_thread(fill_folder, lines, folder / "clips", None)
        await installation.service.start()
        received_at = await asyncio.gather(*(call(installation, number, seconds) for number in range(calls)))
    shares = [share_late(one) for one in received_at]
    packets = [len(one) for one in received_at]
    late = sum(share * count for share, count in zip(shares, packets, strict=True)) / max(1, sum(packets))
    return {"calls": sum(map(bool, packets)), "packets": sum(packets), "late": late, "late_in_worst_call": max(shares)}


@click.command()
@click.option("--calls", default=20, show_default=True)
@click.option("--seconds", default=60.0, show_default=True)
def main(calls: int, seconds: float) -> None:
    """Measure the calls, and print the result as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        click.echo(json.dumps(asyncio.run(run(calls, seconds, Path(folder)))))


if __name__ == "__main__":
    main()
