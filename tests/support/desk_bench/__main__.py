"""The command `python -m support.desk_bench [--tips 1000,10000,100000] [--keep FOLDER]`. It prints a line per size."""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from satark.services import Services
from satark_desk import plugin
from satark_desk.officers import NewDesk, make_desk, unlock
from satark_desk.settings import DeskSettings
from satark_desk.web import opened_desk
from satark_desk.web.app import build
from support.desk_bench.seeding import seed
from support.store import desk_context, fresh_services

_PASSPHRASE: Final = "a passphrase of the bench"
_TIMES: Final = 7
_COLUMNS: Final = ("queue", "filter", "search", "tip", "figures", "opening", "whole", "again", "memory")
_HEADING: Final = " ".join([f"{'tips':>8}", *(f"{name:>9}" for name in _COLUMNS)])


def main() -> None:
    """Measure each size in turn."""
    opened_desk._SOON = 3600  # type: ignore[misc]  # on a busy machine pages that ask again cost more than the opening
    parser = argparse.ArgumentParser()
    parser.add_argument("--tips", default="1000,10000,100000", help="sizes, divided by commas")
    parser.add_argument("--keep", type=Path, help="keep the synthetic desks here, and take those that are here")
    chosen = parser.parse_args()
    print("a desk: pages' CPU in ms (median); s of it to the first queue, to all tips, at a second opening; MiB")  # noqa: T201
    print(_HEADING)  # noqa: T201
    for size in map(int, chosen.tips.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            print(measure((chosen.keep or Path(folder)) / str(size), size), flush=True)  # noqa: T201


def measure(folder: Path, tips: int) -> str:
    """Seed a desk with so many tips and measure its pages; return a line of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    is_kept = (folder / "seeded").exists()
    services = fresh_services(folder / "data", plugin.satark_migrations())
    if not is_kept:
        make_desk(
            services,
            NewDesk(name="sp", title="SP", level="district", area="", officer="one", passphrase=_PASSPHRASE),
        )
        seed(services, unlock(services, "sp", "one", _PASSPHRASE).desk, tips)
        (folder / "seeded").touch()
    before = _resident()
    client, opening = _opened(services)
    began = time.process_time()
    while "<progress" in client.get("/desk/figures").text:
        time.sleep(1)
    whole = opening + time.process_time() - began
    number = re.search(r'id="tip-([^"]+)"', client.get("/desk/").text)
    if number is None:
        raise SystemExit("the queue shows no tip")
    addresses = ("", "?mark=urgent&station=lanka", "?q=hathiyar+UP65", f"tips/{number[1]}", "figures")
    times = [_median(lambda address=address: client.get(f"/desk/{address}")) for address in addresses]  # type: ignore[misc]
    memory = (_resident() - before) / 1024
    _sign_out(client)
    client, again = _opened(services)
    _sign_out(client)
    services.close()
    openings = (f"{one:>9.2f}" for one in (opening, whole, again))
    return " ".join([f"{tips:>8}", *(f"{one * 1000:>9.1f}" for one in times), *openings, f"{memory:>9.0f}"])


def _opened(services: Services) -> tuple[TestClient, float]:
    """Sign in as after a start of the program; return the browser, and the processor's seconds until the queue."""
    site = Starlette(routes=[Mount("/desk", build(desk_context(services), DeskSettings()))])
    client = TestClient(site, base_url="http://desk.example", headers={"sec-fetch-site": "same-origin"})
    began = time.process_time()
    client.post("/desk/sign-in", data={"desk": "sp", "officer": "one", "passphrase": _PASSPHRASE})
    while "http-equiv" in client.get("/desk/").text:
        pass
    return client, time.process_time() - began


def _sign_out(client: TestClient) -> None:
    client.post("/desk/sign-out")
    for thread in threading.enumerate():
        if thread.name == opened_desk.THREAD:
            thread.join()


def _median(get: Callable[[], object]) -> float:
    times = []
    for _ in range(_TIMES):
        began = _seconds()
        get()
        times.append(_seconds() - began)
    return statistics.median(times)


def _seconds() -> float:
    """Return the processor's seconds of this process, without those of what prepares the desk behind the pages."""
    behind = (one.ident for one in threading.enumerate() if one.name == opened_desk.THREAD)
    return time.process_time() - sum(time.clock_gettime(time.pthread_getcpuclockid(one)) for one in behind if one)


def _resident() -> int:
    """Return the memory of this process, KiB."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main()
