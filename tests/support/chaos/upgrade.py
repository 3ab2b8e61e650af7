"""`python -m support.chaos.upgrade`: a rolling upgrade between two schema versions while citizens write.

The older version is a commit's. The order is that of docs/operations.md: the worker stops, the databases are upgraded
while the older web process goes on, then the processes start anew, one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import subprocess
import sys
import tarfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from satark_testing.installation import Installation
from satark_testing.processes.service import Service
from support.chaos.ledger import Counts, Ledger
from support.chaos.run import compare, databases, send_together, show
from support.processes.forked import set_up_installation

ROOT = Path(__file__).parents[3]
SERVE = (sys.executable, "-c", "from satark.cli.main import main; main()", "serve", "--role")
"""The command of the version that comes first on Python's path."""


async def upgrade(commit: str, *, back: int, tips: int, together: int, limit: float) -> Counts:
    """Upgrade from `commit`, whose main schema is `back` revisions older, while `tips` citizens write.

    Raises:
        TimeoutError: it is not finished within `limit` seconds.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="satark-upgrade-")))
        main, keys = stack.enter_context(databases("postgresql", folder))
        environment = {"SATARK_DATABASE_URL": main, "SATARK_KEYS_URL": keys, "SATARK_RECEIPT_CODES_AHEAD": "200"}
        older = {"PYTHONPATH": older_source(commit, folder / "older")}
        installation = await stack.enter_async_context(
            set_up_installation(folder, environment, command=(*SERVE, "web,desk"), service=Service)
        )
        web = installation.service
        worker = Service(web.folder, {**web.environment}, (*SERVE, "worker"))
        stack.push_async_callback(worker.stop)
        web.run("db", "downgrade", f"core@-{back}", "--yes")
        ledger = Ledger()
        async with asyncio.timeout(limit):
            await web.start(older)
            await worker.start(older)
            await _roll(installation, worker, ledger, tips=tips, together=together)
            return await compare(installation, ledger)


async def _roll(installation: Installation, worker: Service, ledger: Ledger, *, tips: int, together: int) -> None:
    web = installation.service
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send_together(installation, ledger, iter(range(tips)), together))
        await ledger.reached(tips // 4)
        await worker.stop()
        await asyncio.to_thread(web.run, "db", "upgrade")
        show("upgraded, the older web process goes on")
        await ledger.reached(tips // 2)
        await web.stop()
        await web.start()
        await worker.start()
        show("both processes are new")


def older_source(commit: str, folder: Path) -> str:
    """Unpack a commit's packages into a folder; return the path on which Python finds them."""
    folder.mkdir()
    packages = ("core", "channels", "sinks")
    command = ["git", "-C", str(ROOT), "archive", commit, *packages]
    archive = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    parts = [folder / "core", *folder.glob("channels/*"), *folder.glob("sinks/*")]
    return os.pathsep.join(map(str, parts))


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="support.chaos.upgrade", description=__doc__)
    parser.add_argument("--from", dest="commit", required=True, help="a commit with an older schema")
    parser.add_argument("--back", type=int, default=1, help="by how many revisions the main schema is older there")
    parser.add_argument("--tips", type=int, default=200)
    parser.add_argument("--together", type=int, default=16, help="citizens who write at once")
    parser.add_argument("--limit", type=float, default=3600)
    began = time.monotonic()
    counts = asyncio.run(upgrade(**vars(parser.parse_args())))
    line = ", ".join(f"{value} {name}" for name, value in counts._asdict().items())
    sys.stdout.write(f"upgrade under load: {line}\n  in {time.monotonic() - began:.0f} s\n")
    return int(bool(counts.failures))


if __name__ == "__main__":
    sys.exit(main())
