"""A real nginx with the settings that `satark deploy` prints, in front of several web nodes."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from satark_testing.processes.service import free_port

_KINDS = ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
"""What keeps files of its own, which must not be the machine's."""


class Nginx:
    """nginx in a folder, at ports of its own.

    Args:
        folder: does not exist yet.
        printed: what `satark deploy nginx.conf` prints.
        nodes: the base URLs of the web nodes.
        certificates: folder with `cert.pem` and `key.pem`; none: without TLS.
    """

    def __init__(self, folder: Path, printed: str, nodes: Iterable[str], certificates: Path | None = None) -> None:
        folder.mkdir()
        self._folder, self.port, self.tls_port = folder, free_port(), free_port()
        site = re.sub(r"ssl_certificate.*|listen \[.*", "", printed[printed.rindex("server {") :])
        listen = f"listen 127.0.0.1:{self.port}"
        if certificates is not None:
            tls = f"ssl_certificate {certificates}/cert.pem; ssl_certificate_key {certificates}/key.pem"
            listen = f"{tls}; {listen}; listen 127.0.0.1:{self.tls_port} ssl"
        site = site.replace("listen 443 ssl", listen).replace("http://127.0.0.1:8000", "http://nodes")
        servers = "".join(f"server {node.removeprefix('http://')} max_fails=1 fail_timeout=1s;" for node in nodes)
        paths = "".join(f"{one}_temp_path {folder}/{one};" for one in _KINDS)
        http = f"{paths} upstream nodes {{ {servers} }} {site}"
        (folder / "conf").write_text(f"pid {folder}/pid; daemon off; events {{}} http {{ {http} }}")

    @property
    def url(self) -> str:
        """Where citizens and providers reach the nodes."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it."""
        log = str(self._folder / "log")
        command = ["nginx", "-e", log, "-p", str(self._folder), "-c", str(self._folder / "conf")]
        self.process = subprocess.Popen(command)

    def stop(self) -> None:
        """Stop it with its workers."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def reload(self) -> None:
        """Read the certificate again."""
        self.process.send_signal(signal.SIGHUP)
