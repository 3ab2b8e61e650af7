"""Simulates a slow disk: compiles a small library that delays flushes and is loaded before the C library."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from support.bench.process import BotError

_SOURCE = Path(__file__).with_name("slow_flush.c")


def slow_flush(folder: Path, seconds: float) -> dict[str, str]:
    """Return the environment of a process whose flushes take so many seconds longer; empty for 0.

    Raises:
        BotError: there is no C compiler.
    """
    if not seconds:
        return {}
    compiler = shutil.which("cc")
    if compiler is None:
        raise BotError("a slow flush needs a C compiler: apt-get install gcc libc6-dev")
    library = folder / "slow_flush.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE), "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "SLOW_FLUSH_MICROSECONDS": str(round(seconds * 1e6))}
