"""Runs eight worlds in lock step, which differ in who told what, of which office, and when; compares what they show.

Each world is an installation with keys of its own, but for the edge key, and the same desks. What depends on a secret
alone is the same in all worlds with that secret, and different in the others: whatever an observer can list, and in
whatever encoding.
"""

import asyncio
import os
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from satark.identity.time_buckets import BAND_HOURS
from satark.store.workspace import workspace_dir
from satark_testing.canary.observer import Carrier, Observer
from satark_testing.canary.people import Secrets, Visitor
from satark_testing.canary.telling import WORLDS, World, telling
from satark_testing.installation import MEDIA, MatrixInstallation, matrix_installation, set_up_installation
from satark_testing.processes.service import Service

_MAY_TELL: Final = {"export": {"words", "desk"}, "waiting": {"minute"}, "table key_canary": {"minute"}}
"""Beginning of a place → the secrets that it may tell.

Officers read tips. What waits has exact times. The id of the present epoch has the hour of its beginning.
"""
_TELLS: Final = " tells the "
_SHIFTED: Final = """
import time
real = time.time
time.time = lambda: real() + {seconds}
from satark.cli.main import cli
cli(prog_name="satark")
"""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a search. It holds no identifier."""

    finds: tuple[str, ...]
    """One sentence per find: a place and the secret that it tells, or an identifier, its encoding and the place."""
    places: int
    """Number of files, columns, outputs and messages that were compared or searched."""
    identifiers: int

    def __str__(self) -> str:
        found = f"{len(self.finds)} hits: {self.identifiers} identifiers in {self.places} places"
        return "\n".join([*self.finds, found])


class _Late(Service):
    """A service whose clock is off."""

    @property
    def command(self) -> Sequence[str]:
        """The command, which shifts the clock first."""
        return (sys.executable, "-c", _SHIFTED.format(seconds=seconds_off()), "serve", "--port", str(self.port))


def seconds_off() -> int:
    """Return by how much the clock of late worlds is off: half a band, so that it stays in the same band."""
    half = BAND_HOURS * 3600 // 2
    return half if time.time() % (2 * half) < half else -half


async def run_canary(
    folder: Path,
    make_carriers: Callable[[], Sequence[Carrier]] = tuple,
    services: tuple[type[Service], type[Service]] = (Service, _Late),
) -> Report:
    """Run the worlds in an empty folder. What tells a secret there tells it in a second run too, unless by chance.

    Args:
        folder: an empty folder.
        make_carriers: makes the servers that the tips of one world are sent to.
        services: classes of services: with the right clock, and with one that is `seconds_off`.
    """
    report = await run_worlds(folder / "first", make_carriers, services)
    if not any(_TELLS in find for find in report.finds):
        return report
    again = await run_worlds(folder / "second", make_carriers, services)
    finds = tuple(find for find in report.finds if _TELLS not in find or find in again.finds)
    return msgspec.structs.replace(report, finds=finds)


async def run_worlds(
    folder: Path,
    make_carriers: Callable[[], Sequence[Carrier]] = tuple,
    services: tuple[type[Service], type[Service]] = (Service, _Late),
) -> Report:
    """Run the worlds once; report what tells a secret there, perhaps by chance, or holds an identifier."""
    await asyncio.to_thread(folder.mkdir)
    made, commands, step = Secrets.make(), asyncio.Lock(), asyncio.Barrier(len(WORLDS))
    with _no_settings(folder):
        await _make_base(folder / "base")

        async def live(here: Path, world: World) -> Observer:
            """Live in one world. Each step begins when all worlds have done the one before."""
            carriers = make_carriers()
            async with _open(here, services[world.minute], carriers) as matrix:
                visitor = Visitor(matrix, made, world)
                observer = Observer(matrix.installation, visitor, carriers, temporary=here / "tmp", commands=commands)
                for minute in (0, 1):
                    await step.wait()
                    if world.minute == minute:
                        await visitor.send_tips(MEDIA)
                        await observer.wait(len(MEDIA))
                await step.wait()
                await observer.look()
                await visitor.leave_drafts(MEDIA)
                await observer.look_again(here / "exports")
            return observer

        async with asyncio.TaskGroup() as group:
            lives = [group.create_task(live(folder / str(n), world)) for n, world in enumerate(WORLDS)]
    return await asyncio.to_thread(_report, [life.result() for life in lives], made.identifiers)


async def _make_base(folder: Path) -> None:
    """Make the databases, the desks and the edge key that all worlds begin with."""
    await asyncio.to_thread(folder.mkdir)
    async with set_up_installation(folder, {}) as installation:
        key = installation.service.folder / "edge.key"
        key.write_bytes(secrets.token_bytes(32))
        key.chmod(0o600)


@asynccontextmanager
async def _open(folder: Path, service: type[Service], carriers: Sequence[Carrier]) -> AsyncIterator[MatrixInstallation]:
    """Start a world's installation on a copy of the base."""
    await asyncio.to_thread(shutil.copytree, folder.parent / "base", folder)
    await asyncio.to_thread((folder / "tmp").mkdir)
    environment = {"TMPDIR": str(folder / "tmp"), "SATARK_RECEIPT_CODES_AHEAD": "16"}
    for carrier in carriers:
        environment |= carrier.environment
    async with matrix_installation(folder, environment, desks=(), service=service) as matrix:
        yield matrix
    await asyncio.to_thread(shutil.rmtree, workspace_dir(folder / "data"))  # in shared memory


@contextmanager
def _no_settings(folder: Path) -> Iterator[None]:
    """Hide the settings of a real installation on this machine, so that the canary never uses it."""
    empty = folder / "satark.toml"
    empty.touch()
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SATARK_")}
    os.environ["SATARK_CONFIG"] = str(empty)
    try:
        yield
    finally:
        del os.environ["SATARK_CONFIG"]
        os.environ.update(hidden)


def _report(observers: Sequence[Observer], identifiers: dict[str, str | bytes]) -> Report:
    """Compare the worlds, and search two of them, which differ in every secret, for identifiers."""
    finds = set.intersection(*(one.orders for one in observers)).union(*(one.finds for one in observers))
    for place, secret in telling([one.listing for one in observers]):
        if not any(place.startswith(beginning) and secret in may for beginning, may in _MAY_TELL.items()):
            finds.add(f"{place}{_TELLS}{secret}")
    searched = (observers[0], observers[-1])
    finds |= {find for one in searched for find in one.search(identifiers)}
    places = sum(one.places for one in observers)
    return Report(finds=tuple(sorted(finds)), places=places, identifiers=len(identifiers))
