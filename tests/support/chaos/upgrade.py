"""`python -m support.chaos.upgrade`: an upgrade from an older commit while citizens write.

The older version is that of a commit whose revisions this version knows; it sets up the databases. The steps follow
docs/operations.md: the worker stops, the databases are upgraded while the older web process goes on (with `--stop` it
stops too), then the processes restart one after the other. One citizen begins with the older processes and ends with
the new ones; some tips wait for their delivery meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner, Result

from satark_testing.dialogue.walking import Reply
from satark_testing.installation import Installation, set_up_installation
from satark_testing.processes.service import Service, ServiceError
from support.chaos.chat_people import TroubledCitizen, answers_of, story
from support.chaos.ledger import Counts, Ledger
from support.chaos.run import compare, databases, send_together, show
from support.older_source import older_source

SATARK = (sys.executable, "-c", "from satark.cli.main import main; main()")
"""The command of the version that comes first on Python's path."""
PLACE = "लंका"
"""The answer before which a citizen waits for the upgrade."""


class VersionedService(Service):
    """A service whose commands too are those of the version on its `PYTHONPATH`."""

    def run(self, *arguments: str, check: bool = True) -> Result:
        """Run a command in a process of its own."""
        done = subprocess.run((*SATARK, *arguments), env=self.environment, capture_output=True, check=False)
        if check and done.returncode:
            raise ServiceError(f"satark {' '.join(arguments)}: {done.stderr.decode()}")
        return Result(CliRunner(), done.stdout, done.stderr, done.stdout, None, done.returncode, None)


class UndecidedCitizen(TroubledCitizen):
    """A citizen who waits with an answer."""

    def __init__(self, installation: Installation, number: int) -> None:
        super().__init__(installation, number)
        self.waits, self.decided = asyncio.Event(), asyncio.Event()

    async def reply(self, reply: Reply) -> str:
        """Reply, once it is decided."""
        if reply == PLACE:
            self.waits.set()
            await self.decided.wait()
        return await super().reply(reply)


async def upgrade(commit: str, *, tips: int, together: int, limit: float, stop: bool) -> Counts:
    """Upgrade from `commit` while `tips` citizens write. `stop`: no process runs while the databases are upgraded.

    Raises:
        TimeoutError: it is not finished within `limit` seconds.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="satark-upgrade-")))
        main, keys = stack.enter_context(databases("postgresql", folder))
        environment = {"SATARK_DATABASE_URL": main, "SATARK_KEYS_URL": keys, "SATARK_RECEIPT_CODES_AHEAD": "200"}
        environment["PYTHONPATH"] = older_source(commit, folder / "older")
        environment["SATARK_WHATSAPP__API_VERSION"] = "v26.0"  # the simulated Meta's; older versions called older ones
        installation = await stack.enter_async_context(
            set_up_installation(
                folder, environment, command=(*SATARK, "serve", "--role", "web,desk"), service=VersionedService
            )
        )
        web = installation.service
        worker = Service(web.folder, {**web.environment}, (*SATARK, "serve", "--role", "worker"))
        stack.push_async_callback(worker.stop)
        async with asyncio.timeout(limit):
            await web.start()
            await worker.start()
            ledger = Ledger()
            await _roll(installation, worker, ledger, tips=tips, together=together, stop=stop)
            return await compare(installation, ledger)


async def _roll(
    installation: Installation, worker: Service, ledger: Ledger, *, tips: int, together: int, stop: bool
) -> None:
    web = installation.service
    async with UndecidedCitizen(installation, tips) as undecided, asyncio.TaskGroup() as tasks:
        receipt = tasks.create_task(undecided.walk(answers_of(tips, accuses_sp=False)))
        await undecided.waits.wait()
        tasks.create_task(send_together(installation, ledger, iter(range(tips)), together))
        await ledger.reached(tips // 4)
        await worker.stop()
        await ledger.reached(ledger.receipts + 1)  # the older web process leaves its delivery open
        for service in (web, worker):
            del service.environment["PYTHONPATH"]
        if stop:
            await web.stop()
        await asyncio.to_thread(web.run, "db", "upgrade")
        if not stop:
            show("upgraded, the older web process goes on")
            await ledger.reached(tips // 2)
            await web.stop()
        await web.start()
        await worker.start()
        show("both processes are new")
        undecided.decided.set()
        ledger.acknowledged(story(tips), ["sp", "dig"], await receipt)


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="support.chaos.upgrade", description=__doc__)
    parser.add_argument("--from", dest="commit", default="HEAD", help="a commit with revisions that this version knows")
    parser.add_argument("--stop", action="store_true", help="stop the older web process too")
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
