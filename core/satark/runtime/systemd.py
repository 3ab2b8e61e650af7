"""Tells systemd that this process serves and that its event loop runs. systemd restarts one that hangs.

See sd_notify(3) and `WatchdogSec` in systemd.service(5).
"""

import asyncio
import os
import socket
from contextlib import suppress

_SECONDS = 20
"""Seconds between two signs of life, if systemd does not say after how long it kills the process."""


async def show_life(started: asyncio.Event) -> None:
    """After the start, send three signs of life in each `WATCHDOG_USEC`, if systemd listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    seconds = int(os.environ.get("WATCHDOG_USEC", "0")) / 3e6 or _SECONDS
    await started.wait()
    while address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            sender.sendto(b"READY=1\nWATCHDOG=1", address.replace("@", "\0", 1) if address[0] == "@" else address)
        await asyncio.sleep(seconds)
