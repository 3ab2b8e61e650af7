"""`python -m satark_torture`: so many tips, so many `kill -9`, and what came of it.

Exits with 1 where a tip or an answer is lost, has had two effects, came to the wrong place, or before an earlier one.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from satark.telemetry.logs import configure_logging
from satark_torture.exim import EximMail
from satark_torture.mail import Mail
from satark_torture.offices import Offices
from satark_torture.police import Police
from satark_torture.run import Kind, torture
from satark_torture.tally import Tally

TARGETS: Mapping[str, Kind] = {"email": Mail, "exim": EximMail, "police_system": Police, "rabbitmq": Offices}
TOGETHER = ("email", "police_system", "rabbitmq")
"""What one run has where nothing else is said: e-mail has one server."""


def read(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Read the command line; leave the process with a word where it can't be."""
    parser = argparse.ArgumentParser(prog="satark_torture", description=__doc__)
    parser.add_argument("--to", nargs="+", choices=sorted(TARGETS), default=TOGETHER, help="kinds of destination")
    parser.add_argument("--tips", type=int, default=10_000, help="tips, shared out among the kinds")
    parser.add_argument("--kills", type=int, default=200, help="how often a process is killed (kill -9)")
    parser.add_argument("--workers", type=int, default=3, help="processes that deliver")
    parser.add_argument("--faulty", type=float, default=0.1, help="share of attempts that a destination spoils")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=3600, help="seconds after which it is given up")
    options = vars(parser.parse_args(arguments))
    if {"email", "exim"} <= set(options["to"]):
        parser.error("e-mail has one server: name email or exim")
    return options


def main() -> int:
    """Run the command."""
    options = read()
    kinds = [TARGETS[name] for name in options.pop("to")]
    configure_logging(json=False, level=logging.CRITICAL)
    try:
        found = asyncio.run(torture(kinds, **options))
    except KeyboardInterrupt:
        return 130
    except TimeoutError:
        sys.stderr.write(f"\nnot done after {options['limit']:g} seconds: give it longer with --limit\n")
        return 1
    sys.stdout.write(f"{options['kills']} processes killed\n\n{table(found)}")
    return int(any(one.failures for one in found.values()))


def table(found: Mapping[str, Tally]) -> str:
    """A column for each kind of destination, a line for each count."""
    columns = [("", *found)]
    counts = ("deliveries", "lost", "doubled", "misrouted", "disordered", "repeats", "restarts")
    columns += [(name, *(str(getattr(one, name)) for one in found.values())) for name in counts]
    names = next(iter(found.values())).answers._fields
    columns += [(f"answers {name}", *(str(getattr(one.answers, name)) for one in found.values())) for name in names]
    return "".join("".join(f"{cell:<20}" for cell in line).rstrip() + "\n" for line in columns)


if __name__ == "__main__":
    sys.exit(main())
