"""The sink keeps the contract; what officers see is read from its mails with GnuPG."""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from satark.api.routing import DestinationRule
from satark.api.sealing import new_identity
from satark_email.openpgp import load_certificates
from satark_email.sink import EmailSink
from satark_testing.contracts.sink import KINDS, SinkCase, check_sink, sample_context
from support.peers.gnupg import Keyring
from support.peers.mail import MailPeer, mail_server
from support.peers.pgp_mail import open_mail

pytestmark = [pytest.mark.needs("gpg"), pytest.mark.full("GnuPG opens a hundred mails")]

SHOWN = {"number", "answer", "message", "caption", "file", "due", "lost", "unsent", "withheld"}
LISTS = {
    "number": "Tip number",
    "answer count": "count",
    "answer seen": "seen",
    "answer since": "since",
    "withheld": "The tipster's voice: it never leaves the desk",
    "unsent": "See at the desk (too large, or no clean copy could be made)",
    "due": "Files still being fetched (they will be sent later)",
    "lost": "Files that could not be fetched",
}


def unpack(held: Any) -> dict[str, bytes]:
    """Return what officers see: the text as a whole for each of its parts."""
    text, files = held
    found = {name: re.search(f"^{re.escape(label)}: (.+)$", text, re.MULTILINE) for name, label in LISTS.items()}
    parts = {name: one[1].replace(",", "").strip().encode() for name, one in found.items() if one}
    told = [
        "answer what",
        "answer place",
        "answer who",
        *(f"message {number + 1}" for number in range(text.count("\n- "))),
    ]
    told += [f"caption {number}" for number in files]
    return parts | dict.fromkeys(told, text.encode()) | {f"file {number}": one for number, one in files.items()}


class Mailbox:
    """The recipient's mails, each opened once."""

    def __init__(self, peer: MailPeer, keyring: Keyring) -> None:
        self._peer, self._keyring = peer, keyring
        self._thread = ThreadPoolExecutor(1)  # gpg would block the event loop that the kit watches
        self._opened: dict[bytes, tuple[str, tuple[str, dict[str, bytes]]]] = {}

    def held(self) -> dict[str, object]:
        return dict(map(self._open, self._peer.received))

    def _open(self, mail: Any) -> tuple[str, object]:
        if mail.content not in self._opened:
            outer = email.message_from_bytes(mail.content, policy=default)
            if outer.get_content_type() == "multipart/encrypted":
                inner = self._thread.submit(open_mail, self._keyring, outer).result()
                text = inner.get_body(("plain",)).get_payload(decode=True).decode().replace("\r\n", "\n")
                named = ((str(one.get_filename()).partition(".")[0], one) for one in inner.iter_attachments())
                shown = text, {name: one.get_payload(decode=True) for name, one in named}
            else:  # an alarm
                shown = str(outer), {}
            self._opened[mail.content] = str(outer["Message-ID"]), shown
        return self._opened[mail.content]


async def test_the_sink_keeps_the_contract(
    office: Any, peer: MailPeer, keys: Path, keyring: Keyring, tmp_path: Path
) -> None:
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # the peer's, which names each line
    recipient, identity = new_identity()
    context: Any = sample_context(identity)
    context.destination_rules = [DestinationRule(to="email:cell", desk="sp")]
    mails = Mailbox(peer, keyring)
    async with mail_server(peer, office.certificate):
        port = peer.port
        sink = EmailSink(context, office.settings(port), {"cell": load_certificates(keys)})

        @contextmanager
        def unreachable() -> Iterator[None]:
            sink._smtp._settings = office.settings(1)
            yield
            sink._smtp._settings = office.settings(port)

        (tmp_path / "files").mkdir()
        await check_sink(
            SinkCase(
                sink=sink,
                folder=tmp_path / "files",
                held=mails.held,
                name="cell",
                recipient=recipient,
                unreachable=unreachable,
                unpack=unpack,
                omits=(KINDS - SHOWN) | {"answers"},
                replaces=False,
            )
        )
