"""`python -m support.bench.restore`: how long a restore takes on another machine once the machine is gone.

Tips with a file each are backed up to a bucket of a real service; some are forgotten afterwards. Then the machine's
databases and files are deleted, and both backups are restored elsewhere: what was forgotten stays forgotten.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from satark.backup.folder import BackupFolder
from satark.casework import Casework
from support.backups import Place, make_place
from support.desks import SeededDesk
from support.peers.postgres import empty_database, server_from_wheel
from support.peers.seaweedfs import BUCKET, running_seaweedfs
from support.tips import SeededTip, seed_file, seed_tip

_VOLUME: Final = 1024
"""Megabytes of a volume of the service that has the backups."""
_SHARE: Final = 3
"""One part of a tip's file is its clean copy, the others are the original."""


def main() -> int:
    """Run the command; return 1 if a tip is missing, or one that was forgotten is there."""
    parser = argparse.ArgumentParser(prog="support.bench.restore", description=__doc__)
    parser.add_argument("--tips", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=2_000, help="of all files, with their clean copies")
    parser.add_argument("--forgotten", type=int, default=100, help="tips that are erased after the first backup")
    options = parser.parse_args()
    with running_seaweedfs(_VOLUME) as store, server_from_wheel() as server, TemporaryDirectory() as folder:
        os.environ.update(store.environment)
        return int(any(Measure(Path(folder), server, options).run()))


class Measure:
    """One installation, its backups off-site, and the machines to which they are restored."""

    def __init__(self, folder: Path, server: str, options: argparse.Namespace) -> None:
        self._folder, self._server, self._options = folder, server, options
        self._off_site = BackupFolder(f"s3://{BUCKET}/backups", folder)
        self._gone: list[SeededTip] = []
        self._kept: list[SeededTip] = []

    def run(self) -> list[int]:
        """Lose the machine and restore both backups; return how much is wrong with each."""
        with self._machine("here") as here:
            here.retention().prepare(here.services.write_now)
            desk = SeededDesk(here.services, "sp")
            with timed(f"{self._options.tips} tips, {self._options.megabytes} MB made"):
                self._fill(here, desk)
            with timed("first backup"):
                older = here.back_up(self._off_site).name
            self._forget(here)
            with timed("second backup"):
                newer = here.back_up(self._off_site).name
        return [self._restore(name, desk.identity) for name in (newer, older)]

    @contextmanager
    def _machine(self, name: str) -> Iterator[Place]:
        """Set up a machine; afterwards nothing of it is left."""
        with empty_database(self._server) as main, empty_database(self._server) as keys:
            place = make_place(self._folder / name, database_url=main, keys_url=keys)
            try:
                yield place
            finally:
                place.services.close()
                shutil.rmtree(self._folder / name)

    def _fill(self, here: Place, desk: SeededDesk) -> None:
        part = self._options.megabytes * 1_000_000 // self._options.tips // _SHARE
        for number in range(self._options.tips):
            seeded = tip_of(here, desk, part)
            (self._gone if number < self._options.forgotten else self._kept).append(seeded)

    def _forget(self, here: Place) -> None:
        retention, gone = here.retention(), {one.id for one in self._gone}
        for due in [one for one in retention.scheduled(0) if one.tip in gone]:
            erased = here.services.write_now(lambda unit, due=due: retention.erase(unit, due))  # type: ignore[misc]
            retention.eraser.remove_files(erased)

    def _restore(self, name: str, identity: str) -> int:
        with self._machine(f"there-{name}") as there:
            with timed(f"backup {name} restored"):
                restored = there.restore(self._off_site, name)
            work = Casework(there.services, "sp", identity)
            numbers = {one.header.number for one in work.summaries()}
            missing = {one.number for one in self._kept} - numbers
            back = {one.number for one in self._gone} & numbers
            last = work.open(self._kept[-1].number)
            whole = all(b"".join(work.evidence(last, one.ordinal)) for one in last.evidence)
        show(f"  {restored.tips} tips, {restored.files} sealed files, {restored.lost_files} lost, {restored.problems}")
        show(f"  at the desk {len(numbers)}; missing {len(missing)}, forgotten and back {len(back)}")
        return len(missing) + len(back) + restored.lost_files + (not whole) + len(restored.problems)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block takes."""
    began = time.monotonic()
    yield
    show(f"{what}: {(time.monotonic() - began) / 60:.1f} min")


def show(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tip_of(here: Place, desk: SeededDesk, part: int) -> SeededTip:
    """Make a tip with a file of random bytes, which no compression makes smaller."""
    seeded = seed_tip(here.services, [desk.desk], evidence=("1",), answers={"what": "हथियार गोदाम में हैं"})
    seed_file(here.services, seeded, "1", os.urandom((_SHARE - 1) * part), os.urandom(part))
    return seeded


if __name__ == "__main__":
    sys.exit(main())
