"""Satark as it was at a commit of this repository, for a process that runs it with the installed libraries."""

import io
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[2]


def older_source(commit: str, folder: Path) -> str:
    """Unpack a commit's packages into a folder; return the path on which Python finds them."""
    folder.mkdir()
    packages = ("core", "channels", "sinks")
    command = ["git", "-C", str(_ROOT), "archive", commit, *packages]
    archive = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    parts = [folder / "core", *folder.glob("channels/*"), *folder.glob("sinks/*")]
    return os.pathsep.join(map(str, parts))
