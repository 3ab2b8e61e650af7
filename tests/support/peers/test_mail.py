"""A simulated mail server accepts mails over an encrypted connection, and fails on demand."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from pathlib import Path

import pytest

from support.peers.mail import Certificate, MailPeer, mail_server, self_signed


def send(port: int, certificate: Certificate | None, *to: str) -> None:
    """Send a mail as a mail program does; blocks."""
    with smtplib.SMTP("localhost", port) as client:
        if certificate is not None:
            client.starttls(context=ssl.create_default_context(cafile=str(certificate.certificate)))
        client.sendmail("a@tips.test", list(to), b"Subject: Hi\r\n\r\nwords\r\n")


async def test_a_mail_arrives_over_tls_without_the_refused_recipient(tmp_path: Path) -> None:
    peer, certificate = MailPeer(), self_signed(tmp_path)
    peer.refused["nobody@up.test"] = "550 no such user"
    async with mail_server(peer, certificate):
        await asyncio.to_thread(send, peer.port, certificate, "cell@up.test", "nobody@up.test")
    [mail] = peer.received
    assert (mail.recipients, mail.encrypted) == (("cell@up.test",), True)
    assert mail.content.endswith(b"words\r\n")


async def test_a_fault_applies_to_the_next_mail_only() -> None:
    peer = MailPeer()
    peer.faults += ["451 later", "cut"]
    async with mail_server(peer, None):
        with pytest.raises(smtplib.SMTPDataError, match="later"):
            await asyncio.to_thread(send, peer.port, None, "cell@up.test")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            await asyncio.to_thread(send, peer.port, None, "cell@up.test")
        await asyncio.to_thread(send, peer.port, None, "cell@up.test")
    assert (len(peer.received), len(peer.cut)) == (1, 1)
