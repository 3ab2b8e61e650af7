"""`python -m support.torture`: delivers tips while processes get `kill -9`, and reports the result.

The program exits with 1 if a tip or an answer was lost, had two effects, reached the wrong destination, or came out of
order.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from satark.telemetry.logs import configure_logging
from support.torture.exim import EximMailboxes
from support.torture.mail import Mailboxes
from support.torture.offices import RemoteOffices
from support.torture.police import PoliceSystems
from support.torture.results import Result
from support.torture.run import Kind, torture

TARGETS: Mapping[str, Kind] = {
    "email": Mailboxes,
    "exim": EximMailboxes,
    "police_system": PoliceSystems,
    "rabbitmq": RemoteOffices,
}
TOGETHER = ("email", "police_system", "rabbitmq")
"""The default kinds of one run, which can have only one mail server."""


def parse_options(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Parse the command line; exit with a message where it is wrong."""
    parser = argparse.ArgumentParser(prog="support.torture", description=__doc__)
    parser.add_argument("--to", nargs="+", choices=sorted(TARGETS), default=TOGETHER, help="kinds of destination")
    parser.add_argument("--tips", type=int, default=10_000, help="number of tips, divided among the kinds")
    parser.add_argument("--kills", type=int, default=200, help="number of times a process is killed (kill -9)")
    parser.add_argument("--workers", type=int, default=3, help="number of worker processes")
    parser.add_argument("--faulty", type=float, default=0.1, help="share of attempts that a destination fails")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which the run is aborted")
    options = vars(parser.parse_args(arguments))
    if {"email", "exim"} <= set(options["to"]):
        parser.error("there is one mail server: name email or exim")
    return options


def main() -> int:
    """Run the command; return its exit code."""
    options = parse_options()
    kinds = [TARGETS[name] for name in options.pop("to")]
    configure_logging(json=False, level=logging.CRITICAL)
    try:
        found = asyncio.run(torture(kinds, **options))
    except KeyboardInterrupt:
        return 130
    except TimeoutError:
        sys.stderr.write(f"\nnot finished within {options['limit']:g} seconds: raise --limit\n")
        return 1
    sys.stdout.write(f"{options['kills']} processes killed\n\n{table(found)}")
    return int(any(one.failures for one in found.values()))


def table(found: Mapping[str, Result]) -> str:
    """Return a table with a column per kind of destination and a line per count."""
    columns = [("", *found)]
    counts = ("deliveries", "lost", "duplicated", "misrouted", "out_of_order", "repeats", "restarts")
    columns += [(name, *(str(getattr(one, name)) for one in found.values())) for name in counts]
    names = next(iter(found.values())).answers._fields
    columns += [(f"answers {name}", *(str(getattr(one.answers, name)) for one in found.values())) for name in names]
    return "".join("".join(f"{cell:<20}" for cell in line).rstrip() + "\n" for line in columns)


if __name__ == "__main__":
    sys.exit(main())
