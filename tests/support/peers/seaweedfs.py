"""A real service that speaks S3 (SeaweedFS, one program in a wheel) for tests: on the loopback interface."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from satark_testing.processes.service import ServiceError, free_port
from satark_testing.waiting import LIMIT_SECONDS

BUCKET: Final = "satark"
_CONFLICT: Final = 409
"""The bucket is there already, from before a kill."""
_PARTS: Final = ("master", "volume", "filer", "s3")


class SeaweedFS:
    """One server, all of whose parts are in one process; it takes twenty times `volume` MB."""

    def __init__(self, folder: Path, volume: int = 64) -> None:
        self._folder = folder
        ports = {name: free_port() for part in _PARTS for name in (f"{part}.port", f"{part}.port.grpc")}
        self.url = f"http://127.0.0.1:{ports['s3.port']}"
        self._command = [
            str(Path(sys.executable).with_name("weed")), "server", f"-dir={folder}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0",
            "-volume.max=20", f"-master.volumeSizeLimitMB={volume}",
            *(f"-{name}={port}" for name, port in ports.items()),
        ]  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """The variables that every S3 client reads, for a process that connects to the service."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
        }

    def start(self) -> None:
        """Start it, and wait until its bucket takes files.

        Raises:
            ServiceError: it ended, or does not start in time.
        """
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + LIMIT_SECONDS
        for name, content in ((BUCKET, b""), (f"{BUCKET}/started", bytes(100_000))):
            while not self._puts(name, content):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise ServiceError(f"no SeaweedFS: {(self._folder / 'output').read_text()[-2000:]}")
                time.sleep(0.1)

    def stop(self) -> None:
        """Kill it; its files outlive that."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _puts(self, name: str, content: bytes) -> bool:
        request = urllib.request.Request(f"{self.url}/{name}", content, method="PUT")  # noqa: S310 - of this module
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - of this module
                return True
        except OSError as error:
            return isinstance(error, urllib.error.HTTPError) and error.code == _CONFLICT


@contextmanager
def running_seaweedfs(volume: int = 64) -> Iterator[SeaweedFS]:
    """Run a server in a folder of its own."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = SeaweedFS(Path(folder), volume)
        server.start()
        try:
            yield server
        finally:
            server.stop()
