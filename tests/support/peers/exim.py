"""Runs Debian's mail server, Exim, in a separate folder."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from satark_testing.processes.service import free_port
from satark_testing.waiting import limit
from support.peers.mail import Certificate

EXIM_USER = "Debian-exim"

_EXIM = """
exim_user = {user}
exim_group = {group}
keep_environment =
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
primary_hostname = localhost
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
message_size_limit = 30M
never_users =
begin acl
rcpt:
  deny message = no such user
       local_parts = nobody
  defer message = later
        condition = ${{if and{{{{exists{{{folder}/faulty}}}}{{<{{${{randint:100}}}}{{10}}}}}}}}
  deny message = not now
       condition = ${{if and{{{{exists{{{folder}/faulty}}}}{{<{{${{randint:100}}}}{{5}}}}}}}}
  accept
begin routers
gone:
  driver = redirect
  local_parts = gone
  allow_fail
  data = :fail: not here any more
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {folder}/mail/box
  envelope_to_add
  use_lockfile = false
  lock_fcntl_timeout = 30s
  user = {user}
  mode = 0600
begin retry
* * F,1h,1s
"""


class Exim:
    """Exim in a folder of its own: it accepts mail for everybody but `nobody`, and appends it to one mailbox (mbox).

    Mail for `gone` is accepted and bounces; the bounce lies in the mailbox too.

    Its files outlive `kill` (the kernel's locks don't): it delivers what it had accepted after the next `start`. While
    a file `faulty` lies in the folder, it defers one recipient in ten and refuses one in twenty.
    """

    def __init__(self, folder: Path, certificate: Certificate) -> None:
        self.folder = folder
        self.port = free_port()
        self._certificate = certificate
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def mailbox(self) -> Path:
        """The mailbox file."""
        return self.folder / "mail" / "box"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Exim]:
        """Run the mail server during the block.

        Raises:
            TimeoutError: the server does not start.
        """
        await asyncio.to_thread(self._configure)
        await self.start()
        try:
            yield self
        finally:
            await self._end(signal.SIGTERM)

    async def start(self) -> None:
        """Start the server, and wait until it accepts connections.

        Raises:
            TimeoutError: the server does not start.
        """
        command = ["/usr/sbin/exim4", "-C", str(self.folder / "exim.conf"), "-bdf", "-q5s"]
        self._daemon = subprocess.Popen(  # noqa: ASYNC220 - our own command
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with limit():
            while not self._answers():  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.05)

    def queued(self) -> int:
        """Return the number of accepted mails that are not in the mailbox yet. Blocks."""
        command = ["/usr/sbin/exim4", "-C", str(self.folder / "exim.conf"), "-bpc"]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    async def kill(self) -> None:
        """Kill the server (SIGKILL) with all its processes."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> None:
        if self._daemon is not None:
            os.killpg(self._daemon.pid, how)
            await asyncio.to_thread(self._daemon.wait)

    def _configure(self) -> None:
        account = pwd.getpwnam(EXIM_USER) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        for part in (self.folder, *(self.folder / name for name in ("spool", "mail", "log"))):
            part.mkdir(exist_ok=True)
            os.chown(part, account.pw_uid, account.pw_gid)
        os.chown(self._certificate.key, account.pw_uid, account.pw_gid)
        values = {"user": account.pw_name, "group": account.pw_gid, "folder": self.folder, "port": self.port}
        certificate, key = self._certificate
        (self.folder / "exim.conf").write_text(_EXIM.format(**values, certificate=certificate, key=key))

    def _answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0
