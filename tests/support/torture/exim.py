"""Mailboxes behind Debian's Exim, which defers and refuses mail and is killed at random moments."""

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
from support.peers.exim import Exim
from support.peers.mail import self_signed
from support.torture.mail import Mailboxes
from support.torture.targets import Effect

RESTART_EVERY = 10
"""The mail server is killed once per so many kills of a process."""
FIRST_RESTART = 3


class EximMailboxes(Mailboxes):
    """E-mail through a real mail server."""

    def __init__(self, seed: int, *, faulty: float, folder: Path) -> None:
        super().__init__(seed, faulty=faulty, folder=folder)
        self.restarts = 0
        self._kills = 0
        self._exim: Exim

    @property
    def settings(self) -> Mapping[str, str]:
        """The plugin's settings."""
        settings = super().settings
        own = {"HOST": "localhost", "PORT": str(self._exim.port), "TLS": "starttls", "CA_FILE": str(self._certificate)}
        return {**settings, **{f"SATARK_EMAIL__{name}": value for name, value in own.items()}}

    @property
    def is_idle(self) -> bool:
        """Whether every accepted mail is in a mailbox."""
        return not self._exim.queued()

    @property
    def effects(self) -> Sequence[Effect]:
        """Every mail in the mailbox, in the order in which the server accepted them."""
        box = mailbox.mbox(self._exim.mailbox)
        mails = [email.message_from_bytes(box.get_bytes(key), policy=default) for key in box.keys()]  # noqa: SIM118
        box.close()
        complete = [mail for mail in mails if mail["Message-ID"]]  # a killed delivery leaves a fragment and is repeated
        return [
            Effect(mail["Message-ID"], f"email:{str(mail['Envelope-to']).partition('@')[0]}")
            for mail in sorted(complete, key=_accepted)
        ]

    @asynccontextmanager
    async def running(self, services: Services, desk_url: str) -> AsyncIterator[None]:
        """Start the mail server."""
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

    async def interrupt(self) -> None:
        """Kill and restart the mail server once per so many calls."""
        self._kills += 1
        if self._kills % RESTART_EVERY == FIRST_RESTART:
            await self._exim.kill()
            await self._exim.start()
            self.restarts += 1

    def stop_faults(self) -> None:
        """Accept all mail from now on."""
        (self._exim.folder / "faulty").unlink(missing_ok=True)


def _accepted(mail: Message) -> tuple[str, str]:
    """Return when Exim accepted a mail.

    Its id holds the second, the process and the fraction of the second, in base 62.
    """
    second, _, part = str(mail["Received"]).partition("id ")[2].split()[0].rstrip(";").split("-")
    return second, part
