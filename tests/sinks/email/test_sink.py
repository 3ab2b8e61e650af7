"""Mails to a server with planted faults, and to Debian's Exim. GnuPG decrypts the mails."""

from __future__ import annotations

import email
import mailbox
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from msgspec import structs

from satark.api import egress
from satark.api.sink import DeadLetter, Done, Retry
from satark.api.tip import Message as TipMessage
from satark.store import deliveries
from satark_email import mime
from satark_testing.processes.service import free_port
from satark_testing.waiting import until
from support.peers.connect_proxy import ConnectProxy
from support.peers.exim import Exim
from support.peers.gnupg import Keyring
from support.peers.mail import Certificate, MailPeer, Received, mail_server, self_signed
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


async def test_an_alarm_says_only_what_is_wrong(office: Any, peer: MailPeer) -> None:
    office.services.write_now(lambda unit: deliveries.add(unit, "alarm:500000", "email:operator"))
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        (delivery,) = office.claim("email:operator")
        assert await sink.deliver(structs.replace(delivery, alarm="disk_full: make room")) == Done()
    assert peer.received[0].recipients == ("operator@up.example",)
    assert parsed(peer.received[0]).get_content().replace("\r\n", "\n") == "disk_full: make room\n"


async def test_a_mail_arrives_encrypted_through_a_proxy(
    office: Any, peer: MailPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.services.write_now(lambda unit: deliveries.add(unit, "alarm:1", "email:operator"))
    async with (
        ConnectProxy().running() as proxy,
        mail_server(peer, office.certificate),
        office.sink(office.settings(peer.port)) as sink,
    ):
        monkeypatch.setattr(egress, "_proxy", urlsplit(proxy.url))
        (delivery,) = office.claim("email:operator")
        assert await sink.deliver(structs.replace(delivery, alarm="disk_full: make room")) == Done()
        assert proxy.targets == [f"localhost:{peer.port}"]
    assert len(peer.received) == 1


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


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ("451 later", Retry("SMTPDataError 451")),
        ("552 too large", DeadLetter("the mail was refused: 552")),
        ("554 spam", DeadLetter("the mail was refused: 554")),
        ("421 shutting down", Retry("SMTPDataError 421", down=True)),
        ("cut", Retry("SMTPServerDisconnected")),
    ],
)
async def test_the_servers_reply_decides_the_result(fault: str, result: Any, office: Any, peer: MailPeer) -> None:
    peer.faults.append(fault)
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        found = await sink.deliver(office.claim("email:notification")[0])
    if fault == "cut":
        assert isinstance(found, Retry)
        assert not found.down
    else:
        assert found == result
    assert peer.received == []


@pytest.mark.parametrize(
    ("refused", "result"),
    [
        (
            {"sp@up.example": "550 no", "reader@up.example": "551 no"},
            DeadLetter("2 of 2 recipients refused: 550, 551"),
        ),
        ({"sp@up.example": "550 no", "reader@up.example": "450 busy"}, Retry("2 of 2 recipients refused: 450, 550")),
    ],
)
async def test_the_reason_for_refused_recipients_holds_codes_and_no_address(
    refused: dict[str, str], result: Any, office: Any, peer: MailPeer
) -> None:
    peer.refused = refused
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        assert await sink.deliver(office.claim("email:notification")[0]) == result


async def test_a_greylisted_recipient_gets_the_mail_later_and_nobody_gets_it_twice(office: Any, peer: MailPeer) -> None:
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    reasons = []
    async with mail_server(peer, office.certificate), office.sink(office.settings(peer.port)) as sink:
        for fault in ({"reader@up.example": "451 greylisted"}, {"reader@up.example": "550 no"}):
            peer.refused = fault
            result = await sink.deliver(delivery)
            reasons.append((type(result), result.reason.partition(";")[0]))
            delivery = msgspec.structs.replace(delivery, last_reason=result.reason)
        peer.refused = {}
        peer.faults.append("451 later")
        broken = await sink.deliver(delivery)
        delivery = msgspec.structs.replace(delivery, last_reason=f"given up after 60 attempts: {broken.reason}")
        assert await sink.deliver(delivery) == Done()
    assert reasons == [(Retry, "1 of 2 recipients refused: 451"), (DeadLetter, "1 of 2 recipients refused: 550")]
    assert [mail.recipients for mail in peer.received] == [("sp@up.example",), ("reader@up.example",)]


@pytest.mark.slow("several servers")
async def test_a_server_that_hangs_or_is_absent_is_retried(office: Any, peer: MailPeer) -> None:
    peer.faults.append("hang")
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    settings = office.settings(1, timeout_seconds=0.3)
    async with mail_server(peer, office.certificate):
        there = settings.model_copy(update={"port": peer.port})
        async with office.sink(there) as sink:
            result = await sink.deliver(delivery)
            assert (type(result), result.down) == (Retry, False)
    async with office.sink(settings.model_copy(update={"port": free_port()})) as sink:
        result = await sink.deliver(delivery)
        assert (type(result), result.down) == (Retry, True)


async def test_no_mail_is_sent_without_an_encrypted_connection_to_the_right_server(
    office: Any, peer: MailPeer, tmp_path: Path
) -> None:
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    async with mail_server(peer, None), office.sink(office.settings(peer.port, tls="starttls")) as sink:
        result = await sink.deliver(delivery)
        assert (type(result), result.down) == (Retry, True), "STARTTLS is not offered"
    stranger, other = MailPeer(), self_signed(tmp_path, host="somebody.else")
    for certificate, trusted in ((office.certificate, None), (other, other.certificate)):
        async with mail_server(stranger, certificate):
            settings = office.settings(stranger.port, ca_file=trusted)
            async with office.sink(settings) as sink:
                result = await sink.deliver(delivery)
                assert (type(result), result.down) == (Retry, True), "its certificate is not trusted, or another's"
    assert peer.received + stranger.received == []


async def test_only_a_local_server_may_lack_starttls_and_the_client_uses_it_if_offered(
    office: Any, peer: MailPeer
) -> None:
    office.seed_tip(office.notification)
    (delivery,) = office.claim("email:notification")
    async with mail_server(peer, None), office.sink(office.settings(peer.port)) as sink:
        assert await sink.deliver(delivery) == Done()
    other = MailPeer()
    async with mail_server(other, office.certificate), office.sink(office.settings(other.port)) as sink:
        assert await sink.deliver(delivery) == Done()
    assert [mail.encrypted for mail in peer.received + other.received] == [False, True]
    assert office.settings(25, host="mail.example").start_tls is True


@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_the_client_authenticates_over_tls(password: str, office: Any, peer: MailPeer, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("right\n")
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate, password=password):
        settings = office.settings(peer.port, username="satark", password_file=file)
        async with office.sink(settings) as sink:
            result = await sink.deliver(office.claim("email:notification")[0])
    if password == "right":
        assert result == Done()
    else:
        assert result == Retry("SMTPAuthenticationError 535", down=True)


async def test_the_client_uses_implicit_tls_if_configured(office: Any, peer: MailPeer) -> None:
    office.seed_tip(office.notification)
    async with mail_server(peer, office.certificate, tls=True):
        settings = office.settings(peer.port, tls="tls")
        async with office.sink(settings) as sink:
            assert await sink.deliver(office.claim("email:notification")[0]) == Done()
