"""Mailboxes behind Debian's Exim, which puts off and refuses mail, and is killed in the middle of what it does."""

from __future__ import annotations

import email
import mailbox
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from email.message import Message
from email.policy import default
from pathlib import Path
from tempfile import TemporaryDirectory

from satark.services import Services
from satark.testing.peers.mail import Exim, self_signed
from satark_torture.mail import Mail
from satark_torture.targets import Effect

RESTART_EVERY = 10
"""Every so many kills of a process the mail server is killed as well."""
FIRST_RESTART = 3


class EximMail(Mail):
    """E-mail, by a server in no language of ours."""

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        super().__init__(seed, faulty=faulty, folder=folder)
        self.restarts = 0
        self._kills = 0
        self._exim: Exim

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's section."""
        whole = super().settings
        own = {"HOST": "localhost", "PORT": str(self._exim.port), "TLS": "starttls", "CA_FILE": str(self._certificate)}
        return {**whole, **{f"SATARK_EMAIL__{name}": value for name, value in own.items()}}

    @property
    def is_quiet(self) -> bool:
        """Whether every mail that was taken lies in a mailbox."""
        return not self._exim.queued()

    @property
    def effects(self) -> Sequence[Effect]:
        """Every mail in the mailbox, in the order in which the server took them."""
        box = mailbox.mbox(self._exim.mailbox)
        mails = [email.message_from_bytes(box.get_bytes(key), policy=default) for key in box.keys()]  # noqa: SIM118
        box.close()
        whole = [mail for mail in mails if mail["Message-ID"]]  # a killed delivery leaves a piece, and is done again
        return [
            Effect(mail["Message-ID"], f"email:{str(mail['Envelope-to']).partition('@')[0]}")
            for mail in sorted(whole, key=_taken)
        ]

    @asynccontextmanager
    async def running(self, services: Services, desk_url: str) -> AsyncIterator[None]:
        """Start the server."""
        del services, desk_url
        with TemporaryDirectory(prefix="satark-exim-") as name:
            folder = Path(name)
            folder.chmod(0o711)  # noqa: ASYNC240 - as root the server runs as another user
            certificate = self_signed(folder)
            self._certificate = certificate.certificate
            self._exim = Exim(folder / "exim", certificate)
            async with self._exim.running():
                (self._exim.folder / "faulty").touch()
                yield

    async def disturb(self) -> None:
        """Kill the server now and then, and start it again."""
        self._kills += 1
        if self._kills % RESTART_EVERY == FIRST_RESTART:
            await self._exim.kill()
            await self._exim.start()
            self.restarts += 1

    def mend(self) -> None:
        """Take everything from now on."""
        (self._exim.folder / "faulty").unlink(missing_ok=True)


def _taken(mail: Message) -> tuple[str, str]:
    """When Exim took a mail: its own id of it is the second, the process and the part of the second, in base 62."""
    second, _, part = str(mail["Received"]).partition("id ")[2].split()[0].rstrip(";").split("-")
    return second, part
