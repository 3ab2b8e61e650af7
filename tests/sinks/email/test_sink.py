"""Mails to a server with planted faults, and to Debian's Exim. GnuPG decrypts the mails."""

from __future__ import annotations

import email
import mailbox
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from satark.api.sink import DeadLetter, Done
from satark.api.tip import Message as TipMessage
from satark.store import deliveries
from satark_email import mime
from satark_testing.waiting import until
from support.peers.exim import Exim
from support.peers.gnupg import Keyring
from support.peers.mail import Certificate, MailPeer, Received, mail_server
from support.peers.pgp_mail import open_mail
from support.tips import seed_file, seed_message

SECRET = "कच्ची शराब बन रही है"


def parsed(mail: Received) -> Any:
    return email.message_from_bytes(mail.content, policy=default)


@pytest.mark.needs("gpg")
async def test_gpg_decrypts_the_mail_and_its_evidence_and_the_outside_reveals_nothing(
    office: Any, peer: MailPeer, keys: Path, keyring: Keyring
) -> None:
    seeded = office.seed_tip(office.cell, category="ARMS", evidence=("1", "2", "3"))
    seed_file(office.services, seeded, "1", b"original", b"clean picture")
    seed_file(office.services, seeded, "2", b"spoken", b"spoken, clean", kind="voice", mime="audio/ogg")
    seed_file(office.services, seeded, "3", b"unknown", mime="application/x-unknown")
    seed_message(office.services, seeded, TipMessage(sender="tipster", text="वह अब भी वहीं है"))
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port), keys) as sink:
        (delivery,) = office.claim("email:cell")
        assert await sink.deliver(delivery) == Done()
    (mail,) = peer.received
    assert (mail.encrypted, mail.recipients) == (True, ("cell@up.example",))
    for secret in (SECRET.encode(), seeded.number.encode(), b"clean picture", b"ARMS", b"arms"):
        assert secret not in mail.content
    outer = parsed(mail)
    assert outer["Subject"] == mime.SUBJECT
    inner = open_mail(keyring, outer)
    assert inner["Subject"] == f"Satark {seeded.number}: Illegal arms"
    assert inner.get_param("protected-headers") == "v1"
    text = inner.get_body(("plain",)).get_content()
    assert SECRET in text
    assert "वह अब भी वहीं है" in text
    assert "Files attached: 1.jpeg" in text.replace("1.jpg", "1.jpeg")
    assert "voice: it never leaves the desk: 2" in text
    assert "See at the desk (too large, or no clean copy could be made): 3" in text
    (attachment,) = inner.iter_attachments()
    assert attachment.get_payload(decode=True) == b"clean picture"
    assert b"spoken" not in inner.as_bytes()


async def test_a_repeated_mail_has_the_same_message_id(office: Any, peer: MailPeer) -> None:
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        (delivery,) = office.claim("email:notification")
        for _ in range(2):
            assert await sink.deliver(delivery) == Done()
    first, second = (parsed(mail)["Message-ID"] for mail in peer.received)
    assert first == second
    assert delivery.idempotency_key not in first


@pytest.mark.needs("gpg")
async def test_a_tip_too_large_for_a_mail_leaves_its_files_at_the_desk(
    office: Any, peer: MailPeer, keys: Path, keyring: Keyring
) -> None:
    seeded = office.seed_tip(office.cell, evidence=("1", "2"))
    seed_file(office.services, seeded, "1", b"o", b"x" * 90_000)
    seed_file(office.services, seeded, "2", b"o", b"small")
    async with mail_server(peer, office.certificate):
        settings = office.settings(peer.port, max_bytes=150_000)
        async with office.sink(settings, keys) as sink:
            assert await sink.deliver(office.claim("email:cell")[0]) == Done()
            office.seed_tip(office.cell, answers={"what": "".join(map(chr, range(0x4E00, 0x9E00))) * 3})
            assert await sink.deliver(office.claim("email:cell")[0]) == Done()
    inner = open_mail(keyring, parsed(peer.received[0]))
    assert [part.get_payload(decode=True) for part in inner.iter_attachments()] == [b"small"]
    assert "could be made): 1" in inner.get_body(("plain",)).get_content()
    pointer = parsed(peer.received[1]).get_content().replace("\r\n", "\n")
    assert pointer == mime.notification_text("en"), "not even the text fits: look at the desk"


async def test_an_alarm_says_what_is_wrong_and_nothing_else(office: Any, peer: MailPeer) -> None:
    office.services.write_now(lambda unit: deliveries.add(unit, "alarm:500000", "email:operator"))
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        (delivery,) = office.claim("email:operator")
        assert await sink.deliver(structs.replace(delivery, alarm="disk_full: make room")) == Done()
    assert peer.received[0].recipients == ("operator@up.example",)
    assert parsed(peer.received[0]).get_content().replace("\r\n", "\n") == "disk_full: make room\n"


async def test_a_destination_without_addresses_is_a_dead_letter(office: Any) -> None:
    office.services.write_now(lambda unit: deliveries.add(unit, "alarm:1", "email:nobody"))
    async with office.sink(office.settings(1)) as sink:
        assert isinstance(await sink.deliver(office.claim("email:nobody")[0]), DeadLetter)


@pytest.mark.needs("exim", "gpg")
async def test_debians_exim_accepts_the_mail_and_gpg_decrypts_it_from_the_mailbox(
    office: Any, keys: Path, keyring: Keyring, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = Path(tmp_path_factory.mktemp("exim"))
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)  # Exim's own user must reach it
    for parent in (certificate.key.parent, *certificate.key.parent.parents[:3]):
        parent.chmod(parent.stat().st_mode | 0o011)
    seeded = office.seed_tip(office.cell, evidence=("1",))
    seed_file(office.services, seeded, "1", b"original", b"clean picture" * 40_000)
    async with Exim(folder, certificate).running() as exim:
        settings = office.settings(exim.port)
        async with office.sink(settings, keys) as sink:
            assert await sink.deliver(office.claim("email:cell")[0]) == Done()
            await until(lambda: exim.mailbox.exists() and exim.mailbox.stat().st_size > 500_000)
            office.seed_tip(office.notification)
            refused = settings.model_copy(update={"recipients": ("nobody@localhost",)})
            async with office.sink(refused) as strict:
                result = await strict.deliver(office.claim("email:notification")[0])
                assert result == DeadLetter("1 of 1 recipients refused: 550")
        box = mailbox.mbox(exim.mailbox, factory=None)
        (stored,) = (box.get_bytes(key) for key in box.keys())  # noqa: SIM118 - iterating a mailbox gives messages
        box.close()
    outer = email.message_from_bytes(stored, policy=default)
    inner = open_mail(keyring, outer)
    assert SECRET in inner.get_body(("plain",)).get_content()
    assert [part.get_payload(decode=True) for part in inner.iter_attachments()] == [b"clean picture" * 40_000]
