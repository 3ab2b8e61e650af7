"""`python -m support.chaos`: sends tips through failing machines, on both databases; exits with 1 if tips are wrong."""

from __future__ import annotations

import argparse
import asyncio
import sys

from support.chaos import cluster_run
from support.chaos.run import DELIVERED_WITHIN, Run, chaos

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="support.chaos", description=__doc__)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument(
        "--cluster", action="store_true", help="many machines instead: 1,000 tips with photos, 100 kills"
    )
    parser.add_argument("--tips", type=int, help="number of tips, half of them on each database; 10,000 by default")
    parser.add_argument("--kills", type=int, help="number of kill -9, half of them on each database; 200 by default")
    parser.add_argument("--workers", type=int, default=1, help="processes that serve")
    parser.add_argument("--together", type=int, default=32, help="citizens who write at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=7200, help="seconds after which nobody begins a tip")
    options = vars(parser.parse_args())
    databases, is_cluster = options.pop("databases"), options.pop("cluster")
    usual = {"tips": 1_000, "kills": 100} if is_cluster else {"tips": 10_000, "kills": 200}
    options |= {name: number for name, number in usual.items() if options[name] is None}
    if is_cluster:
        del options["workers"]
        return cluster_run.report(**options)
    for name in ("tips", "kills"):
        options[name] = -(-options[name] // len(databases))
    failures = 0
    for database in databases:
        try:
            run = asyncio.run(chaos(database, **options))
        except TimeoutError:
            sys.stderr.write(f"{database}: what was sent is not delivered within {DELIVERED_WITHIN:g} seconds\n")
            return 1
        sys.stdout.write(table(database, run))
        failures += run.counts.failures
    return int(bool(failures))


def table(database: str, run: Run) -> str:
    """Return the counts of one run as lines of text."""
    counts = ", ".join(f"{value} {name}" for name, value in run.counts._asdict().items())
    blows = ", ".join(f"{count} × {kind}" for kind, count in sorted(run.blows.items()))
    return f"{database}: {counts}\n  in {run.seconds:.0f} s, under {blows}\n"


if __name__ == "__main__":
    sys.exit(main())
