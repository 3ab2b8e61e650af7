"""Machines that share databases and a bucket: each has a data folder of its own, and gets the epochs' keys."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from satark_testing.processes.service import Service, ServiceError
from support.processes.forked import ForkedService

_KEYS = ("edge", "name")
_RESTARTS = 5


def serving(role: str) -> tuple[str, ...]:
    """Return the command that serves with a role."""
    return (str(Path(sys.executable).with_name("satark")), "serve", "--role", role)


def make_keys(folder: Path) -> dict[str, str]:
    """Make the keys that every machine has; return the settings that name them."""
    for key in _KEYS:
        (folder / f"{key}.key").touch(mode=0o600)
        (folder / f"{key}.key").write_bytes(key.encode().ljust(32, b"-"))
    return {f"SATARK_{key.upper()}_KEY_FILE": str(folder / f"{key}.key") for key in _KEYS}


def add_nodes(first: Service, folder: Path, names: Iterable[str], stack: AsyncExitStack) -> dict[str, Service]:
    """Make further machines with the settings of the first; the role of each is its name without a number."""
    settings = {name: value for name, value in first.environment.items() if name != "SATARK_DATA_DIR"}
    nodes: dict[str, Service] = {}
    for name in names:
        nodes[name] = ForkedService(folder / name, settings, serving(name.rstrip("0123456789")))
        stack.push_async_callback(nodes[name].stop)
    return nodes


async def start(node: Service) -> None:
    """Start a machine, and again if it ends at once for want of the database or of a lock, as systemd does."""
    for _ in range(_RESTARTS):
        with suppress(ServiceError):
            await node.start()
            return
    await node.start()


async def admit(nodes: Mapping[str, Service]) -> None:
    """Start the first machine, which makes the epochs' keys, then admit and start the others."""
    first, *others = nodes.values()
    await first.start()
    for node in others:
        # In no thread: a command in this process takes its standard output, which others may run beside it.
        asked = node.run("keys", "admit")
        first.run("keys", "admit", asked.stdout.split()[-1])
        node.run("keys", "admit")  # a process of the desk alone takes no keys
        await start(node)
