"""A cache of the help of plugins' commands, since loading the plugins takes seconds.

It is a file in the user's cache folder. Its name changes with the settings, the version and the installed packages.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from satark import __version__
from satark_files import atomic_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def remembered(read: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    """Return the cached commands with their help. If there is no cache, call `read` and cache its result."""
    file = _folder() / f"commands-{_state()}.json"
    with suppress(OSError, ValueError):
        found: dict[str, str] = json.loads(file.read_text())
        return found
    fresh = dict(read())
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_files.replace(file, [json.dumps(fresh).encode()])
    return fresh


def _folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "satark"


def _state() -> str:
    """Return a hash of everything that decides which commands plugins have, and their help."""
    config = Path(os.environ.get("SATARK_CONFIG") or "satark.toml")
    parts = [__version__, sys.prefix, os.environ.get("SATARK_PLUGINS", "")]
    with suppress(OSError):
        parts.append(config.read_text())
    for folder in map(Path, filter(None, sys.path)):
        with suppress(OSError):
            newest = max((file.stat().st_mtime_ns for file in folder.glob("satark_*/*.py")), default=0)
            parts.append(f"{folder} {folder.stat().st_mtime_ns} {newest}")
    return sha256("\0".join(parts).encode()).hexdigest()[:16]
